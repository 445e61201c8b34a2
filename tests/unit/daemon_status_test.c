// SPDX-License-Identifier: MIT
// Which buses are asked, and what the status says as JSON.
#include "daemon/status_json.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "daemon/control_request.h"

static const struct point points[] = {{.key = "mode"}, {.key = "limit", .wear = true}};
static const struct map map = {
    .name = "pump", .points = points, .point_count = ARRAY_LENGTH(points)};
static const struct bus_settings buses[] = {
    {.name = "cabinet", .transport = TRANSPORT_RTU, .path = "/dev/ttyUSB0", .baud = 9600},
    {.name = "remote", .transport = TRANSPORT_TCP, .host = "10.0.0.5", .port = 502},
};
static const struct device devices[] = {
    {.name = "one", .map = &map, .bus = 0, .unit_id = 4},
    {.name = "far", .map = &map, .bus = 1, .unit_id = 1},
    {.name = "two", .map = &map, .bus = 0, .unit_id = 7},
};
static const struct cloud_settings clouds[] = {
    {.name = "plant", .host = "mqtt.example.com", .port = 8883}};
static const struct site site = {
    .buses = buses,
    .bus_count = ARRAY_LENGTH(buses),
    .devices = devices,
    .device_count = ARRAY_LENGTH(devices),
    .clouds = clouds,
    .cloud_count = ARRAY_LENGTH(clouds),
};

static struct bus_status *answer_of(uint16_t bus, int64_t at_ms)
{
    struct bus_status *answer = bus_status_new(bus == 0 ? 2 : 1);
    answer->bus = bus;
    answer->at_ms = at_ms;
    answer->units[0].device = bus == 0 ? 0 : 1;
    if (bus == 0)
        answer->units[1].device = 2;
    return answer;
}

static void test_a_bus_is_asked_once_and_not_while_fresh(void **state)
{
    (void)state;
    struct board board;
    board_init(&board, 2);
    assert_true(board_wants(&board, 0, 10000));
    board_asked(&board, 0);
    assert_false(board_wants(&board, 0, 10000));
    assert_false(
        board_wants(&board, 0, 99999)); // it hangs: no second order is put into its queue
    assert_true(board_wants(&board, 1, 10000));
    assert_true(board_waits(&board));
    board_take(&board, answer_of(0, 10000));
    assert_false(board_waits(&board));
    assert_false(board_wants(&board, 0, 10000 + BOARD_FRESH_MS - 1));
    assert_true(board_wants(&board, 0, 10000 + BOARD_FRESH_MS));
    board_take(&board, answer_of(0, 20000)); // takes the place of the last one
    assert_int_equal(board.slots[0].latest->at_ms, 20000);
    board_done(&board);
}

// Of the device "far" two writes of one entry.
static void count_writes(struct wear *wear)
{
    static const struct wear_note note = {.device = 1, .point = 1};
    wear_init(wear, &site, NULL);
    wear_take(wear, &note);
    wear_take(wear, &note);
}

// The status as JSON at 100 s, with what `fill` does to it.
static json_t *status_with(void (*fill)(struct board *board, struct cloud_status *cloud,
                                        struct outbox_status *outbox))
{
    struct board board;
    struct wear wear;
    struct cloud_status cloud = {0};
    struct site_status status = {
        .site = &site,
        .path = "/etc/plant.yaml",
        .began_ms = 40000,
        .generation = 3,
        .generations = 2,
        .board = &board,
        .clouds = &cloud,
        .wear = &wear,
        .readings_displaced = 3,
        .now_ms = 100000,
        .wall_ms = 1700000000123,
    };
    board_init(&board, site.bus_count);
    count_writes(&wear);
    fill(&board, &cloud, &status.outbox);
    char *text = status_json(&status);
    assert_null(strchr(text, '\n'));
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    free(text);
    board_done(&board);
    wear_done(&wear);
    return json;
}

// Whether what is at a path such as "buses.0.link.state" prints as expected; NULL: is missing.
static void assert_at(const json_t *root, const char *path, const char *expected)
{
    const json_t *json = root;
    char step[64];
    for (int used = 0; json && sscanf(path, "%63[^.]%n", step, &used) == 1;
         path += *path == '.') {
        json = json_is_array(json) ? json_array_get(json, strtoul(step, NULL, 10))
                                   : json_object_get(json, step);
        path += used;
    }
    char *text =
        json ? json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15))
             : NULL;
    if (expected)
        assert_string_equal(text ? text : "(missing)", expected);
    else
        assert_null(text);
    free(text);
}

static void nothing_known(struct board *board, struct cloud_status *cloud,
                          struct outbox_status *outbox)
{
    (void)cloud;
    (void)outbox;
    board_asked(board, 0);
}

