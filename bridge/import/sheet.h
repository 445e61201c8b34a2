// SPDX-License-Identifier: MIT
// A table with named columns from a CSV file: the header is matched with a table of columns, a
// wrong name is answered with the right one. Every finding has its place. One thread; const
// after it was read, lives as long as the arena.
#ifndef IMPORT_SHEET_H
#define IMPORT_SHEET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "config/diagnostics.h"
#include "model/position.h"

enum {
    MAX_SHEET_COLUMNS = 24, // that a caller knows
    MAX_SHEET_ROWS = 10000,
    MAX_SHEET_BYTES = 4 * 1024 * 1024,
};

struct sheet_column {
    const char *name;    // as documented: small letters and _
    const char *aliases; // other names, with spaces between them; NULL: none
    bool required;
};

struct sheet_cell {
    const char *text; // one line of valid UTF-8, trimmed; "" when there is none
    int column;       // where it stands; 0: nowhere
};

struct sheet_row {
    struct position at;
    struct sheet_cell cells[MAX_SHEET_COLUMNS]; // in the order of the caller's columns
};

struct sheet {
    const struct sheet_row *rows;
    size_t count;
};

// Reads a file. Names of columns are compared without regard to case, spaces and underscores
// are the same. Columns nobody knows are warned of and passed over. Returns -1 when there was
// an error.
int sheet_read(struct arena *arena, const char *path, const struct sheet_column *columns,
               size_t column_count, struct diagnostics *diagnostics, struct sheet *ret_sheet);

// Where a cell stands; the row's own place when it is not there.
struct position sheet_place(const struct sheet_row *row, size_t column);

#endif
