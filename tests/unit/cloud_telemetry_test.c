// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cloud/telemetry.h"
#include "support/plain_point.h"

enum { FREQUENCY, POWER, LIMIT, HIDDEN, FAULTS, EVENTS, SPARE, SERIAL, COUNT };

static struct point points[COUNT];

// A register of one word, read every second.
static struct point *make_point(int index, const char *key, enum section section,
                                uint16_t address)
{
    points[index] = (struct point){
        .key = key,
        .section = section,
        .source = SOURCE_WORDS,
        .table = TABLE_HOLDING,
        .address = address,
        .word_count = 1,
        .access = ACCESS_READ,
        .type = TYPE_U16,
        .every_ms = 1000,
        .publish = PUBLISH_INTEGER,
        PLAIN_POINT,
    };
    return &points[index];
}

static int make_points(void **state)
{
    (void)state;
    struct point *frequency = make_point(FREQUENCY, "ac_frequency", SECTION_TELEMETRY, 10);
    frequency->scale = (struct decimal){1, -2};
    frequency->decimals = 2;
    frequency->publish = PUBLISH_FLOAT;
    make_point(POWER, "ac_power", SECTION_TELEMETRY, 11);
    make_point(LIMIT, "limit", SECTION_TELEMETRY, 12)->every_ms = EVERY_NEED;
    make_point(HIDDEN, "hidden", SECTION_REGISTERS, 13);
    make_point(FAULTS, "faults", SECTION_REGISTERS, 14);
    struct point *events = make_point(EVENTS, "events", SECTION_REGISTERS, 20);
    events->type = TYPE_EVENT_LIST;
    events->word_count = 5;
    struct point *spare = make_point(SPARE, "spare", SECTION_TELEMETRY, 30);
    spare->table = TABLE_INPUT;
    spare->optional = true;
    make_point(SERIAL, "serial_number", SECTION_PROPERTIES, 40)->every_ms = EVERY_CONNECT;
    return 0;
}

static const struct alert alerts[] = {
    {.key = "over_temperature", .kind = ALERT_BIT, .from = FAULTS, .bit = 3},
    {.key = "fc_10", .kind = ALERT_CODE, .from = EVENTS, .code = 0x108A, .code_high = 0x108A},
    {.key = "other_event", .kind = ALERT_OTHERWISE, .from = EVENTS},
};

static const struct map map = {
    .vendor = "Acme",
    .model = "Sun 10",
    .points = points,
    .point_count = COUNT,
    .alerts = alerts,
    .alert_count = ARRAY_LENGTH(alerts),
};
static const struct modbus_settings modbus = {.timeout_ms = 500};
static const struct device device = {.name = "sun", .map = &map};

static const struct moment start = {.now_ms = 1000, .health = HEALTH_ONLINE};

// The block that reads one entry.
static struct block block_of(const uint16_t *index)
{
    const struct point *point = &points[*index];
    return (struct block){
        .table = point->table,
        .unit_id = NO_INDEX,
        .address = point->address,
        .count = point->word_count,
        .optional = point->optional,
        .points = index,
        .point_count = 1,
    };
}

static void store(struct image *image, uint16_t index, const uint16_t *words, int64_t now_ms)
{
    struct block block = block_of(&index);
    image_store(image, &block, words, now_ms);
}

static void store_word(struct image *image, uint16_t index, uint16_t word, int64_t now_ms)
{
    store(image, index, &word, now_ms);
}

static void refuse(struct image *image, uint16_t index, enum fault fault, uint8_t exception)
{
    struct block block = block_of(&index);
    image_fail(image, &block, fault, exception, 1000);
}

// An image of a device that is well: all that is polled has just been read.
static struct image *new_image(void)
{
    static const uint16_t no_events[5] = {0};
    struct image *image = image_new(&map, &modbus);
    store_word(image, FREQUENCY, 5001, 1000);
    store_word(image, POWER, 2500, 1000);
    store_word(image, HIDDEN, 1, 1000);
    store_word(image, FAULTS, 0, 1000);
    store(image, EVENTS, no_events, 1000);
    store_word(image, SERIAL, 4711, 1000);
    return image;
}

static void assert_telemetry(const struct image *image, const struct moment *moment,
                             const char *expected)
{
    char *payload = telemetry_payload(&device, image, moment, NULL);
    assert_string_equal(payload, expected);
    free(payload);
}

static void publishes_fresh_values_in_the_order_of_the_map(void **state)
{
    (void)state;
    struct image *image = new_image();
    assert_telemetry(image, &start,
                     "{\"ac_frequency\":50.01,\"ac_power\":2500,"
                     "\"alerts\":[],\"conn_alerts\":[]}");
    image_free(image);
}

