// SPDX-License-Identifier: MIT
// What is refused at load, with what words and where.
#include "registers/formula.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/formula_names.h"

struct refusal_case {
    const char *text;
    size_t offset;
    const char *message;
};

static void check_refusal(const struct formula_names *names, enum formula_type expected,
                          const struct refusal_case *row)
{
    struct arena *arena = arena_new();
    const struct formula *formula = NULL;
    size_t offset = 9999;
    struct error err = {0};
    if (formula_parse(arena, row->text, names, expected, &formula, &offset, &err) == 0)
        fail_msg("%s: accepted", row->text);
    if (strcmp(err.text, row->message) != 0 || offset != row->offset)
        fail_msg("%s:\n  at %zu: %s\nis not\n  at %zu: %s", row->text, offset, err.text,
                 row->offset, row->message);
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_null(formula);
    arena_free(arena);
}

static void check_refusals(const struct refusal_case *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_refusal(&all_names, FORMULA_ANY, &rows[i]);
}

#define CHECK_REFUSALS(rows) check_refusals((rows), ARRAY_LENGTH(rows))

static void test_spelling(void **state)
{
    (void)state;
#define FOREIGN(mark, advice) "'" mark "' does not belong into a formula: " advice
#define NUMBER(text)                                                                           \
    "'" text "' is not a number: decimal without leading zeros, or 0x hexadecimal, up to 64 "  \
    "bits"
    static const struct refusal_case rows[] = {
        {"mode = manual", 5, FOREIGN("=", "to compare, write '=='")},
        {"online && true", 7, FOREIGN("&&", "write 'and'")},
        {"online || true", 7, FOREIGN("||", "write 'or'")},
        {"!online", 0, FOREIGN("!", "write 'not'")},
        {"1 <> 2", 2, FOREIGN("<>", "write '!='")},
        {"1 => 2", 2, FOREIGN("=>", "write '>='")},
        {"2 ** 3", 2, FOREIGN("**", "a power is written '^'")},
        {"online ? 1 : 2", 7, FOREIGN("?", "write if(condition, a, b)")},
        {"mode == 'manual'", 8, FOREIGN("'", "a text stands in double quotes")},
        {"power & 1", 6,
         FOREIGN("&", "use bit(x, i) or bits(x, a, b); for conditions write 'and'")},
        {".5", 0, FOREIGN(".", "a number needs a digit before its point")},
        {"max(1; 2)", 5, FOREIGN(";", "arguments are separated by ','")},
        {"power \xC3\x97 2", 6, "'\xC3\x97' does not belong into a formula"},
        {"1 \x01", 2, "a control character does not belong here"},
        {"010", 0, NUMBER("010")},
        {"1 + 1_000", 4, NUMBER("1_000")},
        {"5.", 0, NUMBER("5.")},
        {"1e", 0, NUMBER("1e")},
        {"0x", 0, NUMBER("0x")},
        {"1e999", 0, NUMBER("1e999")},
        {"18446744073709551616", 0, NUMBER("18446744073709551616")},
        {"\"abc", 0, "the closing '\"' of this text is missing"},
        {"\"abc\\", 4, "in a text, '\\' stands before '\"' or '\\' only"},
        {"\"a\\n\"", 2, "in a text, '\\' stands before '\"' or '\\' only"},
        {"online AND true", 7, "an operator is missing before 'AND'"},
        {"True", 0, "write 'True' in small letters"},
    };
    CHECK_REFUSALS(rows);
}

