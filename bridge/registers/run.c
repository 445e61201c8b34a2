// SPDX-License-Identifier: MIT
#include "registers/run.h"

#include <stdlib.h>

#include "base/mem.h"
#include "registers/formula.h"

void run_list_add(struct run_list *list, const struct run *run)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 16;
        list->runs = mem_resize(list->runs, list->capacity, sizeof *list->runs);
    }
    list->runs[list->count++] = *run;
}

void run_list_done(struct run_list *list)
{
    free(list->runs);
    *list = (struct run_list){0};
}

static int compare_numbers(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_conditions(const struct formula *a, const struct formula *b)
{
    if (a == b)
        return 0;
    if (!a || !b)
        return a ? 1 : -1;
    return formula_order(a, b);
}

int run_compare_family(const struct run_kind *a, const struct run_kind *b)
{
    int order = place_compare(&a->place, &b->place);
    if (!order)
        order = compare_numbers(a->optional, b->optional);
    if (!order)
        order = compare_numbers(a->block, b->block);
    if (!order)
        order = compare_numbers(a->alone, b->alone);
    return order ? order : compare_conditions(a->when, b->when);
}

int run_compare_kind(const struct run_kind *a, const struct run_kind *b)
{
    int order = run_compare_family(a, b);
    if (!order)
        order = compare_numbers(a->every_ms < 0, b->every_ms < 0);
    return order ? order : compare_numbers(a->every_ms, b->every_ms);
}

struct run_kind run_kind_of(const struct point *point, int index, int block)
{
    return (struct run_kind){
        .place = place_of(point),
        .optional = point->optional,
        .block = block,
        .alone = point->alone ? index : NO_INDEX,
        .when = point->when,
        .every_ms = point->every_ms,
    };
}

bool run_kind_admits(const struct run_kind *kind, const struct point *point)
{
    struct place place = place_of(point);
    bool is_same = kind->alone == NO_INDEX && !point->alone &&
                   kind->optional == point->optional &&
                   place_compare(&kind->place, &place) == 0;
    return is_same && (kind->every_ms == EVERY_NEED || !point->when ||
                       compare_conditions(kind->when, point->when) == 0);
}

static int compare_runs(const void *left, const void *right)
{
    const struct run *a = left;
    const struct run *b = right;
    int order = run_compare_kind(&a->kind, &b->kind);
    if (!order)
        order = compare_numbers(a->at.from, b->at.from);
    if (!order)
        order = compare_numbers(b->at.to, a->at.to);
    return order ? order : compare_numbers(a->point, b->point);
}

void run_list_sort(struct run_list *list)
{
    if (list->count > 1)
        qsort(list->runs, list->count, sizeof *list->runs, compare_runs);
}
