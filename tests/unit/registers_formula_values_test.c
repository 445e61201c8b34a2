// SPDX-License-Identifier: MIT
// What formulas give, missing values included.
#include "registers/formula.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "support/good_formula.h"

struct row {
    const char *text;
    const char *expected; // as value_format writes it, with the kind before texts
};

// "text:..." keeps the text 5 apart from the number 5.
static void describe(const struct value *value, char *ret_text, size_t size)
{
    char text[512];
    value_format(value, text, sizeof text);
    (void)snprintf(ret_text, size, "%s%s", value->kind == VALUE_TEXT ? "text:" : "", text);
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct arena *arena = arena_new();
        struct formula_space space = {0};
        char found[600];
        const struct formula *formula = parse(arena, rows[i].text);
        struct value value = formula_evaluate(formula, &all_inputs, &space);
        describe(&value, found, sizeof found);
        if (strcmp(found, rows[i].expected) != 0)
            fail_msg("%s is %s, not %s", rows[i].text, found, rows[i].expected);
        arena_free(arena);
    }
}

#define CHECK_ROWS(rows) check_rows((rows), ARRAY_LENGTH(rows))

static void test_models(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"model(101..103)", "true"},     {"model(159, 2)", "false"}, // number 160 of the names
        {"not model(160)", "true"},      {"model(150 + 9 + 1)", "false"},
        {"if(model(160), 1, 2)", "2"},   {"model(120) and model(160)", "false"},
        {"model(battery_base)", "true"}, {"model(1)", "unknown"},
        {"not model(1)", "unknown"},     {"if(1 == 2, model(1, 2), model(160, 2))", "true"},
    };
    CHECK_ROWS(rows);
}

// Where a model begins is not a value but a place to count from.
static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int model;
        int64_t offset; // NO_INDEX: it is none
    } rows[] = {
        {"model(160)", 160, 0},
        {"model(160) + 14", 160, 14},
        {"14 + model(160)", 160, 14},
        {"10 + (model(160) - 2) + 20 * 2", 160, 48},
        {"model(203, 2) + 6 / 2", 204, 3},
        {"model(160) + model(160) - model(160)", 0, NO_INDEX},
        {"model(160) - model(103)", 0, NO_INDEX},
        {"model(160) * 1", 0, NO_INDEX},
        {"10 - model(160)", 0, NO_INDEX},
        {"-model(160)", 0, NO_INDEX},
        {"if(true, model(160), 5)", 0, NO_INDEX},
        {"model(160) + 0.5", 0, NO_INDEX},
        {"model(160) + 1 / 0", 0, NO_INDEX},
        {"40000 + 2", 0, 40002},
    };
    struct formula_names names = all_names;
    names.model_is_address = true;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct arena *arena = arena_new();
        const struct formula *formula = NULL;
        size_t at = 0;
        struct error err = {0};
        int model = 0;
        int64_t offset = 0;
        assert_int_equal(
            formula_parse(arena, rows[i].text, &names, FORMULA_NUMBER, &formula, &at, &err), 0);
        int failed = formula_split_address(formula, &model, &offset, &err);
        if ((failed != 0) != (rows[i].offset == NO_INDEX))
            fail_msg("%s: %d", rows[i].text, failed);
        if (!failed && (model != rows[i].model || offset != rows[i].offset))
            fail_msg("%s: model %d + %d", rows[i].text, model, (int)offset);
        arena_free(arena);
    }
}

