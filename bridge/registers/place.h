// SPDX-License-Identifier: MIT
// Where an address counts, and the addresses of an entry there. Pure, any thread.
#ifndef REGISTERS_PLACE_H
#define REGISTERS_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/map.h"

// The addresses from <= a < to.
struct extent {
    int from;
    int to;
};

// One table of one unit, or one SunSpec model in it, where addresses count from.
struct place {
    int unit_id; // or NO_INDEX: the device's
    enum table table;
    uint8_t model; // as of a point
};

// Where the addresses of an entry count.
struct place place_of(const struct point *point);

// Less than, equal to or greater than 0.
int place_compare(const struct place *a, const struct place *b);

// Whether the addresses of a span count here.
bool place_has(const struct place *place, const struct span *span);

// The first span that holds all of the addresses, or NO_INDEX.
int place_inside(const struct place *place, struct extent at, const struct span *spans,
                 size_t count);

// How many runs of addresses an entry has: one, or one for each of its words that lie apart.
size_t place_part_count(const struct point *point);

// One of them.
struct extent place_part(const struct point *point, size_t part);

#endif
