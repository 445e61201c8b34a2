// SPDX-License-Identifier: MIT
// A table for a terminal: columns as wide as what is in them, empty ones left out, and where it
// is too wide the least important ones too. One owner.
#ifndef CLI_GRID_H
#define CLI_GRID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

enum { MAX_GRID_COLUMNS = 24 };

struct grid_cell {
    char *text; // NULL: nothing
    bool is_faint;
};

struct grid {
    const char *titles[MAX_GRID_COLUMNS]; // not copied
    int worth[MAX_GRID_COLUMNS];          // the least is left out first
    bool is_left[MAX_GRID_COLUMNS];       // aligned to the left
    size_t column_count;
    struct grid_cell *cells; // row by row
    size_t row_count;
};

// A column; returns its index. All columns come before the first row.
size_t grid_add_column(struct grid *grid, const char *title, int worth, bool is_left);
void grid_done(struct grid *grid);

// A row without content; returns its index.
size_t grid_add_row(struct grid *grid);

// Sets a cell; the text is copied. UTF-8 without control characters.
void grid_set(struct grid *grid, size_t row, size_t column, const char *text, bool is_faint);

// Adds the table, `width` characters wide at most (0: any), faint cells dimmed `in_colour`.
// Columns that did not fit are named below it.
void grid_print(const struct grid *grid, size_t width, bool in_colour, struct strbuf *out);

#endif
