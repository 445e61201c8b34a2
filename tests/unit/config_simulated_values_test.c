// SPDX-License-Identifier: MIT
#include "unit/config_support.h"

#include <unistd.h>

#include "base/mem.h"
#include "config/load_simulated_values.h"

static const struct label states[] = {{2, 2, "idle"}, {3, 3, "steady"}};
static const struct labels state_labels = {.rows = states, .count = 2};

static const struct point points[] = {
    {.key = "rate", .type = TYPE_F32},
    {.key = "state", .type = TYPE_U16, .labels = &state_labels},
    {.key = "serial", .type = TYPE_STRING},
    {.key = "run", .type = TYPE_BOOL},
    {.key = "errors", .type = TYPE_EVENT_LIST},
};

enum { RATE, STATE, SERIAL, RUN, ERRORS };

static const struct map map = {.name = "m", .points = points, .point_count = 5};

static const struct values_target targets[] = {{"first", &map}, {"second", &map}};

// Writes the text to a file and loads it for so many devices.
static int load(struct desk *desk, const char *text, size_t target_count,
                const struct site_values **ret_values)
{
    char path[] = "/tmp/values-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    int result = config_load_values(desk->arena, path, targets, target_count,
                                    &desk->diagnostics, ret_values);
    assert_int_equal(close(descriptor), 0);
    assert_int_equal(unlink(path), 0);
    return result;
}

static void words_are_read_by_address(void **state)
{
    (void)state;
    static const struct given_word expected[] = {
        {.table = TABLE_COIL, .address = 5, .word = 1},
        {.table = TABLE_DISCRETE, .address = 10, .word = 0},
        {.table = TABLE_HOLDING, .address = 1002, .word = 0x4270},
        {.table = TABLE_HOLDING, .address = 1003, .word = 0xFFFF},
        {.table = TABLE_INPUT, .address = 768, .word = 2},
        {.table = TABLE_INPUT, .address = 769, .word = 0x118A},
        {.table = TABLE_INPUT, .address = 65535, .word = 7},
        {.unit_id = 225, .table = TABLE_COIL, .address = 1, .word = 1},
        {.unit_id = 225, .table = TABLE_HOLDING, .address = 843, .word = 63},
        {.unit_id = 9, .table = TABLE_INPUT, .address = 2, .word = 3},
    };
    struct desk *desk = desk_new();
    const struct site_values *values = NULL;
    assert_int_equal(load(desk,
                          "holding: {1002: 0x4270, 1003: -1}\n"
                          "coil: {5: 1}\n"
                          "discrete: {10: 0}\n"
                          "input: {768: [2, 0x118A], 0xFFFF: 7}\n"
                          "units: {225: {holding: {843: 63}, coil: {1: 1}},\n"
                          "        9: {input: {2: 3}}}\n",
                          1, &values),
                     0);
    const struct device_values *device = &values->devices[0];
    assert_int_equal(device->word_count, ARRAY_LENGTH(expected));
    for (size_t i = 0; i < device->word_count; i++) {
        assert_int_equal(device->words[i].unit_id, expected[i].unit_id);
        assert_int_equal(device->words[i].table, expected[i].table);
        assert_int_equal(device->words[i].address, expected[i].address);
        assert_int_equal(device->words[i].word, expected[i].word);
    }
    desk_free(desk);
}

static void values_are_read_by_entry(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    const struct site_values *values = NULL;
    assert_int_equal(load(desk,
                          "values:\n"
                          "  rate: 60.5\n"
                          "  state: steady\n"
                          "  serial: 0123\n"
                          "  run: true\n"
                          "  errors: [0x108A, 5]\n",
                          1, &values),
                     0);
    const struct given_value *given = values->devices[0].values;
    assert_int_equal(values->devices[0].value_count, 5);
    const struct value rate = value_real(60.5, DECIMALS_SHORTEST);
    const struct value steady = value_text("steady");
    const struct value serial = value_text("0123");
    const struct value run = value_boolean(true);
    assert_int_equal(given[RATE].point, RATE);
    assert_int_equal(given[RATE].at.line, 2);
    assert_true(value_equal(&given[RATE].value, &rate));
    assert_true(value_equal(&given[STATE].value, &steady));
    assert_true(value_equal(&given[SERIAL].value, &serial));
    assert_true(value_equal(&given[RUN].value, &run));
    assert_int_equal(given[ERRORS].value.kind, VALUE_EVENTS);
    assert_int_equal(given[ERRORS].value.events.count, 2);
    assert_int_equal(given[ERRORS].value.events.codes[0], 0x108A);
    desk_free(desk);
}

