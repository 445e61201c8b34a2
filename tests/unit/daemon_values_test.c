// SPDX-License-Identifier: MIT
#include "daemon/values_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/arena.h"
#include "base/mem.h"
#include "daemon/devices_json.h"
#include "registers/block.h"
#include "registers/formula.h"
#include "support/plain_point.h"

enum { DEVICES = 3, POINTS = 1500, NOW_MS = 100000 };

// Devices of one map: "power", then properties enough to fill a slice with two devices.
struct world {
    struct arena *arena;
    const struct plan *plan;
    struct point points[POINTS];
    char keys[POINTS][16];
    struct argument argument;
    struct command command;
    struct alert alert;
    struct map map;
    struct bus_settings bus;
    struct device devices[DEVICES];
    struct site site;
    struct feed feeds[DEVICES];
    struct values_view view;
};

static void drop(void *context, const struct device *device, enum topic_kind kind,
                 char *payload, int64_t at_ms)
{
    (void)context, (void)device, (void)kind, (void)at_ms;
    free(payload);
}

static const struct feed_outlet nowhere = {NULL, drop};

static void set_point(struct world *world, size_t index)
{
    (void)snprintf(world->keys[index], sizeof world->keys[index], "entry_%zu", index);
    world->points[index] = (struct point){
        .key = world->keys[index],
        .section = SECTION_PROPERTIES,
        .source = SOURCE_WORDS,
        .table = TABLE_HOLDING,
        .address = (uint16_t)(index * 10),
        .word_count = 1,
        .type = TYPE_U16,
        .access = ACCESS_READ,
        .decimals = DECIMALS_SHORTEST,
        .publish = PUBLISH_INTEGER,
        .every_ms = 1000,
        PLAIN_POINT,
    };
}

static void set_map(struct world *world)
{
    struct value most = value_integer(100);
    for (size_t i = 0; i < POINTS; i++)
        set_point(world, i);
    world->points[0].key = "power";
    world->points[0].section = SECTION_TELEMETRY;
    world->points[0].unit = "W";
    world->points[2].section = SECTION_REGISTERS;
    world->argument = (struct argument){
        .key = "power_limit",
        .unit = "%",
        .type = ARGUMENT_INTEGER,
        .max = formula_constant(world->arena, &most),
        .required = true,
        .target = NO_INDEX,
    };
    world->command = (struct command){
        .key = "limit_power",
        .arguments = &world->argument,
        .argument_count = 1,
        .has_confirmation = true,
        .confirmation_severity = SEVERITY_WARNING,
        .confirmation_title = "Really?",
    };
    world->alert = (struct alert){
        .key = "hot",
        .kind = ALERT_CODE,
        .code = 5000,
        .code_high = 6000,
        .severity = SEVERITY_ERROR,
        .display_name = "Too hot",
    };
    world->map = (struct map){
        .name = "sun",
        .vendor = "Acme",
        .points = world->points,
        .point_count = POINTS,
        .alerts = &world->alert,
        .alert_count = 1,
        .commands = &world->command,
        .command_count = 1,
    };
}

static int setup(void **state)
{
    static const char *const names[DEVICES] = {"one", "two", "three"};
    struct world *world = mem_new(1, sizeof *world);
    world->arena = arena_new();
    set_map(world);
    world->bus = (struct bus_settings){.name = "roof"};
    struct modbus_settings modbus = {.max_registers = 1, .timeout_ms = 500};
    struct plan_request planning = {.map = &world->map, .modbus = &modbus};
    world->plan = block_plan(world->arena, &planning);
    for (size_t i = 0; i < DEVICES; i++) {
        world->devices[i] = (struct device){
            .name = names[i], .map = &world->map, .modbus = modbus, .unit_id = 4};
        feed_init(&world->feeds[i], &world->site, &world->devices[i]);
    }
    world->site = (struct site){
        .publish_interval_ms = 1000,
        .buses = &world->bus,
        .bus_count = 1,
        .devices = world->devices,
        .device_count = DEVICES,
    };
    world->view = (struct values_view){
        .site = &world->site,
        .feeds = world->feeds,
        .generation = 7,
        .findings = "a.yaml:1:2: warning: x\na.yaml:3:4: warning: y\n",
        .now_ms = NOW_MS,
    };
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < DEVICES; i++)
        feed_done(&world->feeds[i]);
    arena_free(world->arena);
    free(world);
    return 0;
}

static void take(struct world *world, size_t block, enum fault fault, uint16_t word,
                 int64_t at_ms)
{
    struct reading reading = {
        .block = &world->plan->blocks[block],
        .fault = fault,
        .exception = 2,
        .word_count = 1,
        .monotonic_ms = at_ms,
        .wall_ms = at_ms,
        .words = {word},
    };
    feed_take_reading(&world->feeds[0], &reading, &nowhere);
}

static json_t *ask(char *(*describe)(const struct values_view *view, size_t first),
                   const struct world *world, size_t first)
{
    char *text = describe(&world->view, first);
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    free(text);
    return json;
}

