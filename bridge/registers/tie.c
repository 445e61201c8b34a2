// SPDX-License-Identifier: MIT
#include "registers/tie.h"

#include <stdlib.h>

#include "base/mem.h"
#include "registers/formula.h"

// Collects the ties of one entry.
struct collector {
    const struct map *map;
    const bool *is_wanted;
    struct tie_list *list;
    size_t capacity;
    int value;
};

static int words_index(const struct map *map, int point)
{
    const struct point *words = map_words_of(map, &map->points[point]);
    return words ? map_index(map, words) : NO_INDEX;
}

static void add_tie(void *context, int point)
{
    struct collector *collector = context;
    int scale = words_index(collector->map, point);
    if (scale == NO_INDEX || scale == collector->value || !collector->is_wanted[scale])
        return;
    struct tie_list *list = collector->list;
    if (list->count == collector->capacity) {
        collector->capacity = collector->capacity ? 2 * collector->capacity : 16;
        list->ties = mem_resize(list->ties, collector->capacity, sizeof *list->ties);
    }
    list->ties[list->count++] = (struct tie){collector->value, scale};
}

static int compare_ties(const void *left, const void *right)
{
    const struct tie *a = left;
    const struct tie *b = right;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return a->scale < b->scale ? -1 : a->scale > b->scale;
}

struct tie_list tie_list_of(const struct plan_request *request, const bool *is_wanted)
{
    struct tie_list list = {.is_tied = mem_new(request->map->point_count, sizeof(bool))};
    struct collector collector = {request->map, is_wanted, &list, 0, NO_INDEX};
    for (size_t i = 0; i < request->map->point_count; i++) {
        const struct point *point = &request->map->points[i];
        if (point->sf == NO_INDEX && !point->scale_formula)
            continue;
        collector.value = words_index(request->map, (int)i);
        if (collector.value == NO_INDEX || !is_wanted[collector.value])
            continue;
        if (point->sf != NO_INDEX)
            add_tie(&collector, point->sf);
        if (point->scale_formula)
            formula_each_point(point->scale_formula, add_tie, &collector);
    }
    if (list.count > 1)
        qsort(list.ties, list.count, sizeof *list.ties, compare_ties);
    return list;
}

void tie_list_done(struct tie_list *list)
{
    free(list->ties);
    free(list->is_tied);
    *list = (struct tie_list){0};
}

// The ties of one value.
static struct tie_list ties_of(const struct tie_list *list, int value)
{
    size_t low = 0;
    size_t high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->ties[middle].value < value)
            low = middle + 1;
        else
            high = middle;
    }
    while (high < list->count && list->ties[high].value == value)
        high++;
    return (struct tie_list){.ties = list->ties + low, .count = high - low};
}

static struct extent widen(struct extent hull, const struct point *point)
{
    for (size_t i = 0; i < place_part_count(point); i++) {
        struct extent part = place_part(point, i);
        hull.from = part.from < hull.from ? part.from : hull.from;
        hull.to = part.to > hull.to ? part.to : hull.to;
    }
    return hull;
}

static struct extent hull_of(const struct point *point)
{
    return widen(place_part(point, 0), point);
}

// The value whose ties are looked at, and where its runs go.
struct knot {
    const struct plan_request *request;
    struct reach *reach;
    struct run_list *runs;
    bool *is_tied;
    struct run_kind kind;
    int value;
};

static const struct point *point_of(const struct knot *knot, int index)
{
    return &knot->request->map->points[index];
}

static void want(const struct knot *knot, int index, bool is_wanted)
{
    const struct point *point = point_of(knot, index);
    for (size_t i = 0; i < place_part_count(point); i++)
        reach_want(knot->reach, place_part(point, i), is_wanted);
}