static void null_is_no_value_and_quotes_make_text(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    const struct site_values *values = NULL;
    assert_int_equal(load(desk, "values: {rate: null, state: \"3\"}\n", 1, &values), 0);
    assert_int_equal(values->devices[0].values[0].value.kind, VALUE_ABSENT);
    assert_int_equal(values->devices[0].values[1].value.kind, VALUE_TEXT);
    desk_free(desk);
}

static void devices_of_a_site_are_found_by_name(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    const struct site_values *values = NULL;
    assert_int_equal(
        load(desk, "devices:\n  second: {holding: {1: 2}, values: {run: true}}\n", 2, &values),
        0);
    assert_int_equal(values->device_count, 2);
    assert_int_equal(values->devices[0].word_count, 0);
    assert_int_equal(values->devices[1].word_count, 1);
    assert_int_equal(values->devices[1].value_count, 1);
    desk_free(desk);
}

static const struct refusal_case {
    const char *text;
    size_t target_count;
    const char *message; // a part of the findings
} refusals[] = {
    {"holding: {70000: 1}\n", 1, ":1:11: error: '70000' is not an address from 0 to 65535"},
    {"holding: {-1: 1}\n", 1, "is not an address"},
    {"holding: {010: 1}\n", 1, "is not an address"},
    {"holding: {1: 65536}\n", 1, "holding words are from 0 to 65535"},
    {"holding: {1: -40000}\n", 1, "holding words are from 0 to 65535"},
    {"holding: {65535: [1, 2]}\n", 1, "after the last one"},
    {"holding: {1: x}\n", 1, ":1:14: error: "},
    {"holding: [1]\n", 1, "holding"},
    {"units: {0: {holding: {1: 1}}}\n", 1, "'0' is not a unit id from 1 to 255"},
    {"units: {x: {holding: {1: 1}}}\n", 1, "is not a unit id"},
    {"units: {5: {holding: {1: x}}}\n", 1, ":1:26: error: "},
    {"units: {5: {values: {run: true}}}\n", 1, "values"},
    {"units: [5]\n", 1, "units"},
    {"units: {5: {holding: {1: 1}}}\n", 2, "there are 2 devices"},
    {"coil: {1: 2}\n", 1, "coil words are from 0 to 1"},
    {"coil: {1: -1}\n", 1, "coil words are from 0 to 1"},
    {"values: {rat: 1}\n", 1, "there is no entry 'rat'; did you mean 'rate'?"},
    {"values: {rate: [1]}\n", 1, "rate: expected a single value"},
    {"values: {errors: [70000]}\n", 1, "an event code is from 0 to 0xFFFF"},
    {"holdng: {1: 2}\n", 1, "did you mean 'holding'?"},
    {"holding: {1: 2}\n", 2, "there are 2 devices"},
    {"devices: {secnd: {}}\n", 2, "there is no device 'secnd'; did you mean 'second'?"},
    {"devices: {first: {devices: {}}}\n", 2, "devices"},
    {"devices: {first: {}}\nvalues: {}\n", 1, "not both"},
};

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++) {
        struct desk *desk = desk_new();
        const struct site_values *values = NULL;
        int result = load(desk, refusals[i].text, refusals[i].target_count, &values);
        char *printed = desk_print(desk);
        if (result != -1 || values || !strstr(printed, refusals[i].message))
            fail_msg("%s: %d: %s", refusals[i].text, result, printed);
        free(printed);
        desk_free(desk);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_read_by_address),
        cmocka_unit_test(values_are_read_by_entry),
        cmocka_unit_test(null_is_no_value_and_quotes_make_text),
        cmocka_unit_test(devices_of_a_site_are_found_by_name),
        cmocka_unit_test(what_is_wrong_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
