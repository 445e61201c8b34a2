// SPDX-License-Identifier: MIT
// The cheapest requests that cover what is wanted of one table: exact, by dynamic programming
// from the end, in time linear in items x items that fit into one request. Pure.
//
// Why it is exact: when both ends of the items ascend, a request that covers items i and k
// covers all between. Of two requests that share an item the later one may begin after the
// earlier one ends, which only makes it shorter. So some cheapest answer cuts the row of items
// into pieces, and every way to cut is tried.
#ifndef REGISTERS_COVER_H
#define REGISTERS_COVER_H

#include <stdbool.h>
#include <stddef.h>

#include "model/wire_cost.h"
#include "registers/place.h"

struct cover_problem {
    const struct extent *items; // each to be wholly inside one request; both ends ascend
    const bool *joins;          // joins[i]: a request may read on from item i into item i + 1
    size_t count;
    enum table table;
    int limit; // registers or bits of one request; an item that is longer goes alone
    const struct wire_cost *cost;
};

// Writes the requests, ascending, and returns how many (at most `count`). Of equally cheap
// answers it is the one with the longest requests first.
size_t cover_cheapest(const struct cover_problem *problem, struct extent *ret_requests);

#endif
