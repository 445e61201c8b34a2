// SPDX-License-Identifier: MIT
// A vendor's register table as a sheet: its rows, checked. docs/maps.md says what the columns
// mean. One thread; const after it was read, lives as long as the arena.
#ifndef IMPORT_REGISTER_SHEET_H
#define IMPORT_REGISTER_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "config/diagnostics.h"
#include "import/labels.h"
#include "import/register_addressing.h"
#include "import/register_words.h"
#include "import/sheet.h"

struct register_row {
    const struct register_table *table;
    int64_t address; // as printed
    const struct register_type *type;
    int words;
    const char *key;
    const char *unit;       // NULL: none
    const char *scale;      // as written; NULL: 1
    const char *offset;     // as written; NULL: 0
    const char *word_order; // NULL: the map's
    const struct register_access *access;
    enum section section;
    struct import_labels labels;
    const char *severity; // of its bits
    const char *remark;   // what the table says besides; may be ""
};

struct register_sheet {
    const char *path;
    const struct register_addressing *addressing;
    const struct register_row *rows;
    size_t count;
};

// Reads a file. -1 when there was an error; every row is looked at.
int register_sheet_read(struct arena *arena, const char *path,
                        const struct register_addressing *addressing,
                        struct diagnostics *diagnostics, struct register_sheet *ret_sheet);

#endif
