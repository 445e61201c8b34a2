// SPDX-License-Identifier: MIT
#include "registers/place.h"

struct place place_of(const struct point *point)
{
    return (struct place){point->unit_id, point->table, point->model};
}

int place_compare(const struct place *a, const struct place *b)
{
    if (a->unit_id != b->unit_id)
        return a->unit_id < b->unit_id ? -1 : 1;
    if (a->table != b->table)
        return a->table < b->table ? -1 : 1;
    return (int)a->model - (int)b->model;
}

bool place_has(const struct place *place, const struct span *span)
{
    return span->table == place->table && span->model == place->model;
}

int place_inside(const struct place *place, struct extent at, const struct span *spans,
                 size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct span *span = &spans[i];
        if (place_has(place, span) && at.from >= span->address &&
            at.to <= span->address + span->count)
            return (int)i;
    }
    return NO_INDEX;
}

size_t place_part_count(const struct point *point)
{
    return point->part_count ? point->part_count : 1;
}

struct extent place_part(const struct point *point, size_t part)
{
    if (point->part_count)
        return (struct extent){point->parts[part], point->parts[part] + 1};
    return (struct extent){point->address, point->address + point->word_count};
}