static void names_active_alerts_and_unknown_codes(void **state)
{
    (void)state;
    static const uint16_t codes[5] = {3, 0x108A, 0x2001, 0x7};
    struct image *image = new_image();
    store_word(image, FAULTS, 1 << 3, 1000);
    store(image, EVENTS, codes, 1000);
    assert_telemetry(image, &start,
                     "{\"ac_frequency\":50.01,\"ac_power\":2500,"
                     "\"alerts\":[\"over_temperature\",\"fc_10\",\"other_event\"],"
                     "\"alert_details\":{\"other_event\":{\"errmsg\":"
                     "\"unknown codes 0x2001, 0x0007\"}},\"conn_alerts\":[]}");
    image_free(image);
}

static void reports_what_could_not_be_read(void **state)
{
    (void)state;
    struct image *image = new_image();
    refuse(image, POWER, FAULT_EXCEPTION, 2);
    assert_telemetry(image, &start,
                     "{\"ac_frequency\":50.01,\"alerts\":[],"
                     "\"alert_details\":{\"partial_failure\":{\"errmsg\":"
                     "\"holding 11: illegal data address\"}},"
                     "\"conn_alerts\":[\"partial_failure\"]}");
    image_free(image);
}

static void leaves_out_stale_values_and_counts_many(void **state)
{
    (void)state;
    static const uint16_t no_events[5] = {0};
    struct image *image = new_image();
    struct moment later = {.now_ms = 10000, .health = HEALTH_ONLINE};
    refuse(image, FREQUENCY, FAULT_TIMEOUT, 0);
    store(image, EVENTS, no_events, 10000);
    assert_telemetry(image, &later,
                     "{\"alerts\":[],"
                     "\"alert_details\":{\"partial_failure\":{\"errmsg\":\"holding 10: no "
                     "answer; holding 11: not read in time; holding 13: not read in time; "
                     "and 1 more\"}},\"conn_alerts\":[\"partial_failure\"]}");
    image_free(image);
}

static void a_lost_answer_hides_nothing_that_is_fresh(void **state)
{
    (void)state;
    struct image *image = new_image();
    refuse(image, POWER, FAULT_TIMEOUT, 0);
    assert_telemetry(image, &start,
                     "{\"ac_frequency\":50.01,\"ac_power\":2500,"
                     "\"alerts\":[],\"conn_alerts\":[]}");
    image_free(image);
}

static void an_optional_entry_is_no_failure(void **state)
{
    (void)state;
    struct image *image = new_image();
    refuse(image, SPARE, FAULT_EXCEPTION, 2);
    assert_telemetry(image, &start,
                     "{\"ac_frequency\":50.01,\"ac_power\":2500,"
                     "\"alerts\":[],\"conn_alerts\":[]}");
    struct image *silent = new_image();
    refuse(silent, SPARE, FAULT_TIMEOUT, 0);
    assert_telemetry(silent, &start,
                     "{\"ac_frequency\":50.01,\"ac_power\":2500,"
                     "\"alerts\":[],\"conn_alerts\":[]}");
    image_free(silent);
    store_word(image, SPARE, 7, 1000);
    assert_telemetry(image, &start,
                     "{\"ac_frequency\":50.01,\"ac_power\":2500,"
                     "\"spare\":7,\"alerts\":[],\"conn_alerts\":[]}");
    image_free(image);
}

static void an_offline_device_has_no_values_and_unknown_alerts(void **state)
{
    (void)state;
    struct image *image = new_image();
    struct moment offline = start;
    offline.health = HEALTH_OFFLINE;
    assert_telemetry(image, &offline,
                     "{\"alerts\":null,"
                     "\"conn_alerts\":[\"communication_failed\"]}");
    image_free(image);
}

static void alerts_are_unknown_until_one_source_was_read(void **state)
{
    (void)state;
    struct image *image = image_new(&map, &modbus);
    assert_telemetry(image, &start, "{\"alerts\":null,\"conn_alerts\":[]}");
    store_word(image, FAULTS, 1 << 3, 1000);
    assert_telemetry(image, &start,
                     "{\"alerts\":[\"over_temperature\"],"
                     "\"conn_alerts\":[]}");
    image_free(image);
}

static void publishes_properties(void **state)
{
    (void)state;
    struct image *image = new_image();
    char *payload = properties_payload(&device, image, &start);
    assert_string_equal(payload, "{\"vendor\":\"Acme\","
                                 "\"model\":\"Sun 10\",\"serial_number\":4711}");
    free(payload);
    image_free(image);
}