// Compares a part of an answer with its text; frees nothing.
static void assert_part(json_t *part, const char *expected)
{
    assert_non_null(part);
    char *text = json_dumps(part, JSON_COMPACT | JSON_ENCODE_ANY);
    assert_string_equal(text, expected);
    free(text);
}

static json_t *device_of(json_t *answer, size_t index)
{
    return json_array_get(json_object_get(answer, "devices"), index);
}

static void says_values_with_age_and_fault(void **state)
{
    struct world *world = *state;
    feed_take_health(&world->feeds[0], HEALTH_ONLINE, NOW_MS, NOW_MS, &nowhere);
    take(world, 0, FAULT_NONE, 5000, NOW_MS - 250);
    take(world, 1, FAULT_EXCEPTION, 0, NOW_MS - 100);
    json_t *answer = ask(values_json, world, 0);
    json_t *device = device_of(answer, 0);
    json_t *values = json_object_get(device, "values");
    assert_part(json_object_get(answer, "generation"), "7");
    assert_part(json_object_get(device, "device"), "\"one\"");
    assert_part(json_object_get(device, "health"), "\"online\"");
    assert_part(json_object_get(device, "alerts"), "[\"hot\"]");
    assert_part(json_object_get(values, "power"), "{\"value\":5000,\"age_ms\":250}");
    assert_part(json_object_get(values, "entry_1"), "{\"fault\":\"illegal data address\"}");
    assert_null(json_object_get(values, "entry_2")); // it is not published
    assert_part(json_object_get(values, "entry_3"), "{}");
    json_decref(answer);
}

static void an_offline_device_has_unknown_alerts(void **state)
{
    struct world *world = *state;
    take(world, 0, FAULT_NONE, 5000, NOW_MS - 90000);
    feed_take_health(&world->feeds[0], HEALTH_OFFLINE, NOW_MS, NOW_MS, &nowhere);
    json_t *answer = ask(values_json, world, 0);
    json_t *device = device_of(answer, 0);
    assert_part(json_object_get(device, "health"), "\"offline\"");
    assert_part(json_object_get(device, "alerts"), "null");
    assert_part(json_object_get(json_object_get(device, "values"), "power"),
                "{\"age_ms\":90000}");
    json_decref(answer);
}

static void large_sites_come_in_slices(void **state)
{
    struct world *world = *state;
    char *(*const describe[])(const struct values_view *, size_t) = {values_json, devices_json};
    for (size_t i = 0; i < ARRAY_LENGTH(describe); i++) {
        json_t *answer = ask(describe[i], world, 0);
        assert_int_equal(json_array_size(json_object_get(answer, "devices")), 2);
        assert_part(json_object_get(answer, "next"), "2");
        json_decref(answer);
        answer = ask(describe[i], world, 2);
        assert_part(json_object_get(device_of(answer, 0), "device"), "\"three\"");
        assert_null(json_object_get(answer, "next"));
        json_decref(answer);
        answer = ask(describe[i], world, DEVICES);
        assert_part(json_object_get(answer, "devices"), "[]");
        json_decref(answer);
    }
}

static void says_what_the_devices_are(void **state)
{
    struct world *world = *state;
    json_t *answer = ask(devices_json, world, 0);
    json_t *device = device_of(answer, 0);
    json_t *entries = json_object_get(device, "entries");
    assert_part(json_object_get(device, "bus"), "\"roof\"");
    assert_part(json_object_get(answer, "findings"),
                "[\"a.yaml:1:2: warning: x\",\"a.yaml:3:4: warning: y\"]");
    assert_part(json_object_get(device, "unit"), "4");
    assert_part(json_object_get(device, "vendor"), "\"Acme\"");
    assert_null(json_object_get(device, "model"));
    assert_int_equal(json_array_size(entries), POINTS - 1);
    assert_part(json_array_get(entries, 0),
                "{\"key\":\"power\",\"display_name\":\"Power\",\"section\":\"telemetry\","
                "\"unit\":\"W\",\"every_ms\":1000}");
    assert_part(json_object_get(device, "alerts"),
                "[{\"key\":\"hot\",\"display_name\":\"Too hot\",\"severity\":\"error\"}]");
    assert_part(json_object_get(device, "commands"),
                "[{\"key\":\"limit_power\",\"display_name\":\"Limit Power\","
                "\"arguments\":[{\"key\":\"power_limit\",\"display_name\":\"Power Limit\","
                "\"type\":\"integer\",\"unit\":\"%\",\"required\":true,\"sensitive\":false,"
                "\"max\":100}],"
                "\"confirmation\":{\"severity\":\"warning\",\"title\":\"Really?\"}}]");
    json_decref(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(says_values_with_age_and_fault, setup, teardown),
        cmocka_unit_test_setup_teardown(an_offline_device_has_unknown_alerts, setup, teardown),
        cmocka_unit_test_setup_teardown(large_sites_come_in_slices, setup, teardown),
        cmocka_unit_test_setup_teardown(says_what_the_devices_are, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