static void test_structure(void **state)
{
    (void)state;
    static const struct refusal_case rows[] = {
        {"", 0, "the formula is empty"},
        {"  ", 0, "the formula is empty"},
        {"1 +", 3, "a value is missing at the end"},
        {"* 2", 0, "a value is missing before '*'"},
        {"1 + * 2", 4, "a value is missing before '*'"},
        {"+ 2", 0, "a value is missing before '+'"},
        {"1 and or 2", 6, "a value is missing before 'or'"},
        {"()", 1, "a value is missing before ')'"},
        {"(1 + 2", 0, "')' is missing for this '('"},
        {"1 + 2)", 5, "there is no '(' for this ')'"},
        {"1, 2", 1, "a ',' stands between the arguments of a function only"},
        {"max(1, (2, 3))", 9, "a ',' stands between the arguments of a function only"},
        {"power voltage", 6, "an operator is missing before 'voltage'"},
        {"2 (3)", 2, "an operator is missing before '('"},
        {"power \"W\"", 6, "an operator is missing before '\"W\"'"},
        {"1 < 2 < 3", 6, "comparisons do not chain: write a < b and b < c"},
        {"1 == 2 != true", 7, "comparisons do not chain: write a < b and b < c"},
        {"true == not false", 8, "'not' after '==' stands in parentheses: (not ...)"},
        {"max()", 4, "'max' lacks an argument"},
        {"max(1,)", 6, "'max' lacks an argument"},
        {"max(,1)", 4, "a value is missing before ','"},
        {"bits(1, 2)", 0, "'bits' takes 3 arguments, but 2 are given"},
        {"abs(1, 2)", 0, "'abs' takes 1 argument, but 2 are given"},
        {"1 + round(1.5, 1, 1)", 4, "'round' takes 1 or 2 arguments, but 3 are given"},
        {"max(power", 9,
         "the formula ends inside max(...): ')' is missing, or it has a comma and stands "
         "inside {...}, where it must be quoted"},
        {"1 + max((power", 8, "')' is missing for this '('"},
        {"max(", 4,
         "the formula ends inside max(...): ')' is missing, or it has a comma and stands "
         "inside {...}, where it must be quoted"},
    };
    CHECK_REFUSALS(rows);
}

static void test_names(void **state)
{
    (void)state;
    static const struct refusal_case rows[] = {
        {"1 + voltag", 4, "unknown name 'voltag': did you mean 'voltage'?"},
        {"nothing", 0, "unknown name 'nothing' (a text stands in double quotes)"},
        {"power == high", 9, "unknown name 'high' (a text stands in double quotes)"},
        {"if(online, manual, mode)", 11,
         "unknown name 'manual' (a text stands in double quotes)"},
        {"manual == auto", 0, "unknown name 'manual' (a text stands in double quotes)"},
        {"running == manual", 11, "unknown name 'manual' (a text stands in double quotes)"},
        {"min + 1", 0, "'min' is a function: write min(...)"},
        {"1 + circle", 4, "circle -> power -> circle"},
        {"avg(1, 2)", 0,
         "unknown function 'avg': there are if, bit, bits, count, hex, text, format, abs, "
         "round, near, sum, mean, min, max, default, known, raw, model"},
        {"now.hours", 0, "now has year, month, day, hour, minute, second and weekday"},
        {"now", 0, "now has year, month, day, hour, minute, second and weekday"},
        {"sum(\"bat*_power\")", 4, "no name matches \"bat*_power\""},
        {"sum(\"err*\")", 4, "'sum' needs numbers, but \"err*\" is an event list"},
        {"raw(5)", 4, "raw(...) takes the name of a register, not a value"},
        {"raw(power + 1)", 4, "raw(...) takes the name of a register, not a value"},
        {"raw(duration)", 4, "raw(...) takes the name of a register, not a value"},
        {"raw(raw(power))", 4, "raw(...) takes the name of a register, not a value"},
        {"raw(raw)", 4, "raw(...) takes the name of a register, not a value"},
        {"raw(nothing)", 4, "unknown name 'nothing' (a text stands in double quotes)"},
        {"model(160) + 2", 0, "'+' needs numbers, but model(160) is a boolean"},
        {"model()", 6, "'model' lacks an argument"},
        {"model(0)", 6, "the id of a SunSpec model is a constant from 1 to 65534"},
        {"model(65535)", 6, "the id of a SunSpec model is a constant from 1 to 65534"},
        {"model(power)", 6, "the id of a SunSpec model is a constant from 1 to 65534"},
        {"model(1.5)", 6, "the id of a SunSpec model is a constant from 1 to 65534"},
        {"model(103..101)", 6, "the lower id comes first: model(101..103)"},
        {"model(101..power)", 6, "the id of a SunSpec model is a constant from 1 to 65534"},
        {"model(100 + 1..103)", 6, "the ends of a range of ids are numbers"},
        {"model(203, 0)", 11, "the instance of a SunSpec model is a constant from 1 to 64"},
        {"model(203, 1..2)", 11,
         "the second argument says which one of several such models: 2"},
        {"model(1, 2, 3)", 0, "'model' takes 1 or 2 arguments, but 3 are given"},
        {"1..3", 1, "'..' stands between the ids of a SunSpec model only: model(101..103)"},
        {"max(1..3, 2)", 5,
         "'..' stands between the ids of a SunSpec model only: model(101..103)"},
        {"model(64)", 6, "this map has no model 64"},
    };
    CHECK_REFUSALS(rows);
}

