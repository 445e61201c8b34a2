// SPDX-License-Identifier: MIT
#include "registers/formula_tree.h"

#include <string.h>

const struct formula *formula_constant(struct arena *arena, const struct value *value)
{
    char text[512];
    struct formula *formula = ARENA_NEW(arena, struct formula);
    value_format(value, text, sizeof text);
    formula->text = arena_text(arena, text);
    formula->type = formula_type_of(value);
    formula->is_integer = value->kind == VALUE_INTEGER;
    formula->is_constant = true;
    formula->constant = *value;
    if (value->kind == VALUE_TEXT)
        formula->constant.text.bytes = arena_copy(arena, value->text.bytes, value->text.length);
    return formula;
}

enum formula_type formula_result(const struct formula *formula)
{
    return formula->type;
}

bool formula_is_integer(const struct formula *formula)
{
    return formula->is_integer;
}

const char *formula_text(const struct formula *formula)
{
    return formula->text;
}

static int order_numbers(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int order_texts(const struct value *a, const struct value *b)
{
    size_t shorter = a->text.length < b->text.length ? a->text.length : b->text.length;
    int order = shorter ? memcmp(a->text.bytes, b->text.bytes, shorter) : 0;
    return order ? order : order_numbers(a->text.length, b->text.length);
}

static int order_constants(const struct value *a, const struct value *b)
{
    if (value_is_number(a) && value_is_number(b))
        return value_compare(a, b);
    if (a->kind != b->kind)
        return order_numbers(a->kind, b->kind);
    if (a->kind == VALUE_TEXT)
        return order_texts(a, b);
    return a->kind == VALUE_BOOLEAN ? order_numbers(a->boolean, b->boolean) : 0;
}

int formula_order(const struct formula *a, const struct formula *b)
{
    int order = strcmp(a->text, b->text);
    if (!order)
        order = order_numbers(a->node_count, b->node_count);
    for (size_t i = 0; !order && i < a->node_count; i++)
        order = order_constants(&a->nodes[i].constant, &b->nodes[i].constant);
    return order ? order : order_constants(&a->constant, &b->constant);
}

const struct value *formula_constant_value(const struct formula *formula)
{
    return formula->is_constant ? &formula->constant : NULL;
}

int formula_argument(const struct formula *formula)
{
    if (formula->node_count == 1 && formula->nodes[0].kind == NODE_ARGUMENT)
        return formula->nodes[0].index;
    return NO_INDEX;
}

int formula_point(const struct formula *formula)
{
    if (formula->node_count == 1 && formula->nodes[0].kind == NODE_POINT)
        return formula->nodes[0].index;
    return NO_INDEX;
}

static bool is_point(const struct node *node)
{
    return node->kind == NODE_POINT || node->kind == NODE_POINT_RAW;
}

static bool is_named_before(const struct formula *formula, size_t node)
{
    for (size_t i = 0; i < node; i++) {
        if (is_point(&formula->nodes[i]) &&
            formula->nodes[i].index == formula->nodes[node].index)
            return true;
    }
    return false;
}

void formula_each_point(const struct formula *formula, void (*each)(void *context, int point),
                        void *context)
{
    for (size_t i = 0; i < formula->node_count; i++) {
        if (is_point(&formula->nodes[i]) && !is_named_before(formula, i))
            each(context, formula->nodes[i].index);
    }
}

void formula_each_constant(const struct formula *formula,
                           void (*each)(void *context, const struct value *constant),
                           void *context)
{
    if (formula->node_count == 0)
        each(context, &formula->constant);
    for (size_t i = 0; i < formula->node_count; i++) {
        if (formula->nodes[i].kind == NODE_CONSTANT)
            each(context, &formula->nodes[i].constant);
    }
}

void formula_each_argument(const struct formula *formula,
                           void (*each)(void *context, int argument), void *context)
{
    for (size_t i = 0; i < formula->node_count; i++) {
        if (formula->nodes[i].kind == NODE_ARGUMENT)
            each(context, formula->nodes[i].index);
    }
}

bool formula_uses_arguments(const struct formula *formula)
{
    for (size_t i = 0; i < formula->node_count; i++) {
        if (formula->nodes[i].kind == NODE_ARGUMENT)
            return true;
    }
    return false;
}

bool formula_depends_on_installation(const struct formula *formula)
{
    for (size_t i = 0; i < formula->node_count; i++) {
        if (formula->nodes[i].is_named)
            return true;
    }
    return false;
}

bool formula_can_change(const struct formula *formula)
{
    for (size_t i = 0; i < formula->node_count; i++) {
        enum node_kind kind = formula->nodes[i].kind;
        if (kind != NODE_CONSTANT && kind != NODE_ARGUMENT && kind != NODE_OPERATION)
            return true;
    }
    return false;
}
