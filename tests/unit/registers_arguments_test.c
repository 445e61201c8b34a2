// SPDX-License-Identifier: MIT
#include "registers/arguments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/mem.h"
#include "registers/formula.h"

enum {
    POWER,
    COUNT,
    MODE,
    BOOST,
    DURATION,
    NAME,
    SECRET,
    RATE,
    STEP,
    DYNAMIC,
    DOSE,
    TOTAL,
    ARGUMENTS
};

static const struct label modes[] = {{0, 0, "battery_first"}, {1, 1, "load_first"}};
static const struct labels mode_labels = {.rows = modes, .count = 2};
static const char *const names[] = {"red", "green"};

static const struct point points[] = {
    {.key = "setpoint",
     .table = TABLE_HOLDING,
     .word_count = 1,
     .type = TYPE_I16,
     .unit = "W",
     .bit_low = NO_INDEX,
     .scale = {1, 1},
     .sf = NO_INDEX,
     .decimals = DECIMALS_SHORTEST},
    {.key = "mode",
     .table = TABLE_HOLDING,
     .word_count = 1,
     .type = TYPE_U16,
     .bit_low = NO_INDEX,
     .scale = {1, 0},
     .sf = NO_INDEX,
     .decimals = DECIMALS_SHORTEST,
     .labels = &mode_labels},
    {.key = "rate",
     .table = TABLE_HOLDING,
     .word_count = 1,
     .type = TYPE_U16,
     .unit = "%",
     .bit_low = NO_INDEX,
     .scale = {1, 0},
     .sf = NO_INDEX,
     .decimals = DECIMALS_SHORTEST,
     .has_range = true,
     .range_low = 60,
     .range_high = 100},
    {.key = "scaled",
     .table = TABLE_HOLDING,
     .word_count = 1,
     .type = TYPE_U16,
     .unit = "A",
     .bit_low = NO_INDEX,
     .scale = {1, 0},
     .sf = 0,
     .decimals = DECIMALS_SHORTEST},
    {.key = "dose",
     .table = TABLE_HOLDING,
     .word_count = 2,
     .type = TYPE_F32,
     .bit_low = NO_INDEX,
     .scale = {1, 0},
     .sf = NO_INDEX,
     .decimals = DECIMALS_SHORTEST_FLOAT},
    {.key = "pin",
     .table = TABLE_HOLDING,
     .word_count = 1,
     .type = TYPE_STRING,
     .bit_low = NO_INDEX,
     .scale = {1, 0},
     .sf = NO_INDEX,
     .decimals = DECIMALS_SHORTEST},
};
static const struct map map = {.points = points, .point_count = ARRAY_LENGTH(points)};

static struct arena *arena;
static struct argument arguments[ARGUMENTS];
static struct command command;

static const struct formula *number(double value)
{
    struct value constant = value_real(value, DECIMALS_SHORTEST);
    return formula_constant(arena, &constant);
}

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    const struct argument rows[ARGUMENTS] = {
        [POWER] = {.key = "power",
                   .type = ARGUMENT_FLOAT,
                   .unit = "W",
                   .target = 0,
                   .min = number(0),
                   .max = number(10004),
                   .required = true},
        [COUNT] = {.key = "count",
                   .type = ARGUMENT_INTEGER,
                   .target = NO_INDEX,
                   .min = number(-3)},
        [MODE] = {.key = "mode", .type = ARGUMENT_STRING, .target = 1},
        [BOOST] = {.key = "boost",
                   .type = ARGUMENT_BOOLEAN,
                   .target = NO_INDEX,
                   .initial = value_boolean(true)},
        [DURATION] = {.key = "duration",
                      .type = ARGUMENT_DURATION,
                      .target = NO_INDEX,
                      .max = number(86400),
                      .initial = value_integer(3600)},
        [NAME] = {.key = "name",
                  .type = ARGUMENT_STRING,
                  .target = NO_INDEX,
                  .choices = names,
                  .choice_count = 2,
                  .initial = value_text("green")},
        [SECRET] = {.key = "pin", .type = ARGUMENT_STRING, .target = 5, .sensitive = true},
        [RATE] = {.key = "wanted", .type = ARGUMENT_INTEGER, .unit = "%", .target = 2},
        [STEP] = {.key = "step",
                  .type = ARGUMENT_INTEGER,
                  .unit = "W",
                  .target = 0,
                  .max = number(95)},
        [DYNAMIC] = {.key = "dynamic", .type = ARGUMENT_FLOAT, .unit = "A", .target = 3},
        [DOSE] = {.key = "dose", .type = ARGUMENT_FLOAT, .target = 4, .max = number(0.1)},
        [TOTAL] = {.key = "total",
                   .type = ARGUMENT_INTEGER,
                   .target = NO_INDEX,
                   .min = number(-0x1p53),
                   .max = number(0x1p53)},
    };
    memcpy(arguments, rows, sizeof rows);
    command =
        (struct command){.key = "charge", .arguments = arguments, .argument_count = ARGUMENTS};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