static void test_before_any_bus_has_answered(void **state)
{
    (void)state;
    json_t *json = status_with(nothing_known);
    assert_at(json, "version", "\"" MODBRIDGE_VERSION "\"");
    assert_at(json, "site", "\"/etc/plant.yaml\"");
    assert_at(json, "timestamp", "1700000000");
    assert_at(json, "running_ms", "60000");
    assert_at(json, "readings_displaced", "3");
    assert_at(json, "buses.0.place", "\"port /dev/ttyUSB0 at 9600 baud\"");
    assert_at(json, "buses.0.transport", "\"rtu\"");
    assert_at(json, "buses.0.stale", "true");
    assert_at(json, "buses.0.age_ms", NULL);
    assert_at(json, "buses.0.link", NULL);
    assert_at(json, "buses.0.units",
              "[{\"device\":\"one\",\"unit\":4,\"map\":\"pump\",\"wear\":[]},"
              "{\"device\":\"two\",\"unit\":7,\"map\":\"pump\",\"wear\":[]}]");
    assert_at(json, "buses.1.stale", "false");
    assert_at(json, "clouds.0.connected", "false");
    assert_at(json, "clouds.0.for_ms", NULL);
    assert_at(json, "clouds.0.retry_in_ms", NULL);
    assert_at(json, "outbox.oldest_age_ms", NULL);
    json_decref(json);
}

static void much_known(struct board *board, struct cloud_status *cloud,
                       struct outbox_status *outbox)
{
    struct bus_status *answer = answer_of(0, 99500);
    answer->link_since_ms = 50000;
    answer->link_opened = 3;
    answer->utilisation = 0.123456;
    answer->dead_share = 0.04567;
    answer->counters.foreign = 8;
    (void)snprintf(answer->link_text, sizeof answer->link_text, "no such port \xC3"); // cut
    struct unit_status *one = &answer->units[0];
    one->health = HEALTH_OFFLINE;
    one->health_fault = FAULT_TIMEOUT;
    one->health_since_ms = 90000;
    one->next_probe_ms = 101500;
    one->counters = (struct unit_counters){
        .requests = 9, .timeouts = 4, .missed = 2, .exceptions = {[0] = 1, [2] = 6}};
    one->fault = FAULT_EXCEPTION;
    one->exception = 2;
    one->fault_ms = 99000;
    one->response_mean_us = 12345;
    one->response_max_us = 40050;
    (void)snprintf(one->command, sizeof one->command, "open_valve");
    one->command_since_ms = 98000;
    one->commands_waiting = 2;
    one->hole_count = 20;
    one->holes[0] = (struct unit_refusal){
        {REFUSAL_RANGE, NO_INDEX, {TABLE_HOLDING, 100, 4, SUNSPEC_NONE}, 0, 2, false}, 10000};
    one->limit_count = 2;
    one->limits[0] = (struct unit_refusal){
        {REFUSAL_LENGTH, NO_INDEX, {TABLE_HOLDING, 0, 51, SUNSPEC_NONE}, 50, 3, false}, 10000};
    one->limits[1] = (struct unit_refusal){
        {REFUSAL_BORDER, 5, {TABLE_INPUT, 99, 2, SUNSPEC_NONE}, 100, 2, false}, 10000};
    answer->units[1].counters.missed = 5;
    one->missed_count = 9;
    one->missed[0] = (struct unit_missed){TABLE_HOLDING, 40, 3, SUNSPEC_NONE, 1000, 12};
    one->missed[1] = (struct unit_missed){TABLE_HOLDING, 2, 1, 1, 5000, 3};
    one->hold_count = 2;
    one->holds[0] = (struct unit_hold){"setpoint = 5 W", 112000, 2000, true};
    one->holds[1] = (struct unit_hold){"ramp = 1", 0, 0, false};
    board_take(board, answer);
    *cloud = (struct cloud_status){.since_ms = 70000,
                                   .retry_ms = 100250,
                                   .connects = 1,
                                   .failures = 2,
                                   .reason = "refused"};
    *outbox = (struct outbox_status){.messages = 12,
                                     .in_flight = 3,
                                     .bytes = 900,
                                     .oldest_ms = 91000,
                                     .dropped = 5,
                                     .lost = {[LOSS_FULL] = 3, [LOSS_OLD] = 2}};
}

