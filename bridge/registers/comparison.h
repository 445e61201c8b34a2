// SPDX-License-Identifier: MIT
// Comparisons of a formula whose outcome is known before anything was read: with a number that
// the entry can never have. Pure, any thread.
#ifndef REGISTERS_COMPARISON_H
#define REGISTERS_COMPARISON_H

#include "model/point.h"
#include "registers/formula.h"

struct foregone {
    const struct point *point; // the entry that is compared
    size_t offset;             // of the comparison in the formula's text, in bytes
    bool verdict;              // what it always is
    bool is_fraction;          // the entry is whole, the number is not
    struct value low;          // what the entry can be; unless is_fraction
    struct value high;
};

// Calls `each` for every comparison by == != < <= > >= between an entry (or raw() of it) and a
// number written there that is always true or always false. `points` are those of the map. A
// number that is a parameter or the variable of a repeat is left alone: another installation
// has another.
void comparison_each_foregone(const struct formula *formula, const struct point *points,
                              void (*each)(void *context, const struct foregone *foregone),
                              void *context);

#endif
