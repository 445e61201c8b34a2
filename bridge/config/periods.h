// SPDX-License-Identifier: MIT
// How often every entry is read when the map does not say: the fastest of those that need it.
// Pure. Internal to config.
#ifndef CONFIG_PERIODS_H
#define CONFIG_PERIODS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/map.h"

// Which entries each entry needs: the words it is a view of, its sf, and what its formulas
// name.
struct dependencies {
    const int *items;
    const size_t *starts; // of entry i: items[starts[i]] .. items[starts[i + 1] - 1]
};

// In the arena; `points` are not kept.
struct dependencies dependencies_collect(struct arena *arena, const struct point *points,
                                         size_t count);

enum {
    PERIOD_OPEN = -10, // every_ms of an entry without every: of its own
    PROPERTIES_EVERY_MS = 600 * 1000,
};

// Replaces every PERIOD_OPEN: telemetry by `every_ms`, properties by PROPERTIES_EVERY_MS; an
// entry of registers: by the fastest period of those that need it, alerts at `every_ms` and
// identify at EVERY_CONNECT among them, or EVERY_NEED when only commands do. Periods given
// stay. Write-only entries are never polled.
void periods_resolve(struct point *points, size_t count, const struct dependencies *needs,
                     const struct map *map);

#endif