static void test_arithmetic(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"1 + 2 * 3", "7"},
        {"(1 + 2) * 3", "9"},
        {"7 - 2 - 1", "4"},
        {"8 / 2 / 2", "2.0"},
        {"6 / 3", "2.0"},
        {"1 / 0", "unknown"},
        {"1 % 0", "unknown"},
        {"1.0 % 0.0", "unknown"},
        {"7 % 3", "1"},
        {"-7 % 3", "-1"},
        {"7 % -3", "1"},
        {"-7.5 % 2", "-1.5"},
        {"2 ^ 3 ^ 2", "512"},
        {"-2 ^ 2", "-4"},
        {"(-2) ^ 2", "4"},
        {"2 ^ -1", "0.5"},
        {"2 ^ 0.5 ^ 2", "1.189207115002721"},
        {"0 ^ 0", "1"},
        {"(-1) ^ 1000000000000001", "-1"},
        {"(-8) ^ 0.5", "unknown"},
        {"2 ^ 63", "9223372036854775808"},
        {"2 ^ 64", "1.8446744073709552e+19"},
        {"10 ^ 400", "unknown"},
        {"2 ^ -3 * 8", "1.0"},
        {"- -5", "5"},
        {"3 - -5", "8"},
        {"0x1F", "31"},
        {"1e3", "1000.0"},
        {"2.50", "2.5"},
        {"18446744073709551615", "18446744073709551615"},
        {"18446744073709551615 + 1", "unknown"},
        {"18446744073709551615 * 18446744073709551615", "unknown"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"-9223372036854775808 - 1", "unknown"},
        {"-9223372036854775808 % -1", "0"},
        {"-(2 ^ 63) - 1 + 1", "unknown"},
        {"1e308 * 10", "unknown"},
        {"0.0 * -1", "0.0"},
        {"power / 1000", "1.5"},
        {"voltage * 2", "461.0"},
        {"-voltage", "-230.5"},
        {"huge - 1", "18446744073709551614"},
        {"battery_base + 12", "57612"},
        {"duration * 2", "120"},
        {"power", "1500"},
        {"voltage", "230.5"},
    };
    CHECK_ROWS(rows);
}

static void test_logic_and_comparison(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"true or false and false", "true"},
        {"(true or false) and false", "false"},
        {"not true and false", "false"},
        {"not (true and false)", "true"},
        {"not not true", "true"},
        {"not 1 == 2", "true"},
        {"true and not 1 > 2", "true"},
        {"1 + 1 == 2", "true"},
        {"1 == 1.0", "true"},
        {"0.1 + 0.2 == 0.3", "false"},
        {"1 < 2 and 2 <= 2", "true"},
        {"3 >= 4 or 3 > 2", "true"},
        {"true == (1 < 2)", "true"},
        {"2 != 2.5", "true"},
        {"9007199254740993 == 9007199254740992.0", "false"},
        {"9007199254740993 > 9007199254740992.0", "true"},
        {"18446744073709551615 < 18446744073709551616.0", "true"},
        {"-3 > -3.5", "true"},
        {"-4 < -3.5", "true"},
        {"1 < 1e300", "true"},
        {"1 > -1e300", "true"},
        {"\"a\" == \"a\"", "true"},
        {"\"a\" != \"b\"", "true"},
        {"\"a\" == \"ab\"", "false"},
        {"ratio == 0.1", "true"},
        {"ratio * 10 == 1", "true"},
        {"serial == \"SUN-10\"", "true"},
        {"online", "true"},
        {"running == true", "true"},
        {"errors == errors", "true"},
    };
    CHECK_ROWS(rows);
}

static void test_labels(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"mode == manual", "true"},
        {"manual == mode", "true"},
        {"mode != auto", "true"},
        {"mode == \"manual\"", "true"},
        {"mode == other", "false"},
        {"(mode) == manual and not (mode == off)", "true"},
        {"slot == night", "true"},
        {"slot == \"day\"", "false"},
        {"raw(mode) == 1", "true"},
        {"raw(running) + 1", "2"},
        {"if(mode == manual, power, 0)", "1500"},
        {"mode", "text:manual"},
    };
    CHECK_ROWS(rows);
}

