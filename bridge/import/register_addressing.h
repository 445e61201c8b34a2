// SPDX-License-Identifier: MIT
// How a vendor's table counts its addresses: from 0, from 1, or with the table as the first
// digit. Pure.
#ifndef IMPORT_REGISTER_ADDRESSING_H
#define IMPORT_REGISTER_ADDRESSING_H

#include <stdbool.h>
#include <stdint.h>

// What the addresses of a table count from.
struct register_addressing {
    const char *name; // as a map and the command line have it
    bool is_modicon;  // the first digit names the table
    int64_t first;    // the lowest address, unless it is
};

// The addressing with this name (NULL: zero_based), or NULL.
const struct register_addressing *register_addressing_find(const char *name);

// The table that an address names by itself ("holding"); NULL when it names none.
const char *register_addressing_table(const struct register_addressing *addressing,
                                      int64_t address);

// Whether an address, as printed, is one of the table's, with room for so many words.
bool register_addressing_fits(const struct register_addressing *addressing, const char *table,
                              int64_t address, int words);

#endif
