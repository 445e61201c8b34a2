// SPDX-License-Identifier: MIT
#include "registers/comparison.h"

#include <string.h>

#include "base/mem.h"
#include "registers/codec.h"
#include "registers/formula_tree.h"

// What an operator says of a value below, equal to and above the number on its right.
struct ordering {
    const char *name;
    bool below;
    bool equal;
    bool above;
};

static const struct ordering orderings[] = {
    {"==", false, true, false}, {"!=", true, false, true}, {"<", true, false, false},
    {"<=", true, true, false},  {">", false, false, true}, {">=", false, true, true},
};

static const struct ordering *find_ordering(const struct node *node)
{
    for (size_t i = 0; node->kind == NODE_OPERATION && i < ARRAY_LENGTH(orderings); i++) {
        if (strcmp(orderings[i].name, node->operation->name) == 0)
            return &orderings[i];
    }
    return NULL;
}

static bool is_entry(const struct node *node)
{
    return node->kind == NODE_POINT || node->kind == NODE_POINT_RAW;
}

// A number and how many nodes before `end` it takes: one, or two with a minus before it.
static size_t take_number(const struct formula *formula, size_t end, struct value *ret_number)
{
    const struct node *last = &formula->nodes[end - 1];
    bool is_negative = last->kind == NODE_OPERATION && last->count == 1 &&
                       strcmp(last->operation->name, "-") == 0;
    size_t count = is_negative ? 2 : 1;
    if (end < count)
        return 0;
    const struct node *number = &formula->nodes[end - count];
    if (number->kind != NODE_CONSTANT || number->is_named ||
        !value_is_number(&number->constant))
        return 0;
    *ret_number = number->constant;
    if (is_negative && number->constant.kind == VALUE_INTEGER)
        *ret_number = value_integer(-number->constant.integer);
    else if (is_negative)
        *ret_number = value_real(-number->constant.real, number->constant.decimals);
    return count;
}

// The entry and the number of the comparison at `at`, and which side the entry is on.
static bool take_apart(const struct formula *formula, size_t at, const struct node **ret_entry,
                       struct value *ret_number, bool *ret_is_left)
{
    size_t count = at > 0 ? take_number(formula, at, ret_number) : 0;
    if (count > 0 && at > count && is_entry(&formula->nodes[at - 1 - count])) {
        *ret_entry = &formula->nodes[at - 1 - count];
        *ret_is_left = true;
        return true;
    }
    if (at < 2 || !is_entry(&formula->nodes[at - 1]))
        return false;
    *ret_entry = &formula->nodes[at - 1];
    *ret_is_left = false;
    return take_number(formula, at - 1, ret_number) > 0;
}

static bool is_whole_entry(const struct point *point, bool raw)
{
    bool is_integer = point->source != SOURCE_FORMULA && codec_type(point->type)->is_integer;
    bool is_scaled = point->sf != NO_INDEX || point->scale_formula || point->formula ||
                     point->scale.exponent < 0 || point->offset.exponent < 0;
    return is_integer && (raw || !is_scaled);
}

// A whole entry never equals 0.5.
static bool is_fraction(const struct ordering *ordering, const struct value *number)
{
    int128 whole = 0;
    return ordering->below == ordering->above && !formula_whole(number, &whole);
}

// Whether every value from low to high stands on one side of the number.
static bool is_one_sided(const struct ordering *ordering, const struct value *number,
                         bool is_left, struct foregone *foregone)
{
    int low = value_compare(&foregone->low, number);
    int high = value_compare(&foregone->high, number);
    bool below = is_left ? ordering->below : ordering->above;
    bool above = is_left ? ordering->above : ordering->below;
    bool can_be_true =
        (low < 0 && below) || (high > 0 && above) || (low <= 0 && high >= 0 && ordering->equal);
    bool can_be_false = (low < 0 && !below) || (high > 0 && !above) ||
                        (low <= 0 && high >= 0 && !ordering->equal);
    foregone->verdict = can_be_true;
    return can_be_true != can_be_false;
}

void comparison_each_foregone(const struct formula *formula, const struct point *points,
                              void (*each)(void *context, const struct foregone *foregone),
                              void *context)
{
    for (size_t i = 2; i < formula->node_count; i++) {
        const struct ordering *ordering = find_ordering(&formula->nodes[i]);
        const struct node *entry = NULL;
        struct value number = {0};
        bool is_left = false;
        if (!ordering || !take_apart(formula, i, &entry, &number, &is_left))
            continue;
        const struct point *point = &points[entry->index];
        bool raw = entry->kind == NODE_POINT_RAW;
        struct foregone foregone = {.point = point, .offset = formula->nodes[i].start};
        if (is_whole_entry(point, raw) && is_fraction(ordering, &number)) {
            foregone.is_fraction = true;
            foregone.verdict = ordering->below;
            each(context, &foregone);
        } else if (codec_limits(point, raw, &foregone.low, &foregone.high) &&
                   is_one_sided(ordering, &number, is_left, &foregone)) {
            each(context, &foregone);
        }
    }
}
