// SPDX-License-Identifier: MIT
// Any text is a formula or a finding inside of it; what parses evaluates to a value of the type
// it promised.
#include <stdint.h>
#include <stdlib.h>

#include "support/formula_names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_value(const struct formula *formula, const struct value *value)
{
    enum formula_type type = formula_result(formula);
    switch (value->kind) {
    case VALUE_UNKNOWN:
    case VALUE_ABSENT:
        return;
    case VALUE_BOOLEAN:
        require(type == FORMULA_BOOLEAN);
        return;
    case VALUE_INTEGER:
        require(type == FORMULA_NUMBER);
        require(value->integer >= INT64_MIN && value->integer <= UINT64_MAX);
        return;
    case VALUE_REAL:
        require(type == FORMULA_NUMBER && !formula_is_integer(formula));
        require(value->real - value->real == 0); // neither infinite nor NaN
        return;
    case VALUE_TEXT:
        require(type == FORMULA_TEXT);
        return;
    case VALUE_EVENTS:
        require(type == FORMULA_EVENTS);
        return;
    }
}

static void count_point(void *context, int point)
{
    require(point >= 0 && (size_t)point < ARRAY_LENGTH(names_table));
    (*(size_t *)context)++;
}

static void check_formula(const struct formula *formula)
{
    struct formula_space space = {0};
    struct formula_inputs nothing = {0};
    struct text_piece piece = {.formula = formula};
    struct text_template template = {&piece, 1};
    char text[64];
    size_t points = 0;
    struct value value = formula_evaluate(formula, &all_inputs, &space);
    require(space.used <= sizeof space.bytes);
    check_value(formula, &value);
    space.used = sizeof space.bytes;
    value = formula_evaluate(formula, &nothing, &space);
    check_value(formula, &value);
    formula_fill(&template, &all_inputs, text, sizeof text);
    formula_each_point(formula, count_point, &points);
    require(!formula_constant_value(formula) || points == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    const char *text = arena_copy(arena, (const char *)data, size);
    const struct formula *formula = NULL;
    size_t offset = SIZE_MAX;
    struct error err = {0};
    if (formula_parse(arena, text, &all_names, FORMULA_ANY, &formula, &offset, &err) == 0)
        check_formula(formula);
    else
        require(offset <= strlen(text) && err.text[0] && err.code == ERROR_CONFIG);
    arena_free(arena);
    return 0;
}