static void test_functions(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"if(true, 1, 2)", "1"},
        {"if(false, 1, 2)", "2"},
        {"if(power > 1000, if(power > 2000, 3, 2), 1)", "2"},
        {"if(power < 1000, 1, if(online, 2, 3)) + 10", "12"},
        {"if(if(online, false, true), 1, 2)", "2"},
        {"bit(5, 0)", "true"},
        {"bit(5, 1)", "false"},
        {"bit(-1, 63)", "true"},
        {"bit(4.0, 2)", "true"},
        {"bit(4.5, 2)", "unknown"},
        {"bit(1, duration)", "false"},
        {"bit(1, duration + 4)", "unknown"},
        {"bits(0x0304, 8, 15)", "3"},
        {"bits(-1, 0, 63)", "18446744073709551615"},
        {"bits(raw, 0, 7)", "4"},
        {"bits(power, duration, 5)", "unknown"},
        {"count(errors)", "3"},
        {"hex(0x108a)", "text:0x108A"},
        {"hex(18446744073709551615)", "text:0xFFFFFFFFFFFFFFFF"},
        {"hex(-1)", "unknown"},
        {"hex(1.5)", "unknown"},
        {"text(5)", "text:5"},
        {"text(5.0)", "text:5.0"},
        {"text(voltage)", "text:230.5"},
        {"text(ratio)", "text:0.1"},
        {"text(true)", "text:true"},
        {"text(mode)", "text:manual"},
        {"text(errors)", "text:[0x108A, 0x1100, 0x0001]"},
        {"abs(-5)", "5"},
        {"abs(-9223372036854775808)", "9223372036854775808"},
        {"abs(-0.5)", "0.5"},
        {"round(2.5)", "3"},
        {"round(-2.5)", "-3"},
        {"round(2.4)", "2"},
        {"round(7)", "7"},
        {"round(1e30)", "unknown"},
        {"round(0.125, 2)", "0.13"},
        {"round(1.115, 2)", "1.11"},
        {"round(-1.115, 2)", "-1.11"},
        {"round(1.005, 2)", "1.00"},
        {"round(0.285, 2)", "0.28"},
        {"round(1.255, 2)", "1.25"},
        {"round(8.5e15, 2)", "8500000000000000.00"},
        {"round(2.0, 2)", "2.00"},
        {"round(7, 2)", "7"},
        {"near(100, 103, 3)", "true"},
        {"near(100, 103, 2)", "false"},
        {"near(1.1, 1.0, 0.1)", "true"},
        {"near(1.1001, 1.0, 0.1)", "false"},
        {"near(1, 1, -1)", "false"},
        {"near(huge, huge - 1, 0)", "false"},
        {"near(huge, huge - 1, 1.0)", "true"},
        {"near(huge, -9223372036854775808, huge)", "false"},
        {"near(huge, 0.5, huge)", "true"},
        {"sum(1, 2, 3)", "6"},
        {"sum(1, 2.5)", "3.5"},
        {"sum(18446744073709551615, 1, -1)", "18446744073709551615"},
        {"sum(huge, 1)", "unknown"},
        {"mean(1, 2)", "1.5"},
        {"min(3, 1.5, 2)", "1.5"},
        {"max(3, 1.5, 2)", "3"},
        {"min(voltage, 500)", "230.5"},
        {"sum(\"pv*_power\")", "30"},
        {"sum(\"pv*_power\", 5, \"pv1_power\")", "45"},
        {"max(\"pv*_power\") + 1", "21"},
        {"default(5, 6)", "5"},
        {"known(power)", "true"},
        {"raw(power)", "2500"},
        {"raw", "772"},
    };
    CHECK_ROWS(rows);
}

static void test_format(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"format(\"%d.%d\", bits(raw, 8, 15), bits(raw, 0, 7))", "text:3.4"},
        {"format(\"plain\")", "text:plain"},
        {"format(\"100 %%\")", "text:100 %"},
        {"format(\"%x %X %04x %08X\", 255, 255, 255, 4294967295)", "text:ff FF 00ff FFFFFFFF"},
        {"format(\"%05d|%d\", -42, -42)", "text:-0042|-42"},
        {"format(\"%d\", 18446744073709551615)", "text:18446744073709551615"},
        {"format(\"%d\", -9223372036854775808)", "text:-9223372036854775808"},
        {"format(\"%.2f|%.0f\", voltage, 2.6)", "text:230.50|3"},
        {"format(\"%.2f|%.0f\", 9007199254740993, 5)", "text:9007199254740993.00|5"},
        {"format(\"%s/%s/%s\", mode, voltage, online)", "text:manual/230.5/true"},
        {"format(\"%d\", 5.0)", "text:5"},
        {"format(\"%d\", 5.5)", "unknown"},
        {"format(\"%x\", -1)", "unknown"},
        {"format(\"\\\"%s\\\" \\\\\", serial)", "text:\"SUN-10\" \\"},
        {"format(\"%s%s\", format(\"<%d>\", 1), text(2))", "text:<1>2"},
    };
    CHECK_ROWS(rows);
}