static void test_types(void **state)
{
    (void)state;
    static const struct refusal_case rows[] = {
        {"mode + 1", 0, "'+' needs numbers, but mode is a text"},
        {"1 + mode", 4, "'+' needs numbers, but mode is a text"},
        {"-online", 1, "'-' needs numbers, but online is a boolean"},
        {"not power", 4, "'not' needs booleans, but power is a number"},
        {"online and power", 11, "'and' needs booleans, but power is a number"},
        {"(power + 1) or true", 0, "'or' needs booleans, but (power + 1) is a number"},
        {"\"a\" < \"b\"", 0, "'<' needs numbers, but \"a\" is a text"},
        {"power == true", 0,
         "power is a number, but true is a boolean: only like compares with like"},
        {"errors == 5", 0,
         "errors is an event list, but 5 is a number: only like compares with like"},
        {"if(power, 1, 2)", 3, "argument 1 of 'if' is a boolean, but power is a number"},
        {"if(online, 1, \"a\")", 14, "1 is a number, but \"a\" is a text: both must be alike"},
        {"default(power, \"none\")", 15,
         "power is a number, but \"none\" is a text: both must be alike"},
        {"sum(1, online)", 7, "'sum' needs numbers, but online is a boolean"},
        {"sum(1, \"pv*_power\" + 1)", 7, "'+' needs numbers, but \"pv*_power\" is a text"},
        {"count(power)", 6, "'count' needs an event list, but power is a number"},
        {"abs(mode)", 4, "'abs' needs a number, but mode is a text"},
        {"bit(power, online)", 11, "argument 2 of 'bit' is a number, but online is a boolean"},
        {"raw(serial) + 1", 0, "'+' needs numbers, but raw(serial) is a text"},
        {"bit(power, 64)", 11, "the number of a bit is a whole number from 0 to 63"},
        {"bit(power, 1.5)", 11, "the number of a bit is a whole number from 0 to 63"},
        {"bits(power, 0, battery_base)", 15,
         "the number of a bit is a whole number from 0 to 63"},
        {"bits(power, 7, 0)", 12, "bits(x, a, b) takes the lower bit first"},
        {"round(1.5, power)", 11, "the digits of round are a constant, 0 to 9"},
        {"round(1.5, 10)", 11, "the number of digits is a whole number from 0 to 9"},
    };
    CHECK_REFUSALS(rows);
}

static void test_labels(void **state)
{
    (void)state;
    static const struct refusal_case rows[] = {
        {"mode == manul", 8, "mode is never 'manul': its labels are auto, manual, off, other"},
        {"manul != mode", 0, "mode is never 'manul': its labels are auto, manual, off, other"},
        {"mode == \"Manual\"", 8,
         "mode is never 'Manual': its labels are auto, manual, off, other"},
        {"(mode) == Manual", 10,
         "(mode) is never 'Manual': its labels are auto, manual, off, other"},
        {"slot == noon", 8, "slot is never 'noon': its labels are night, day"},
        {"mode == site_name", 8,
         "mode is never 'north': its labels are auto, manual, off, other"},
        {"mode == 1", 0,
         "mode is a text, but 1 is a number: its labels are auto, manual, off, other; its "
         "code is raw(mode)"},
    };
    CHECK_REFUSALS(rows);
}

