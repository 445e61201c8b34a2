// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cloud/topic.h"

static const struct device devices[] = {
    {.name = "a", .cloud = 0, .hardware_id = "0123ABCD", .channel_id = "meter"},
    {.name = "b", .cloud = 1, .hardware_id = "0123ABCD", .channel_id = "meter"},
    {.name = "c", .cloud = 0, .hardware_id = "0123ABCD", .channel_id = "pump"},
    {.name = "d", .cloud = NO_INDEX},
};
static const struct site site = {.devices = devices, .device_count = ARRAY_LENGTH(devices)};

static void names_every_topic(void **state)
{
    (void)state;
    static const char *const expected[TOPIC_KIND_COUNT] = {
        [TOPIC_TELEMETRY] = "v1/from/0123ABCD/meter/v1/telemetry",
        [TOPIC_PROPERTIES] = "v1/from/0123ABCD/meter/v1/properties",
        [TOPIC_REGISTER] = "v1/from/0123ABCD/meter/v1/register",
        [TOPIC_RESPONSES] = "v1/from/0123ABCD/meter/v1/command/responses",
        [TOPIC_LOGS] = "v1/from/0123ABCD/meter/v3/logs",
        [TOPIC_REQUESTS] = "v1/to/0123ABCD/meter/v1/command/requests",
    };
    for (int kind = 0; kind < TOPIC_KIND_COUNT; kind++) {
        char *topic = topic_new((enum topic_kind)kind, &devices[0]);
        assert_string_equal(topic, expected[kind]);
        free(topic);
    }
}

static void chooses_the_properties_topic(void **state)
{
    (void)state;
    struct cloud_settings cloud = {.properties_topic = PROPERTIES_TOPIC_PROPERTIES};
    assert_int_equal(topic_of_properties(&cloud), TOPIC_PROPERTIES);
    cloud.properties_topic = PROPERTIES_TOPIC_REGISTER;
    assert_int_equal(topic_of_properties(&cloud), TOPIC_REGISTER);
}

static void parses_request_topics(void **state)
{
    (void)state;
    struct topic_ids ids;
    assert_true(topic_parse_request("v1/to/HW-1/ch_2/v1/command/requests", &ids));
    assert_string_equal(ids.hardware_id, "HW-1");
    assert_string_equal(ids.channel_id, "ch_2");
}

static void refuses_other_topics(void **state)
{
    (void)state;
    static const char *const topics[] = {
        "",
        "v1/to/",
        "v1/to/hw",
        "v1/to/hw/ch",
        "v1/to/hw/ch/v1/command/request",
        "v1/to/hw/ch/v1/command/requests/x",
        "v1/to//ch/v1/command/requests",
        "v1/to/hw//v1/command/requests",
        "v1/from/hw/ch/v1/command/requests",
        "v1/to/hw/c h/v1/command/requests",
        "v1/to/hw/#/v1/command/requests",
        "xv1/to/hw/ch/v1/command/requests",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(topics); i++) {
        struct topic_ids ids = {.hardware_id = "untouched"};
        assert_false(topic_parse_request(topics[i], &ids));
        assert_string_equal(ids.hardware_id, "untouched");
    }
}

static void bounds_ids(void **state)
{
    (void)state;
    char id[TOPIC_ID_SIZE + 1];
    memset(id, 'x', sizeof id);
    id[TOPIC_ID_SIZE - 1] = '\0';
    assert_true(topic_id_is_valid(id));
    id[TOPIC_ID_SIZE - 1] = 'x';
    id[TOPIC_ID_SIZE] = '\0';
    assert_false(topic_id_is_valid(id));
    assert_false(topic_id_is_valid(NULL));
    assert_false(topic_id_is_valid(""));
    assert_false(topic_id_is_valid("a/b"));
    assert_false(topic_id_is_valid("+"));
    assert_false(topic_id_is_valid("caf\xc3\xa9"));
}

static void finds_the_device_of_a_connection(void **state)
{
    (void)state;
    const char *meter = "v1/to/0123ABCD/meter/v1/command/requests";
    assert_int_equal(topic_find_device(&site, 0, meter), 0);
    assert_int_equal(topic_find_device(&site, 1, meter), 1);
    assert_int_equal(topic_find_device(&site, 2, meter), NO_INDEX);
    assert_int_equal(topic_find_device(&site, 0, "v1/to/0123ABCD/pump/v1/command/requests"), 2);
    assert_int_equal(topic_find_device(&site, 0, "v1/to/0123ABCD/fan/v1/command/requests"),
                     NO_INDEX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_every_topic),
        cmocka_unit_test(chooses_the_properties_topic),
        cmocka_unit_test(parses_request_topics),
        cmocka_unit_test(refuses_other_topics),
        cmocka_unit_test(bounds_ids),
        cmocka_unit_test(finds_the_device_of_a_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
