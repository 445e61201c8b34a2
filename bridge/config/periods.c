// SPDX-License-Identifier: MIT
#include "config/periods.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "registers/formula.h"

// A growing list of entries.
struct indexes {
    int *items;
    size_t count;
    size_t capacity;
};

static void add_index(void *context, int point)
{
    struct indexes *list = context;
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 256;
        list->items = mem_resize(list->items, list->capacity, sizeof *list->items);
    }
    list->items[list->count++] = point;
}

static void add_formula(struct indexes *list, const struct formula *formula)
{
    if (formula)
        formula_each_point(formula, add_index, list);
}

struct dependencies dependencies_collect(struct arena *arena, const struct point *points,
                                         size_t count)
{
    struct indexes list = {0};
    size_t *starts = ARENA_NEW_ARRAY(arena, count + 1, size_t);
    for (size_t i = 0; i < count; i++) {
        const struct point *point = &points[i];
        starts[i] = list.count;
        if (point->from != NO_INDEX)
            add_index(&list, point->from);
        if (point->sf != NO_INDEX)
            add_index(&list, point->sf);
        add_formula(&list, point->scale_formula);
        add_formula(&list, point->formula);
        add_formula(&list, point->when);
    }
    starts[count] = list.count;
    int *items = ARENA_NEW_ARRAY(arena, list.count, int);
    for (size_t i = 0; i < list.count; i++)
        items[i] = list.items[i];
    free(list.items);
    return (struct dependencies){items, starts};
}

// Periods in order: as often as possible, some time, once per connection, on need.
static int64_t rank(int64_t every_ms)
{
    if (every_ms == EVERY_CONNECT)
        return INT64_MAX - 1;
    return every_ms == EVERY_NEED ? INT64_MAX : every_ms;
}

struct spread {
    struct point *points;
    const struct dependencies *needs;
    bool *is_open; // the period is not given: users decide
    struct indexes queue;
};

static void demand(struct spread *spread, int index, int64_t every_ms)
{
    struct point *point = &spread->points[index];
    if (!spread->is_open[index] || rank(every_ms) >= rank(point->every_ms))
        return;
    point->every_ms = every_ms;
    add_index(&spread->queue, index);
}

static void demand_needs(struct spread *spread, size_t index)
{
    const struct dependencies *needs = spread->needs;
    for (size_t i = needs->starts[index]; i < needs->starts[index + 1]; i++)
        demand(spread, needs->items[i], spread->points[index].every_ms);
}

struct alert_demand {
    struct spread *spread;
    int64_t every_ms;
};

static void demand_for_alert(void *context, int point)
{
    const struct alert_demand *alert_demand = context;
    demand(alert_demand->spread, point, alert_demand->every_ms);
}

static void demand_alerts(struct spread *spread, const struct map *map)
{
    struct alert_demand alert_demand = {spread, map->modbus.every_ms};
    for (size_t i = 0; i < map->alert_count; i++) {
        const struct alert *alert = &map->alerts[i];
        if (alert->from != NO_INDEX)
            demand(spread, alert->from, map->modbus.every_ms);
        if (alert->when)
            formula_each_point(alert->when, demand_for_alert, &alert_demand);
    }
    for (size_t i = 0; i < map->identify_count; i++)
        demand(spread, map->identify[i].point, EVERY_CONNECT);
}

static void set_own_period(struct point *point, const struct modbus_settings *modbus)
{
    static const int64_t properties_ms = PROPERTIES_EVERY_MS;
    if (point->section == SECTION_TELEMETRY)
        point->every_ms = modbus->every_ms;
    else if (point->section == SECTION_PROPERTIES)
        point->every_ms = properties_ms;
    else
        point->every_ms = EVERY_NEED;
}

void periods_resolve(struct point *points, size_t count, const struct dependencies *needs,
                     const struct map *map)
{
    struct spread spread = {.points = points, .needs = needs};
    spread.is_open = mem_new(count + 1, sizeof *spread.is_open);
    for (size_t i = 0; i < count; i++) {
        if (points[i].every_ms != PERIOD_OPEN)
            continue;
        spread.is_open[i] = points[i].section == SECTION_REGISTERS;
        set_own_period(&points[i], &map->modbus);
    }
    for (size_t i = 0; i < count; i++)
        demand_needs(&spread, i);
    demand_alerts(&spread, map);
    for (size_t i = 0; i < spread.queue.count; i++)
        demand_needs(&spread, (size_t)spread.queue.items[i]);
    for (size_t i = 0; i < count; i++) {
        if (!(points[i].access & ACCESS_READ))
            points[i].every_ms = EVERY_NEED;
    }
    free(spread.queue.items);
    free(spread.is_open);
}
