// SPDX-License-Identifier: MIT
// The words of vendors' register tables and what they are in a map: types, tables, access,
// units. Rows of tables; pure, const.
#ifndef IMPORT_REGISTER_WORDS_H
#define IMPORT_REGISTER_WORDS_H

#include <stdbool.h>

#include "base/suggest.h"
#include "model/point.h"

struct register_type {
    const char *name;
    const char *aliases;  // with spaces between them
    const char *map_type; // "u16"
    const char *bits;     // the part of the register; NULL: all of it
    int words;            // 0: as the table says
    bool has_bits;        // labels are of bits, not of codes
};

struct register_table {
    const char *name; // also in a map
    const char *aliases;
    enum table table;
};

struct register_access {
    const char *name;
    const char *aliases;
    bool is_readable;
    bool is_writable;
    const char *access; // in a map; NULL: the default
};

// The row with this name, without regard to case; NULL when there is none, and candidates are
// offered to `suggestion` then.
const struct register_type *register_type_find(const char *name, struct suggestion *suggestion);
const struct register_table *register_table_find(const char *name,
                                                 struct suggestion *suggestion);
const struct register_access *register_access_find(const char *name,
                                                   struct suggestion *suggestion);

// The type of a value of so many registers about which a table says nothing more; NULL when
// that is a guess.
const struct register_type *register_type_of_size(int words);

// A unit as vendors write it in UCUM; units that are not known stay as they are.
const char *register_unit(const char *unit);

#endif