static void a_declared_property_replaces_the_constant(void **state)
{
    (void)state;
    struct point own[COUNT];
    memcpy(own, points, sizeof own);
    own[SERIAL].key = "model";
    struct map changed = map;
    changed.points = own;
    changed.vendor = NULL;
    struct device other = {.map = &changed};
    struct image *image = image_new(&changed, &modbus);
    char *payload = properties_payload(&other, image, &start);
    assert_string_equal(payload, "{}");
    free(payload);
    store_word(image, SERIAL, 12, 1000);
    payload = properties_payload(&other, image, &start);
    assert_string_equal(payload, "{\"model\":12}");
    free(payload);
    image_free(image);
}

static void assert_changed(const struct image *image, struct telemetry_memory *memory,
                           int64_t now_ms, const char *expected)
{
    struct moment moment = {.now_ms = now_ms, .health = HEALTH_ONLINE};
    char *payload = telemetry_payload(&device, image, &moment, memory);
    if (expected)
        assert_string_equal(payload, expected);
    else
        assert_null(payload);
    free(payload);
}

static void refresh(struct image *image, uint16_t power, int64_t now_ms)
{
    static const uint16_t no_events[5] = {0};
    store_word(image, FREQUENCY, 5001, now_ms);
    store_word(image, POWER, power, now_ms);
    store_word(image, HIDDEN, 1, now_ms);
    store_word(image, FAULTS, 0, now_ms);
    store(image, EVENTS, no_events, now_ms);
}

static void sends_only_what_changed(void **state)
{
    (void)state;
    const char *all = "{\"ac_frequency\":50.01,\"ac_power\":2500,\"alerts\":[],"
                      "\"conn_alerts\":[]}";
    struct image *image = new_image();
    struct telemetry_memory *memory = telemetry_memory_new(&map);
    assert_changed(image, memory, 1000, all);
    assert_changed(image, memory, 2000, NULL);
    refresh(image, 2600, 3000);
    assert_changed(image, memory, 3000, "{\"ac_power\":2600,\"alerts\":[],\"conn_alerts\":[]}");
    refresh(image, 2600, 13000);
    assert_changed(image, memory, 12999, NULL);
    assert_changed(image, memory, 13000, "{\"alerts\":[],\"conn_alerts\":[]}");
    store_word(image, FAULTS, 1 << 3, 13001);
    assert_changed(image, memory, 13001,
                   "{\"alerts\":[\"over_temperature\"],\"conn_alerts\":[]}");
    refresh(image, 2500, 1000 + TELEMETRY_ALL_MS);
    assert_changed(image, memory, 1000 + TELEMETRY_ALL_MS, all);
    telemetry_memory_forget(memory);
    assert_changed(image, memory, 1001 + TELEMETRY_ALL_MS, all);
    telemetry_memory_free(memory);
    image_free(image);
}

static void sends_again_what_was_missing(void **state)
{
    (void)state;
    struct image *image = new_image();
    struct telemetry_memory *memory = telemetry_memory_new(&map);
    assert_changed(image, memory, 1000,
                   "{\"ac_frequency\":50.01,\"ac_power\":2500,\"alerts\":[],"
                   "\"conn_alerts\":[]}");
    refuse(image, POWER, FAULT_EXCEPTION, 4);
    assert_changed(image, memory, 1100,
                   "{\"alerts\":[],\"alert_details\":{\"partial_failure\":"
                   "{\"errmsg\":\"holding 11: server device failure\"}},"
                   "\"conn_alerts\":[\"partial_failure\"]}");
    store_word(image, POWER, 2500, 1200);
    assert_changed(image, memory, 1200, "{\"ac_power\":2500,\"alerts\":[],\"conn_alerts\":[]}");
    telemetry_memory_free(memory);
    image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(publishes_fresh_values_in_the_order_of_the_map),
        cmocka_unit_test(names_active_alerts_and_unknown_codes),
        cmocka_unit_test(reports_what_could_not_be_read),
        cmocka_unit_test(leaves_out_stale_values_and_counts_many),
        cmocka_unit_test(a_lost_answer_hides_nothing_that_is_fresh),
        cmocka_unit_test(an_optional_entry_is_no_failure),
        cmocka_unit_test(an_offline_device_has_no_values_and_unknown_alerts),
        cmocka_unit_test(alerts_are_unknown_until_one_source_was_read),
        cmocka_unit_test(publishes_properties),
        cmocka_unit_test(a_declared_property_replaces_the_constant),
        cmocka_unit_test(sends_only_what_changed),
        cmocka_unit_test(sends_again_what_was_missing),
    };
    return cmocka_run_group_tests(tests, make_points, NULL);
}
