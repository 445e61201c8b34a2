// SPDX-License-Identifier: MIT
// What kind of value an entry has, as formulas and arguments see it. Pure, any thread.
#ifndef REGISTERS_VALUE_TYPE_H
#define REGISTERS_VALUE_TYPE_H

#include "model/point.h"
#include "registers/formula.h"

struct value_type {
    enum formula_type type;
    bool is_integer; // of a number: it is always whole
};

// Of an entry's words, with scale and offset; not of one that is only computed.
struct value_type value_type_of_words(const struct point *point);

// Of the entry: labels and value: count.
struct value_type value_type_of(const struct point *point);

#endif
