// SPDX-License-Identifier: MIT
#include "cli/grid.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { GAP = 2, FOREVER = INT_MAX };

size_t grid_add_column(struct grid *grid, const char *title, int worth, bool is_left)
{
    size_t column = grid->column_count++;
    grid->titles[column] = title;
    grid->worth[column] = worth;
    grid->is_left[column] = is_left;
    return column;
}

void grid_done(struct grid *grid)
{
    for (size_t i = 0; i < grid->row_count * grid->column_count; i++)
        free(grid->cells[i].text);
    free(grid->cells);
    *grid = (struct grid){0};
}

size_t grid_add_row(struct grid *grid)
{
    size_t used = grid->row_count * grid->column_count;
    grid->cells = mem_resize(grid->cells, used + grid->column_count, sizeof *grid->cells);
    memset(grid->cells + used, 0, grid->column_count * sizeof *grid->cells);
    return grid->row_count++;
}

static const struct grid_cell *cell_at(const struct grid *grid, size_t row, size_t column)
{
    return &grid->cells[row * grid->column_count + column];
}

void grid_set(struct grid *grid, size_t row, size_t column, const char *text, bool is_faint)
{
    struct grid_cell *cell = &grid->cells[row * grid->column_count + column];
    free(cell->text);
    *cell = (struct grid_cell){mem_copy_text(text), is_faint};
}

// Characters, not bytes.
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

// Of a column with its title; 0: nothing stands in it.
static size_t column_width(const struct grid *grid, size_t column)
{
    size_t width = 0;
    for (size_t row = 0; row < grid->row_count; row++) {
        const char *text = cell_at(grid, row, column)->text;
        size_t own = text ? width_of(text) : 0;
        width = own > width ? own : width;
    }
    size_t title = width_of(grid->titles[column]);
    return width && title > width ? title : width;
}

static size_t total(const struct grid *grid, const size_t *widths)
{
    size_t sum = 0;
    for (size_t i = 0; i < grid->column_count; i++)
        sum += widths[i] ? widths[i] + GAP : 0;
    return sum;
}

// Takes columns out until it fits; their titles go to `ret_left`.
static void make_fit(const struct grid *grid, size_t width, size_t *widths,
                     struct strbuf *ret_left)
{
    while (width && total(grid, widths) > width) {
        size_t least = grid->column_count;
        int worth = FOREVER;
        for (size_t i = 0; i < grid->column_count; i++) {
            if (widths[i] && grid->worth[i] < worth) {
                least = i;
                worth = grid->worth[i];
            }
        }
        if (least == grid->column_count)
            return;
        strbuf_printf(ret_left, "%s%s", ret_left->length ? ", " : "", grid->titles[least]);
        widths[least] = 0;
    }
}

static void add_cell(struct strbuf *out, const char *text, size_t width, bool is_left,
                     bool is_faint)
{
    size_t own = width_of(text);
    size_t blanks = width > own ? width - own : 0;
    for (size_t i = 0; i < GAP + (is_left ? 0 : blanks); i++)
        strbuf_add_char(out, ' ');
    strbuf_add(out, is_faint ? "\033[2m" : "");
    strbuf_add(out, text);
    strbuf_add(out, is_faint ? "\033[0m" : "");
    for (size_t i = 0; is_left && i < blanks; i++)
        strbuf_add_char(out, ' ');
}

static void end_line(struct strbuf *out)
{
    while (out->length && out->text[out->length - 1] == ' ')
        out->text[--out->length] = '\0';
    strbuf_add_char(out, '\n');
}

void grid_print(const struct grid *grid, size_t width, bool in_colour, struct strbuf *out)
{
    size_t widths[MAX_GRID_COLUMNS];
    struct strbuf left = {0};
    for (size_t i = 0; i < grid->column_count; i++)
        widths[i] = column_width(grid, i);
    make_fit(grid, width, widths, &left);
    for (size_t i = 0; i < grid->column_count; i++) {
        if (widths[i])
            add_cell(out, grid->titles[i], widths[i], grid->is_left[i], false);
    }
    end_line(out);
    for (size_t row = 0; row < grid->row_count; row++) {
        for (size_t i = 0; i < grid->column_count; i++) {
            const struct grid_cell *cell = cell_at(grid, row, i);
            if (widths[i])
                add_cell(out, cell->text ? cell->text : "", widths[i], grid->is_left[i],
                         cell->is_faint && in_colour);
        }
        end_line(out);
    }
    if (left.length)
        strbuf_printf(out, "  (too wide for this terminal: %s)\n", strbuf_text(&left));
    strbuf_done(&left);
}