// Checks `key` = `value` beside a good power; the value comes back as text, or NULL.
static const char *check(const char *key, struct value value, struct error *err)
{
    static char text[320];
    const struct given_argument given[] = {{"power", value_integer(500)}, {key, value}};
    bool is_power = strcmp(key, "power") == 0;
    struct job_request *request = NULL;
    *err = (struct error){0};
    if (arguments_check(&map, &command, given + is_power, 2U - is_power, &request, err) < 0) {
        assert_null(request);
        assert_int_equal(err->code, ERROR_FAILED);
        return NULL;
    }
    for (size_t i = 0; i < ARGUMENTS; i++) {
        if (strcmp(arguments[i].key, key) == 0)
            value_format(&request->arguments[i], text, sizeof text);
    }
    job_request_free(request);
    return text;
}

static char long_text[300];

static void accepts_what_fits(void **state)
{
    (void)state;
    memset(long_text, 'x', sizeof long_text);
    const struct {
        const char *key;
        struct value value;
        const char *expected;
    } rows[] = {
        {"power", value_integer(1004), "1000"}, // the register's steps are 10 W
        {"power", value_real(1005, -1), "1010"},
        {"power", value_integer(0), "0"},
        {"power", value_integer(10004), "10000"},
        {"count", value_integer(5), "5"},
        {"count", value_real(5.0, -1), "5"},
        {"count", value_real(-3, -1), "-3"},
        {"count", value_real(0x1p53 - 1, -1), "9007199254740991"},
        {"mode", value_text("load_first"), "load_first"},
        {"boost", value_boolean(false), "false"},
        {"duration", value_real(1.5, -1), "1.5"},
        {"duration", value_integer(0), "0"},
        {"name", value_text("red"), "red"},
        {"name", value_absent(), "green"}, // null is as if it was not given
        {"pin", value_text("42"), "42"},
        {"wanted", value_integer(60), "60"},
        {"step", value_integer(94), "90"},
        {"dynamic", value_real(0.123, -1), "0.123"}, // judged when its scale factor is known
        {"dose", value_real(0.1, -1), "0.1"},        // the nearest float is above
        {"total", value_integer((int128)1 << 53), "9007199254740992"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct error err;
        const char *text = check(rows[i].key, rows[i].value, &err);
        if (!text || strcmp(text, rows[i].expected) != 0)
            fail_msg("row %zu: %s, expected %s: %s", i, text ? text : "refused",
                     rows[i].expected, err.text);
    }
}

static void refuses_with_reasons(void **state)
{
    (void)state;
    memset(long_text, 'x', sizeof long_text);
    const struct {
        const char *key;
        struct value value;
        const char *text;
    } rows[] = {
        {"powr", value_integer(1), "charge has no argument \"powr\"; did you mean 'power'?"},
        {"zzzzzzzz", value_integer(1),
         "charge has no argument \"zzzzzzzz\"; it has power, count, mode, boost, duration, "
         "name, "
         "pin, wanted, step, dynamic, dose, total"},
        {"power", value_absent(), "power: this argument is required, a number"},
        {"power", value_real(-0.5, -1), "power: -0.5 W is outside 0..10004 W"},
        {"power", value_integer(10005), "power: 10005 W is outside 0..10004 W"},
        {"power", value_text("5"), "power: \"5\" is not a number"},
        {"power", value_boolean(true), "power: true is not a number"},
        {"count", value_real(5.5, -1), "count: 5.5 is not a whole number"},
        {"count", value_real(1e30, -1), "count: 1e+30 is not a whole number"},
        {"count", value_real(0x1p53, -1), "count: 9007199254740992.0 is not a whole number"},
        {"count", value_integer(-4), "count: -4 is less than -3"},
        {"mode", value_text("foo"), "mode: \"foo\" is not one of battery_first, load_first"},
        {"mode", value_integer(1), "mode: 1 is not a text"},
        {"boost", value_integer(1), "boost: 1 is not true or false"},
        {"boost", value_text("true"), "boost: \"true\" is not true or false"},
        {"duration", value_integer(-1), "duration: -1 s is not a number of seconds"},
        {"duration", value_integer(86401), "duration: 86401 s is more than 86400 s"},
        {"name", value_text("blue"), "name: \"blue\" is not one of red, green"},
        {"name", value_text_bytes(long_text, 257),
         "name: the text has 257 bytes, more than 256"},
        {"name", value_text_bytes("r\0d", 3),
         "name: the text has bytes that are no printable UTF-8 characters"},
        {"name", value_text("\xC3("),
         "name: the text has bytes that are no printable UTF-8 characters"},
        {"pin", value_text("1234"), "pin: what was given does not fit register pin"},
        {"pin", value_integer(1234), "pin: what was given is not a text"},
        {"wanted", value_integer(120), "wanted: rate: 120 % is outside 60..100 %"},
        {"step", value_integer(95),
         "step: 95 W is between two steps of register setpoint: step: 100 W is more than 95 W"},
        {"step", value_integer(-327690),
         "step: setpoint: -327690 W is outside -327680..327670 W"},
        {"dose", value_real(0.1000001, -1), "dose: 0.1000001 is more than 0.1"},
        {"total", value_integer(((int128)1 << 53) + 1),
         "total: 9007199254740993 is outside -9007199254740992.0..9007199254740992.0"},
        {"total", value_integer(-((int128)1 << 53) - 1),
         "total: -9007199254740993 is outside -9007199254740992.0..9007199254740992.0"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct error err;
        if (check(rows[i].key, rows[i].value, &err))
            fail_msg("row %zu was accepted", i);
        assert_string_equal(err.text, rows[i].text);
    }
}

static void refuses_a_repetition(void **state)
{
    (void)state;
    const struct given_argument given[] = {{"power", value_integer(1)},
                                           {"power", value_integer(2)}};
    struct job_request *request = NULL;
    struct error err;
    assert_int_equal(arguments_check(&map, &command, given, 2, &request, &err), -1);
    assert_string_equal(err.text, "power: given twice");
}

static void fills_in_defaults_and_owns_texts(void **state)
{
    (void)state;
    char mode[] = "load_first";
    const struct given_argument given[] = {{"mode", value_text(mode)},
                                           {"power", value_integer(500)}};
    struct job_request *request = NULL;
    struct error err = {0};
    assert_int_equal(arguments_check(&map, &command, given, 2, &request, &err), 0);
    memset(mode, '?', sizeof mode);
    assert_ptr_equal(request->command, &command);
    assert_int_equal(request->argument_count, ARGUMENTS);
    assert_int_equal(request->serial, 0);
    assert_memory_equal(request->arguments[MODE].text.bytes, "load_first", 10);
    assert_true(request->arguments[BOOST].boolean);
    assert_true(request->arguments[DURATION].integer == 3600);
    assert_int_equal(request->arguments[NAME].text.length, 5);
    assert_memory_equal(request->arguments[NAME].text.bytes, "green", 5);
    assert_int_equal(request->arguments[COUNT].kind, VALUE_UNKNOWN);
    job_request_free(request);
}

static void checks_limits_read_from_registers(void **state)
{
    (void)state;
    struct argument argument = {
        .key = "power", .unit = "W", .min = number(0), .max = number(0)};
    struct value value = value_integer(5000);
    struct value zero = value_integer(0);
    struct value max = value_real(4600.5, 1);
    struct value unknown = value_unknown();
    struct value absent = value_absent();
    struct error err = {0};
    assert_int_equal(arguments_check_limit(&argument, &value, &zero, &max, &err), -1);
    assert_string_equal(err.text, "power: 5000 W is outside 0..4600.5 W");
    value = max;
    assert_int_equal(arguments_check_limit(&argument, &value, &zero, &max, &err), 0);
    assert_int_equal(arguments_check_limit(&argument, &value, &zero, &unknown, &err), -1);
    assert_non_null(strstr(err.text, "upper limit"));
    assert_int_equal(arguments_check_limit(&argument, &value, &absent, &max, &err), -1);
    assert_non_null(strstr(err.text, "lower limit"));
    argument.min = NULL;
    argument.max = NULL;
    assert_int_equal(arguments_check_limit(&argument, &value, &unknown, &unknown, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(accepts_what_fits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_with_reasons, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_repetition, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fills_in_defaults_and_owns_texts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(checks_limits_read_from_registers, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
