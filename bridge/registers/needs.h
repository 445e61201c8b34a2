// SPDX-License-Identifier: MIT
// A set of entries of a map and what their values depend on: the words of a view, scale
// factors, conditions, formulas. One owner.
#ifndef REGISTERS_NEEDS_H
#define REGISTERS_NEEDS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/map.h"
#include "registers/formula.h"

struct needs {
    const struct map *map;
    int *points; // indexes, in the order they were added
    size_t count;
    bool *has; // per entry of the map
};

// Nothing is needed yet; `map` must outlive it. Ends with needs_done.
void needs_init(struct needs *needs, const struct map *map);
void needs_done(struct needs *needs);

// Empties the set.
void needs_clear(struct needs *needs);

// Adds an entry; NO_INDEX and what is in the set already add nothing.
void needs_add(struct needs *needs, int point);

// Adds the entries a formula names; NULL adds nothing.
void needs_add_formula(struct needs *needs, const struct formula *formula);

// Adds what the entries in the set need in turn, to the end of every chain.
void needs_close(struct needs *needs);

#endif
