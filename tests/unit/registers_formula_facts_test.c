// SPDX-License-Identifier: MIT
// What is known about a formula once it is parsed: what it results in, what it depends on, what
// is folded, which constants were filled in.
#include "registers/formula.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/good_formula.h"

static void test_results(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum formula_type type;
        bool is_integer;
        bool is_constant;
    } rows[] = {
        {"1", FORMULA_NUMBER, true, true},
        {"1.0", FORMULA_NUMBER, false, true},
        {"\"a\"", FORMULA_TEXT, false, true},
        {"not false", FORMULA_BOOLEAN, false, true},
        {"2 * 3 + 4 % 3 - -1", FORMULA_NUMBER, true, true},
        {"4 / 2", FORMULA_NUMBER, false, true},
        {"2 ^ 2", FORMULA_NUMBER, false, true},
        {"battery_base * 2", FORMULA_NUMBER, true, true},
        {"power * 2", FORMULA_NUMBER, true, false},
        {"power * 0.1", FORMULA_NUMBER, false, false},
        {"power + voltage", FORMULA_NUMBER, false, false},
        {"round(voltage)", FORMULA_NUMBER, true, false},
        {"round(voltage, 1)", FORMULA_NUMBER, false, false},
        {"round(power, 1)", FORMULA_NUMBER, true, false},
        {"bits(voltage, 0, 3)", FORMULA_NUMBER, true, false},
        {"count(errors)", FORMULA_NUMBER, true, false},
        {"sum(\"pv1*\")", FORMULA_NUMBER, true, false},
        {"sum(\"pv*_power\")", FORMULA_NUMBER, false, false}, // pv3_power may be a real
        {"mean(1, 2)", FORMULA_NUMBER, false, true},
        {"max(power, 1)", FORMULA_NUMBER, true, false},
        {"if(online, power, 1)", FORMULA_NUMBER, true, false},
        {"if(online, power, 1.5)", FORMULA_NUMBER, false, false},
        {"default(power, 0)", FORMULA_NUMBER, true, false},
        {"raw", FORMULA_NUMBER, true, false},
        {"raw(mode)", FORMULA_NUMBER, false, false},
        {"raw(power)", FORMULA_NUMBER, true, false},
        {"raw(serial)", FORMULA_TEXT, false, false},
        {"mode", FORMULA_TEXT, false, false},
        {"mode == auto", FORMULA_BOOLEAN, false, false},
        {"errors", FORMULA_EVENTS, false, false},
        {"now.hour", FORMULA_NUMBER, true, false},
        {"duration + 1", FORMULA_NUMBER, true, false},
        {"hex(power)", FORMULA_TEXT, false, false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct arena *arena = arena_new();
        const struct formula *formula = parse(arena, rows[i].text);
        if (formula_result(formula) != rows[i].type ||
            formula_is_integer(formula) != rows[i].is_integer ||
            (formula_constant_value(formula) != NULL) != rows[i].is_constant)
            fail_msg("%s: type %d, integer %d, constant %d", rows[i].text,
                     (int)formula_result(formula), formula_is_integer(formula),
                     formula_constant_value(formula) != NULL);
        assert_string_equal(formula_text(formula), rows[i].text);
        arena_free(arena);
    }
}

static void test_folding(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    const struct value *value = formula_constant_value(parse(arena, "battery_base + 12"));
    assert_true(value->kind == VALUE_INTEGER && value->integer == 57612);
    value = formula_constant_value(parse(arena, "format(\"%s-%d\", site_name, 7)"));
    char text[32];
    value_format(value, text, sizeof text);
    assert_string_equal(text, "north-7");
    value = formula_constant_value(parse(arena, "1 / 0"));
    assert_int_equal(value->kind, VALUE_UNKNOWN);
    arena_free(arena);
}

static void test_constant(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct formula_inputs nothing = {0};
    struct formula_space space = {0};
    char bytes[] = "abc";
    struct value given = value_text(bytes);
    const struct formula *formula = formula_constant(arena, &given);
    bytes[0] = 'x';
    struct value value = formula_evaluate(formula, &nothing, &space);
    assert_memory_equal(value.text.bytes, "abc", 3);
    assert_int_equal(formula_result(formula), FORMULA_TEXT);
    given = value_integer(5);
    formula = formula_constant(arena, &given);
    assert_true(formula_is_integer(formula));
    assert_true(formula_constant_value(formula)->integer == 5);
    assert_string_equal(formula_text(formula), "5");
    assert_int_equal(formula_argument(formula), NO_INDEX);
    arena_free(arena);
}