static void test_all_that_is_known(void **state)
{
    (void)state;
    json_t *json = status_with(much_known);
    assert_at(json, "buses.0.age_ms", "500");
    assert_at(json, "buses.0.stale", "false");
    assert_at(json, "buses.0.link.state", "\"failed\"");
    assert_at(json, "buses.0.link.for_ms", "50000");
    assert_at(json, "buses.0.link.opened", "3");
    assert_at(json, "buses.0.utilisation", "0.1235");
    assert_at(json, "buses.0.missed", "7");
    assert_at(json, "buses.0.foreign", "8");
    assert_at(json, "buses.0.units.0.health",
              "{\"state\":\"offline\",\"for_ms\":10000,\"fault\":\"timeout\","
              "\"advice\":\"no answer: check power, cable and unit id\","
              "\"next_probe_in_ms\":1500}");
    assert_at(json, "buses.0.units.0.exceptions", "{\"other\":1,\"2\":6}");
    assert_at(json, "buses.0.units.0.last_fault",
              "{\"fault\":\"exception\",\"age_ms\":1000,\"exception\":2,"
              "\"text\":\"illegal data address\"}");
    assert_at(json, "buses.0.units.0.response_ms", "{\"mean\":12.345,\"max\":40.05}");
    assert_at(json, "buses.0.units.0.command", "{\"name\":\"open_valve\",\"for_ms\":2000}");
    assert_at(json, "buses.0.units.0.commands_waiting", "2");
    assert_at(
        json, "buses.0.units.0.unreadable.0",
        "{\"table\":\"holding\",\"address\":100,\"count\":4,\"exception\":2,\"age_ms\":90000}");
    assert_at(json, "buses.0.units.0.unreadable_count", "20");
    assert_at(json, "buses.0.units.0.limits",
              "[{\"table\":\"holding\",\"address\":0,\"count\":51,\"granted\":50,"
              "\"exception\":3,\"age_ms\":90000},"
              "{\"table\":\"input\",\"unit\":5,\"address\":99,\"count\":2,\"border\":100,"
              "\"exception\":2,\"age_ms\":90000}]");
    assert_at(json, "buses.0.units.0.limits_count", "2");
    assert_at(json, "buses.0.dead_share", "0.0457");
    assert_at(json, "generation", "3");
    assert_at(json, "generations_in_memory", "2");
    assert_at(json, "buses.0.units.0.wear", "[]");
    assert_at(json, "buses.1.units.0.wear", "[{\"entry\":\"limit\",\"writes\":2}]");
    assert_at(json, "buses.0.units.0.missed_requests.0",
              "{\"table\":\"holding\",\"address\":40,\"count\":3,\"every_ms\":1000,"
              "\"missed\":12}");
    assert_at(json, "buses.0.units.0.missed_requests.1.in_model", "true");
    assert_at(json, "buses.0.units.0.missed_requests_count", "9");
    assert_at(json, "buses.0.units.0.holds.0",
              "{\"holds\":\"setpoint = 5 W\",\"is_ending\":false,\"over_in_ms\":12000,"
              "\"every_ms\":2000,\"is_failing\":true}");
    assert_at(json, "buses.0.units.0.holds.1",
              "{\"holds\":\"ramp = 1\",\"is_ending\":true,\"is_failing\":false}");
    assert_at(json, "buses.0.units.0.holds_count", "2");
    assert_at(json, "buses.0.units.1.holds", "[]");
    assert_at(json, "buses.0.units.1.health.state", "\"unknown\"");
    assert_at(json, "buses.0.units.1.last_fault", NULL);
    assert_at(json, "buses.0.units.1.command", NULL);
    assert_at(json, "buses.0.units.1.response_ms", NULL);
    assert_at(json, "clouds.0",
              "{\"name\":\"plant\",\"host\":\"mqtt.example.com\",\"port\":8883,"
              "\"connected\":false,\"for_ms\":30000,\"connects\":1,\"failures\":2,"
              "\"reason\":\"refused\",\"retry_in_ms\":250}");
    assert_at(
        json, "outbox",
        "{\"messages\":12,\"in_flight\":3,\"bytes\":900,\"oldest_age_ms\":9000,\"dropped\":5,"
        "\"dropped_because\":{\"full\":3,\"old\":2}}");
    json_decref(json);
}

static void assert_refused(const char *line, const char *words, const char *name)
{
    struct control_request request;
    struct error err;
    assert_int_equal(control_request_parse(line, strlen(line), &request, &err), -1);
    if (!strstr(err.text, words))
        fail_msg("'%s' is refused with '%s', not '%s'", line, err.text, words);
    assert_string_equal(request.name, name);
    control_request_done(&request);
}

static void test_requests(void **state)
{
    (void)state;
    struct control_request request;
    struct error err;
    const char *line = "{\"request\":\"status\",\"id\":\"a\\\"b\",\"device\":\"x\"}";
    assert_int_equal(control_request_parse(line, strlen(line), &request, &err), 0);
    assert_string_equal(request.name, "status");
    assert_string_equal(json_string_value(json_object_get(request.root, "device")), "x");
    char *answer = control_answer_line(&request, "[]");
    assert_string_equal(
        answer, "{\"control\":1,\"id\":\"a\\\"b\",\"request\":\"status\",\"result\":[]}\n");
    free(answer);
    answer = control_error_line(&request, "two\nlines \xFF");
    assert_null(strchr(strchr(answer, '\n') + 1, '\n'));
    assert_non_null(strstr(answer, "two\\nlines"));
    free(answer);
    control_request_done(&request);
    assert_refused("", "not JSON", "");
    assert_refused("{\"request\":\"\"}", "lower-case", "");
    assert_refused("{\"request\":\"a-b\"}", "lower-case", "");
    assert_refused("{\"request\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}", "lower-case", "");
    assert_refused("{\"request\":\"status\",\"id\":1.5}", "id: ", "");
    assert_refused("{\"id\":1}", "a request is an object", "");
    assert_refused("{} {}", "not JSON", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_bus_is_asked_once_and_not_while_fresh),
        cmocka_unit_test(test_before_any_bus_has_answered),
        cmocka_unit_test(test_all_that_is_known),
        cmocka_unit_test(test_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
