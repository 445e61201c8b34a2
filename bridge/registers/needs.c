// SPDX-License-Identifier: MIT
#include "registers/needs.h"

#include <stdlib.h>

#include "base/mem.h"

void needs_init(struct needs *needs, const struct map *map)
{
    *needs = (struct needs){
        .map = map,
        .points = mem_new(map->point_count, sizeof *needs->points),
        .has = mem_new(map->point_count, sizeof *needs->has),
    };
}

void needs_done(struct needs *needs)
{
    free(needs->points);
    free(needs->has);
    *needs = (struct needs){0};
}

void needs_clear(struct needs *needs)
{
    for (size_t i = 0; i < needs->count; i++)
        needs->has[needs->points[i]] = false;
    needs->count = 0;
}

void needs_add(struct needs *needs, int point)
{
    if (point == NO_INDEX || needs->has[point])
        return;
    needs->has[point] = true;
    needs->points[needs->count++] = point;
}

static void add_named(void *context, int point)
{
    needs_add(context, point);
}

void needs_add_formula(struct needs *needs, const struct formula *formula)
{
    if (formula)
        formula_each_point(formula, add_named, needs);
}

void needs_close(struct needs *needs)
{
    // The list grows while it is walked, until nothing new is needed.
    for (size_t i = 0; i < needs->count; i++) {
        const struct point *point = &needs->map->points[needs->points[i]];
        if (point->source == SOURCE_VIEW)
            needs_add(needs, point->from);
        needs_add(needs, point->sf);
        needs_add_formula(needs, point->scale_formula);
        needs_add_formula(needs, point->formula);
        needs_add_formula(needs, point->when);
    }
}