// unread and fault are unknown; absent and fitted are absent.
static void test_missing_values(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"unread", "unknown"},
        {"absent", "absent"},
        {"-unread", "unknown"},
        {"unread + 1", "unknown"},
        {"1 * absent", "absent"},
        {"absent + unread", "unknown"},
        {"unread == unread", "unknown"},
        {"absent < 5", "absent"},
        {"not fault", "unknown"},
        {"not fitted", "absent"},
        // and/or are no exception: a device that is away satisfies nothing.
        {"false and fault", "unknown"},
        {"true or fault", "unknown"},
        {"fault and fitted", "unknown"},
        {"fitted or true", "absent"},
        {"bit(unread, 0)", "unknown"},
        {"text(absent)", "absent"},
        {"format(\"%d\", unread)", "unknown"},
        {"near(unread, 1, 1)", "unknown"},
        {"round(absent, 1)", "absent"},
        // if: only the branch taken matters.
        {"if(true, 1, unread)", "1"},
        {"if(false, unread, 2)", "2"},
        {"if(true, unread, 2)", "unknown"},
        {"if(fault, 1, 2)", "unknown"},
        {"if(fitted, 1, 2)", "absent"},
        {"if(fault, 1, 1)", "unknown"},
        // sum, mean, min, max skip what is absent, not what was not read.
        {"sum(1, absent)", "1"},
        {"sum(1, absent, unread)", "unknown"},
        {"sum(absent)", "absent"},
        {"sum(\"far*_power\")", "absent"},
        {"sum(\"bad*_power\")", "unknown"},
        {"mean(10, absent, 20)", "15.0"},
        {"mean(absent, unread)", "unknown"},
        {"min(absent, 3)", "3"},
        {"max(absent)", "absent"},
        {"max(5, unread)", "unknown"},
        {"sum(1 / 0, 1)", "unknown"},
        {"default(unread, 7)", "7"},
        {"default(absent, 7)", "7"},
        {"default(absent, unread)", "unknown"},
        {"default(unread + 1, 7) + 1", "8"},
        {"known(unread)", "false"},
        {"known(absent)", "false"},
        {"known(mode) and known(power)", "true"},
        {"default(fault, true) and known(fault) == false", "true"},
        // The map promised a number.
        {"liar + 1", "unknown"},
        {"liar", "unknown"},
    };
    CHECK_ROWS(rows);
}

static void test_only_the_branch_taken_is_evaluated(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    // The untaken text would take room.
    const struct formula *formula =
        parse(arena, "if(online, format(\"%d\", power), format(\"%s%s\", serial, serial))");
    struct formula_space space = {0};
    (void)formula_evaluate(formula, &all_inputs, &space);
    assert_int_equal(space.used, 4);
    arena_free(arena);
}

static void test_text_without_room_is_unknown(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    const struct formula *formula = parse(arena, "format(\"%s-%d\", serial, power)");
    struct formula_space space = {.used = sizeof space.bytes - 11};
    struct value value = formula_evaluate(formula, &all_inputs, &space);
    assert_int_equal(value.kind, VALUE_TEXT);
    assert_int_equal(space.used, sizeof space.bytes);
    space.used = sizeof space.bytes - 10;
    value = formula_evaluate(formula, &all_inputs, &space);
    assert_int_equal(value.kind, VALUE_UNKNOWN);
    assert_int_equal(space.used, sizeof space.bytes - 10);
    arena_free(arena);
}

static void test_now_is_local_time(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"now.year", "2024"}, {"now.month", "2"},
        {"now.day", "29"},    {"now.hour * 100 + now.minute", "1545"},
        {"now.second", "6"},  {"now.weekday", "4"},
    };
    assert_int_equal(setenv("TZ", "EET-2", 1), 0);
    tzset();
    CHECK_ROWS(rows);
    struct arena *arena = arena_new();
    struct formula_inputs inputs = {.wall_ms = 1709424000000 - 2 * 3600000 - 1};
    struct formula_space space = {0};
    // 2024-03-02 23:59:59 in that zone is a Saturday, a millisecond later it is Sunday.
    struct value day = formula_evaluate(parse(arena, "now.weekday"), &inputs, &space);
    assert_true(day.integer == 6);
    inputs.wall_ms++;
    day = formula_evaluate(parse(arena, "now.weekday"), &inputs, &space);
    assert_true(day.integer == 7);
    arena_free(arena);
    assert_int_equal(unsetenv("TZ"), 0);
    tzset();
}

static void test_missing_inputs_are_unknown(void **state)
{
    (void)state;
    static const char *const texts[] = {"power", "duration", "raw", "raw(power)"};
    struct formula_inputs nothing = {0};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct arena *arena = arena_new();
        struct formula_space space = {0};
        struct value value = formula_evaluate(parse(arena, texts[i]), &nothing, &space);
        assert_int_equal(value.kind, VALUE_UNKNOWN);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_arithmetic),
        cmocka_unit_test(test_logic_and_comparison),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_missing_values),
        cmocka_unit_test(test_only_the_branch_taken_is_evaluated),
        cmocka_unit_test(test_text_without_room_is_unknown),
        cmocka_unit_test(test_now_is_local_time),
        cmocka_unit_test(test_missing_inputs_are_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