static void test_format(void **state)
{
    (void)state;
#define BAD_PLACE                                                                              \
    "a '%' in the format is none of %d %x %X %s %.Nf %0Nd %0Nx %% (N a number, such as %.1f)"
    static const struct refusal_case rows[] = {
        {"format(\"%f\", 1)", 7, BAD_PLACE},
        {"format(\"%5d\", 1)", 7, BAD_PLACE},
        {"format(\"%n\", 1)", 7, BAD_PLACE},
        {"format(\"%.99f\", 1)", 7, BAD_PLACE},
        {"format(\"%021d\", 1)", 7, BAD_PLACE},
        {"format(\"%0100d\", 1)", 7, BAD_PLACE},
        {"format(\"%.2d\", 1)", 7, BAD_PLACE},
        {"format(\"50 %\", 1)", 7, BAD_PLACE},
        {"format(\"%.\", 1)", 7, BAD_PLACE},
        {"format(\"%d %d\", 1)", 7, "the format takes 2 values, but 1 is given"},
        {"format(\"%d\", 1, 2)", 7, "the format takes 1 value, but 2 are given"},
        {"format(\"%d\", mode)", 13,
         "'%d' in the format needs a number, but mode is a text: use %s"},
        {"format(\"%.1f\", online)", 15,
         "'%f' in the format needs a number, but online is a boolean: use %s"},
        {"format(serial, 1)", 7, "the first argument of format is a text in double quotes"},
        {"format(1, 1)", 7, "argument 1 of 'format' is a text, but 1 is a number"},
    };
    CHECK_REFUSALS(rows);
}

static void test_expected_type(void **state)
{
    (void)state;
    static const struct refusal_case number = {
        "power + 1", 0, "a boolean is needed here, but power + 1 is a number"};
    static const struct refusal_case text = {
        " if(online, \"aaaaaaaaaaaaaaaaaaaaaaaaa\", \"bcdef\")", 1,
        "a number is needed here, but if(online, \"aaaaaaaaaaaaaaaaaaaaaaaaa\", \"bcd ... is "
        "a text"};
    check_refusal(&all_names, FORMULA_BOOLEAN, &number);
    check_refusal(&all_names, FORMULA_NUMBER, &text);
}

static void test_where_raw_and_now_do_not_exist(void **state)
{
    (void)state;
    struct formula_names names = {.find = names_find};
    static const struct refusal_case rows[] = {
        {"raw + 1", 0,
         "raw is the number of the entry's own register, and there is none here: write "
         "raw(name)"},
        {"1 + now.hour", 4, "the time of day is known in commands only"},
        {"voltag", 0, "unknown name 'voltag' (a text stands in double quotes)"},
        {"sum(\"pv*\")", 4, "no name matches \"pv*\""},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        check_refusal(&names, FORMULA_ANY, &rows[i]);
}

// `count` times `part`, then `end`.
static void repeat(char *ret_text, const char *part, size_t count, const char *end)
{
    ret_text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        (void)strcat(ret_text, part);
    (void)strcat(ret_text, end);
}

static bool is_accepted(const char *text, const char *because)
{
    struct arena *arena = arena_new();
    const struct formula *formula = NULL;
    size_t offset = 0;
    struct error err = {0};
    int result = formula_parse(arena, text, &all_names, FORMULA_ANY, &formula, &offset, &err);
    if (result && !strstr(err.text, because))
        fail_msg("%s", err.text);
    arena_free(arena);
    return result == 0;
}

static void test_limits(void **state)
{
    (void)state;
    char text[4096];
    char closing[64];
    repeat(closing, ")", 33, "");
    repeat(text, "1+", 99, "1");
    assert_true(is_accepted(text, ""));
    repeat(text, "1+", 100, "1");
    assert_false(is_accepted(text, "too long"));
    repeat(text, " ", 1999, "1");
    assert_true(is_accepted(text, ""));
    repeat(text, " ", 2000, "1");
    assert_false(is_accepted(text, "at most 2000 bytes"));
    repeat(text, "(", 32, "1");
    (void)strcat(text, closing + 1);
    assert_true(is_accepted(text, ""));
    repeat(text, "(", 33, "1");
    (void)strcat(text, closing);
    assert_false(is_accepted(text, "nested deeper than 32"));
    repeat(text, "-", 33, "1");
    assert_false(is_accepted(text, "nested deeper than 32"));
    repeat(text, "2^", 33, "1");
    assert_false(is_accepted(text, "nested deeper than 32"));
    // Applied operators no longer count.
    repeat(text, "-1^2+", 60, "1");
    assert_false(is_accepted(text, "too long"));
    repeat(text, "-1^2+", 39, "1");
    assert_true(is_accepted(text, ""));
    repeat(text, "a", 128, "");
    assert_false(is_accepted(text, "at most 127 characters"));
    repeat(text, "max(1,", 32, "2");
    (void)strcat(text, closing + 1);
    assert_true(is_accepted(text, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spelling),
        cmocka_unit_test(test_structure),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_expected_type),
        cmocka_unit_test(test_where_raw_and_now_do_not_exist),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
