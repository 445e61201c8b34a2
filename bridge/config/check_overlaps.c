// SPDX-License-Identifier: MIT
// Two entries over the same registers that do not agree where a value begins or what it is, or
// that agree in everything: mostly a wrong digit in an address.
#include <stdlib.h>

#include "base/mem.h"
#include "config/load.h"
#include "registers/codec.h"

// One register or bit of one entry.
struct claim {
    const struct point *point;
    uint16_t address;
};

static int compare_claims(const void *left, const void *right)
{
    const struct claim *a = left;
    const struct claim *b = right;
    int order = (int)a->point->table - (int)b->point->table;
    if (order == 0)
        order = a->point->unit_id - b->point->unit_id;
    if (order == 0)
        order = a->point->model - b->point->model;
    if (order == 0)
        order = a->address - b->address;
    return order ? order : (a->point > b->point) - (a->point < b->point);
}

static bool is_same_place(const struct claim *a, const struct claim *b)
{
    return a->point->table == b->point->table && a->point->unit_id == b->point->unit_id &&
           a->point->model == b->point->model && a->address == b->address;
}

// Entries that are there at different times, such as those of two models, may share registers;
// so may what is only written and what is only read.
static bool is_at_once(const struct point *a, const struct point *b)
{
    if (!(a->access & b->access))
        return false;
    if (!a->when || !b->when)
        return a->when == b->when;
    return formula_order(a->when, b->when) == 0;
}

static bool has_same_words(const struct point *a, const struct point *b)
{
    bool same = a->address == b->address && a->word_count == b->word_count &&
                a->part_count == b->part_count;
    for (size_t i = 0; same && i < a->part_count; i++)
        same = a->parts[i] == b->parts[i];
    return same;
}

static bool has_other_order(const struct point *a, const struct point *b)
{
    bool is_wide = a->word_count > 1;
    return has_same_words(a, b) && a->type == b->type &&
           ((is_wide && a->word_order != b->word_order) || a->byte_order != b->byte_order);
}

static bool has_bits(const struct point *point)
{
    return point->bit_low != NO_INDEX;
}

static bool agree(const struct point *a, const struct point *b)
{
    return has_same_words(a, b) && !has_other_order(a, b) &&
           (has_bits(a) || has_bits(b) || a->type == b->type);
}

static bool is_twin(const struct point *a, const struct point *b)
{
    return agree(a, b) && a->type == b->type && a->bit_low == b->bit_low &&
           a->bit_high == b->bit_high;
}

// Whether there was something to say.
static bool report(struct loader *loader, const struct point *earlier,
                   const struct point *later)
{
    struct diagnostics *diagnostics = loader->reader.diagnostics;
    if (!is_at_once(earlier, later))
        return false;
    if (!agree(earlier, later) && has_other_order(earlier, later))
        diagnostics_warning(diagnostics, &later->at,
                            "'%s' is the same register as '%s' (line %d) in another word or "
                            "byte order: if both are meant, make one a view (from:)",
                            later->key, earlier->key, earlier->at.line);
    else if (!agree(earlier, later))
        diagnostics_warning(
            diagnostics, &later->at,
            "'%s' (%s, %s) lies over the registers of '%s' (%s, line %d): if both are meant, "
            "make one a view (from:)",
            later->key, table_names[later->table], codec_type(later->type)->name, earlier->key,
            codec_type(earlier->type)->name, earlier->at.line);
    else if (is_twin(earlier, later))
        diagnostics_warning(diagnostics, &later->at,
                            "'%s' is the same %s as '%s' (line %d): if both are meant, make "
                            "one a view (from:)",
                            later->key, table_is_bits(later->table) ? "bit" : "register",
                            earlier->key, earlier->at.line);
    else
        return false;
    return true;
}

// A claim beside those before it at its place: one finding is enough.
static void check_claim(struct loader *loader, const struct claim *claims, size_t first,
                        size_t at)
{
    enum { MOST = 16 }; // fields of one word
    for (size_t i = at - first > MOST ? at - MOST : first; i < at; i++) {
        if (report(loader, claims[i].point, claims[at].point))
            return;
    }
}

static size_t add_claims(const struct point *point, struct claim *claims)
{
    if (point->source != SOURCE_WORDS)
        return 0;
    for (uint16_t i = 0; i < point->word_count; i++)
        claims[i] = (struct claim){point, point->part_count ? point->parts[i]
                                                            : (uint16_t)(point->address + i)};
    return point->word_count;
}

void check_overlaps(struct loader *loader)
{
    size_t count = 0;
    for (size_t i = 0; i < loader->count; i++)
        count += loader->points[i].word_count;
    struct claim *claims = mem_new(count + 1, sizeof *claims);
    count = 0;
    for (size_t i = 0; i < loader->count; i++)
        count += add_claims(&loader->points[i], &claims[count]);
    qsort(claims, count, sizeof *claims, compare_claims);
    for (size_t i = 1, first = 0; i < count; i++) {
        if (!is_same_place(&claims[first], &claims[i]))
            first = i;
        check_claim(loader, claims, first, i);
    }
    free(claims);
}