// Whether a part of the entry is in an exact request of the firmware.
static bool is_exact(const struct knot *knot, int index)
{
    const struct modbus_settings *modbus = knot->request->modbus;
    const struct point *point = point_of(knot, index);
    for (size_t i = 0; i < place_part_count(point); i++) {
        if (place_inside(&knot->kind.place, place_part(point, i), modbus->blocks,
                         modbus->block_count) != NO_INDEX)
            return true;
    }
    return false;
}

// Whether one request may bring the value and the scales of these ties.
static bool may_hold(const struct knot *knot, struct extent hull, const struct tie_list *ties)
{
    const struct modbus_settings *modbus = knot->request->modbus;
    const struct run_kind *kind = &knot->kind;
    if (kind->block != NO_INDEX)
        return place_inside(&kind->place, hull, &modbus->blocks[kind->block], 1) == 0;
    if (hull.to - hull.from > reach_limit(knot->reach))
        return false;
    bool holds = !is_exact(knot, knot->value);
    for (size_t i = 0; i < ties->count; i++) {
        holds &= !is_exact(knot, ties->ties[i].scale);
        want(knot, ties->ties[i].scale, true);
    }
    holds = holds && reach_may_cross(knot->reach, hull);
    for (size_t i = 0; i < ties->count; i++)
        want(knot, ties->ties[i].scale, false);
    return holds;
}

// Adds the runs of a value and the scales of these ties when one request may bring them.
static bool add_hull(const struct knot *knot, const struct tie_list *ties)
{
    struct extent hull = hull_of(point_of(knot, knot->value));
    for (size_t i = 0; i < ties->count; i++)
        hull = widen(hull, point_of(knot, ties->ties[i].scale));
    if (!may_hold(knot, hull, ties))
        return false;
    struct run run = {knot->kind, hull, knot->value, knot->value};
    run_list_add(knot->runs, &run);
    knot->is_tied[run.point] = true;
    for (size_t i = 0; i < ties->count; i++) {
        run.point = ties->ties[i].scale;
        run_list_add(knot->runs, &run);
        knot->is_tied[run.point] = true;
    }
    return true;
}

static void tie_value(const struct knot *knot, struct tie_list ties)
{
    const struct tie_list none = {0};
    struct tie_list akin = {.ties = mem_new(ties.count, sizeof *akin.ties)};
    for (size_t i = 0; i < ties.count; i++) {
        bool is_new = i == 0 || ties.ties[i].scale != ties.ties[i - 1].scale;
        if (is_new && run_kind_admits(&knot->kind, point_of(knot, ties.ties[i].scale)))
            akin.ties[akin.count++] = ties.ties[i];
    }
    bool is_done = akin.count > 0 && add_hull(knot, &akin);
    for (size_t i = 0; i < akin.count && !is_done; i++)
        (void)add_hull(knot, &(struct tie_list){.ties = &akin.ties[i], .count = 1});
    if (!is_done && point_of(knot, knot->value)->part_count > 0)
        (void)add_hull(knot, &none);
    free(akin.ties);
}

// Takes out the runs of single entries that come in a run with others; the first `count` are
// those of single entries.
static void drop_tied(const bool *is_tied, struct run_list *runs, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < runs->count; i++) {
        if (i >= count || !is_tied[runs->runs[i].point])
            runs->runs[kept++] = runs->runs[i];
    }
    runs->count = kept;
}

void tie_runs(struct tie_list *list, const struct plan_request *request, struct reach *reach,
              struct run_list *runs)
{
    size_t count = runs->count;
    for (size_t i = 0; i < count; i++) {
        const struct run *run = &runs->runs[i];
        const struct point *point = &request->map->points[run->point];
        struct tie_list ties = ties_of(list, run->point);
        bool is_first = run->at.from == place_part(point, 0).from;
        struct knot knot = {request, reach, runs, list->is_tied, run->kind, run->point};
        if (is_first && (ties.count || point->part_count))
            tie_value(&knot, ties);
    }
    drop_tied(list->is_tied, runs, count);
    for (size_t i = 0; i < runs->count; i++)
        list->is_tied[runs->runs[i].point] = false;
}
