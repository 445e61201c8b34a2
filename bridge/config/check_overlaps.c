// SPDX-License-Identifier: MIT
// Two entries over the same registers that do not agree where a value begins or what it is:
// mostly a wrong digit in an address.
#include <stdlib.h>

#include "base/mem.h"
#include "config/load.h"
#include "registers/codec.h"

static int compare_places(const void *left, const void *right)
{
    const struct point *a = *(const struct point *const *)left;
    const struct point *b = *(const struct point *const *)right;
    int order = (int)a->table - (int)b->table;
    if (order == 0)
        order = a->unit_id - b->unit_id;
    if (order == 0)
        order = a->model - b->model;
    if (order == 0)
        order = a->address - b->address;
    if (order == 0)
        order = a->word_count - b->word_count;
    return order ? order : (a > b) - (a < b);
}

static bool is_counted(const struct point *point)
{
    return point->source == SOURCE_WORDS && point->part_count == 0 && !point->when &&
           !table_is_bits(point->table);
}

static bool overlap(const struct point *a, const struct point *b)
{
    return a->table == b->table && a->unit_id == b->unit_id && a->model == b->model &&
           b->address < a->address + a->word_count;
}

static bool agree(const struct point *a, const struct point *b)
{
    if (a->address != b->address || a->word_count != b->word_count)
        return false;
    bool fields = a->bit_low != NO_INDEX || b->bit_low != NO_INDEX;
    return fields || a->type == b->type;
}

static void report(struct loader *loader, const struct point *a, const struct point *b)
{
    const struct point *later = a > b ? a : b;
    const struct point *earlier = a > b ? b : a;
    diagnostics_warning(loader->reader.diagnostics, &later->at,
                        "'%s' (%s, %s) lies over the registers of '%s' (%s, line %d): if both "
                        "are meant, make one a view (from:)",
                        later->key, table_names[later->table], codec_type(later->type)->name,
                        earlier->key, codec_type(earlier->type)->name, earlier->at.line);
}

void check_overlaps(struct loader *loader)
{
    const struct point **sorted = mem_new(loader->count + 1, sizeof *sorted);
    size_t count = 0;
    for (size_t i = 0; i < loader->count; i++) {
        if (is_counted(&loader->points[i]))
            sorted[count++] = &loader->points[i];
    }
    qsort(sorted, count, sizeof *sorted, compare_places);
    for (size_t i = 0; i + 1 < count; i++) {
        if (overlap(sorted[i], sorted[i + 1]) && !agree(sorted[i], sorted[i + 1]))
            report(loader, sorted[i], sorted[i + 1]);
    }
    free((void *)sorted);
}