struct seen {
    size_t count;
    const char *names[8];
};

static void note_point(void *context, int point)
{
    struct seen *seen = context;
    assert_true(seen->count < ARRAY_LENGTH(seen->names));
    seen->names[seen->count++] = names_table[point].name;
}

static void test_what_it_depends_on(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct seen seen = {0};
    const struct formula *formula =
        parse(arena, "if(raw(mode) == 1, sum(\"pv*_power\"), power) + power + pv1_power");
    formula_each_point(formula, note_point, &seen);
    assert_int_equal(seen.count, 5);
    static const char *const names[] = {"mode", "pv1_power", "pv2_power", "pv3_power", "power"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        assert_string_equal(seen.names[i], names[i]);
    assert_false(formula_uses_arguments(formula));
    assert_int_equal(formula_argument(formula), NO_INDEX);
    formula = parse(arena, "duration");
    assert_true(formula_uses_arguments(formula));
    assert_string_equal(names_table[formula_argument(formula)].name, "duration");
    formula = parse(arena, "duration + 1");
    assert_true(formula_uses_arguments(formula));
    assert_int_equal(formula_argument(formula), NO_INDEX);
    assert_int_equal(formula_argument(parse(arena, "power")), NO_INDEX);
    arena_free(arena);
}

// `n` stands for the constant of a repeat.
static int find_with_n(void *context, const char *name, struct symbol *ret_symbol,
                       struct error *err)
{
    if (strcmp(name, "n") != 0)
        return all_names.find(all_names.context, name, ret_symbol, err);
    *ret_symbol = (struct symbol){.kind = SYMBOL_CONSTANT,
                                  .type = FORMULA_NUMBER,
                                  .is_integer = true,
                                  .constant = value_integer(*(const int *)context)};
    return 0;
}

static const struct formula *parse_with_n(struct arena *arena, const char *text, int n)
{
    struct formula_names names = all_names;
    const struct formula *formula = NULL;
    size_t offset = 0;
    struct error err = {0};
    names.context = &n;
    names.find = find_with_n;
    if (formula_parse(arena, text, &names, FORMULA_ANY, &formula, &offset, &err) != 0)
        fail_msg("%s: %s", text, err.text);
    return formula;
}

static void note_constant(void *context, const struct value *constant)
{
    char *text = context;
    value_format(constant, text + strlen(text), 20);
    (void)strncat(text, ";", 2);
}

static void test_constants_are_those_filled_in(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    char text[80] = "";
    struct value seven = value_integer(7);
    formula_each_constant(parse_with_n(arena, "if(power == n, 0.5, n + 1)", 3), note_constant,
                          text);
    assert_string_equal(text, "3;0.5;3;1;");
    text[0] = '\0';
    formula_each_constant(formula_constant(arena, &seven), note_constant, text);
    assert_string_equal(text, "7;");
    arena_free(arena);
}

static void test_fill(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    const struct text_piece pieces[] = {
        {.text = "register "},
        {.formula = parse(arena, "hex(power)")},
        {.text = " of "},
        {.formula = parse(arena, "serial")},
        {.text = ": "},
        {.formula = parse(arena, "voltage")},
        {.text = " V, "},
        {.formula = parse(arena, "absent")},
        {.text = ", gr\xC3\xB6\xC3\x9F"
                 "er"},
    };
    struct text_template template = {pieces, ARRAY_LENGTH(pieces)};
    char text[80];
    formula_fill(&template, &all_inputs, text, sizeof text);
    assert_string_equal(text, "register 0x5DC of SUN-10: 230.5 V, unknown, gr\xC3\xB6\xC3\x9F"
                              "er");
    formula_fill(&template, &all_inputs, text, 24);
    assert_string_equal(text, "register 0x5DC of SUN-1");
    // A character is not cut in two.
    formula_fill(&template, &all_inputs, text, 48);
    assert_string_equal(text, "register 0x5DC of SUN-10: 230.5 V, unknown, gr");
    formula_fill(&template, &all_inputs, text, 49);
    assert_string_equal(text, "register 0x5DC of SUN-10: 230.5 V, unknown, gr\xC3\xB6");
    formula_fill(&template, &all_inputs, text, 1);
    assert_string_equal(text, "");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_folding),
        cmocka_unit_test(test_constant),
        cmocka_unit_test(test_what_it_depends_on),
        cmocka_unit_test(test_constants_are_those_filled_in),
        cmocka_unit_test(test_fill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
