// SPDX-License-Identifier: MIT
// What a unit refuses, sorted for the look-ups of a plan. Pure; one owner; lives while a plan
// is made.
#ifndef REGISTERS_REFUSALS_H
#define REGISTERS_REFUSALS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/map.h"
#include "registers/place.h"

struct refusals;

// Sorted for questions. The caller owns it; `refusals` are not kept.
struct refusals *refusals_new(const struct refusal *refusals, size_t count);
void refusals_free(struct refusals *refusals);

// Whether one of the refused ranges touches these addresses.
bool refusals_touch(const struct refusals *refusals, const struct place *place,
                    struct extent at);

// How many registers or bits one request may have here: what was learned, if that is less than
// `limit`.
int refusals_limit(const struct refusals *refusals, const struct place *place, int limit);

// Where the addresses of a refusal count.
struct place refusal_place(const struct refusal *refusal);

#endif
