// SPDX-License-Identifier: MIT
#include "registers/formula_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/num.h"
#include "base/utf8.h"

// Local time; weekday 1 is Monday, 7 is Sunday (ISO 8601).
const char *const formula_now_fields[NOW_FIELDS] = {"year",   "month",  "day",    "hour",
                                                    "minute", "second", "weekday"};

static struct value time_field(int64_t wall_ms, int field)
{
    time_t seconds = (time_t)(wall_ms / 1000 - (wall_ms % 1000 < 0));
    struct tm local;
    if (!localtime_r(&seconds, &local))
        return value_unknown();
    const int fields[NOW_FIELDS] = {local.tm_year + 1900,
                                    local.tm_mon + 1,
                                    local.tm_mday,
                                    local.tm_hour,
                                    local.tm_min,
                                    local.tm_sec,
                                    local.tm_wday == 0 ? 7 : local.tm_wday};
    return value_integer(fields[field]);
}

// A 32-bit float is published as its shortest decimal: 0.1, not 0.10000000149011612. Formulas
// count with what is published, so that comparing it with 0.1 holds.
static struct value as_published(const struct value *value)
{
    if (value->kind != VALUE_REAL || value->decimals != DECIMALS_SHORTEST_FLOAT)
        return *value;
    return value_real(num_shortest_float(value->real), DECIMALS_SHORTEST_FLOAT);
}

// A value of another type than the map promised is as good as none.
static struct value of_type(const struct value *value, enum formula_type type)
{
    bool is_good = false;
    switch (value->kind) {
    case VALUE_UNKNOWN:
    case VALUE_ABSENT:
        is_good = true;
        break;
    case VALUE_BOOLEAN:
        is_good = type == FORMULA_BOOLEAN;
        break;
    case VALUE_INTEGER:
    case VALUE_REAL:
        is_good = type == FORMULA_NUMBER;
        break;
    case VALUE_TEXT:
        is_good = type == FORMULA_TEXT;
        break;
    case VALUE_EVENTS:
        is_good = type == FORMULA_EVENTS;
        break;
    }
    return is_good ? as_published(value) : value_unknown();
}

static struct value leaf_value(const struct node *node, const struct formula_inputs *inputs)
{
    struct value value = node->constant;
    switch (node->kind) {
    case NODE_POINT:
    case NODE_POINT_RAW:
        if (inputs->point)
            value = inputs->point(inputs->context, node->index, node->kind == NODE_POINT_RAW);
        break;
    case NODE_ARGUMENT:
        if (inputs->argument)
            value = inputs->argument(inputs->context, node->index);
        break;
    case NODE_OWN_RAW:
        if (inputs->raw)
            value = *inputs->raw;
        break;
    case NODE_NOW:
        value = time_field(inputs->wall_ms, node->index);
        break;
    case NODE_MODEL:
        if (inputs->model)
            value = inputs->model(inputs->context, node->index);
        break;
    case NODE_CONSTANT:
    case NODE_OPERATION:
    case NODE_WORD:
        break;
    }
    return of_type(&value, node->type);
}

// What a missing operand makes of the result: unknown wins over absent, for it may still
// become anything. VALUE_BOOLEAN stands for "none is missing".
static enum value_kind missing(const struct value *operands, size_t count)
{
    enum value_kind kind = VALUE_BOOLEAN;
    for (size_t i = 0; i < count; i++) {
        if (operands[i].kind == VALUE_UNKNOWN)
            return VALUE_UNKNOWN;
        if (operands[i].kind == VALUE_ABSENT)
            kind = VALUE_ABSENT;
    }
    return kind;
}

static struct value operate(const struct node *node, const struct value *operands,
                            struct formula_space *space)
{
    enum value_kind kind = missing(operands, node->count);
    if (kind != VALUE_BOOLEAN && !node->operation->is_tolerant)
        return (struct value){.kind = kind};
    struct call call = {.operands = operands, .count = node->count, .space = space};
    return node->operation->evaluate(&call);
}

static bool is_skipped(const struct guard *guard, const struct value *top)
{
    if (guard->depth == 0)
        return false;
    const struct value *condition = top - guard->depth;
    return condition->kind != VALUE_BOOLEAN || condition->boolean != guard->condition;
}

struct value formula_evaluate(const struct formula *formula,
                              const struct formula_inputs *inputs, struct formula_space *space)
{
    struct value stack[MAX_FORMULA_NODES];
    size_t used = 0;
    if (formula->is_constant)
        return formula->constant;
    for (size_t i = 0; i < formula->node_count; i++) {
        const struct node *node = &formula->nodes[i];
        if (is_skipped(&node->guard, stack + used)) {
            stack[used++] = value_unknown();
            i = node->guard.end;
            continue;
        }
        if (node->kind != NODE_OPERATION) {
            stack[used++] = leaf_value(node, inputs);
            continue;
        }
        used -= node->count;
        stack[used] = operate(node, stack + used, space);
        used++;
    }
    return stack[0];
}

static size_t fill_piece(char *ret_text, size_t room, const char *bytes, size_t length)
{
    size_t fitting = length < room ? length : room;
    memcpy(ret_text, bytes, fitting);
    return fitting;
}

static size_t fill_value(const struct formula *formula, const struct formula_inputs *inputs,
                         char *ret_text, size_t room)
{
    struct formula_space space = {0};
    char text[512];
    struct value value = formula_evaluate(formula, inputs, &space);
    if (value.kind == VALUE_TEXT)
        return fill_piece(ret_text, room, value.text.bytes, value.text.length);
    if (value.kind == VALUE_ABSENT)
        value = value_unknown();
    value_format(&value, text, sizeof text);
    return fill_piece(ret_text, room, text, strlen(text));
}

void formula_fill(const struct text_template *template, const struct formula_inputs *inputs,
                  char *ret_text, size_t size)
{
    size_t used = 0;
    if (size == 0)
        return;
    for (size_t i = 0; i < template->count; i++) {
        const struct text_piece *piece = &template->pieces[i];
        size_t room = size - 1 - used;
        if (piece->text)
            used += fill_piece(ret_text + used, room, piece->text, strlen(piece->text));
        else
            used += fill_value(piece->formula, inputs, ret_text + used, room);
    }
    ret_text[used] = '\0';
    utf8_mend_end(ret_text);
}
