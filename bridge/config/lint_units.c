// SPDX-License-Identifier: MIT
// Units that are no UCUM codes although there is one: the cloud takes C for coulomb, and what
// it does not know it neither scales nor converts.
#include "config/lint.h"
#include "config/ucum.h"

static void check_unit(const struct position *at, const char *key, const char *unit,
                       struct diagnostics *diagnostics)
{
    const char *meant = unit ? ucum_meant(unit) : NULL;
    // What has but an annotation in UCUM ({rotations}/min) may keep the name people know.
    if (!meant || meant[0] == '{')
        return;
    diagnostics_warning(diagnostics, at, "'%s': the unit '%s' is written '%s' in UCUM", key,
                        unit, meant);
}

void lint_units(const struct map *map, struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < map->point_count; i++)
        check_unit(&map->points[i].at, map->points[i].key, map->points[i].unit, diagnostics);
}
