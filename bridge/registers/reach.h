// SPDX-License-Identifier: MIT
// How far one request may reach: what lies at each address of a place, whether a request may
// read through it, and how much of it. One owner; lives while a plan is made.
//
// A request may cross what is wanted, and what the map lists as readable at any time (no when,
// not optional); up to merge_gap addresses in a row that the map does not list; never what is
// unreadable, refused, write-only, an exact block of the firmware or an entry that is read
// alone. A learned border it crosses only inside a value.
#ifndef REGISTERS_REACH_H
#define REGISTERS_REACH_H

#include <stdbool.h>

#include "registers/block.h"
#include "registers/place.h"
#include "registers/refusals.h"

struct reach;

// `refusals` are those of the request and must outlive it.
struct reach *reach_new(const struct plan_request *request, const struct refusals *refusals);
void reach_free(struct reach *reach);

// Turns to another place; what was said to be wanted is forgotten. Cheap when it is there
// already.
void reach_enter(struct reach *reach, const struct place *place);

// Says that these addresses are wanted, or no longer: what is wanted twice is wanted until that
// was said twice.
void reach_want(struct reach *reach, struct extent at, bool is_wanted);

// Whether one request may read all of these addresses, whatever their number.
bool reach_may_cross(const struct reach *reach, struct extent at);

// How many registers or bits one request may have here.
int reach_limit(const struct reach *reach);

#endif
