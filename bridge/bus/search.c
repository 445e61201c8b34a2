// SPDX-License-Identifier: MIT
#include "bus/search.h"

#include <stdlib.h>

#include "base/mem.h"

enum { HALVES = 2 };

static int compare_atoms(const void *left, const void *right)
{
    const struct search_atom *a = left;
    const struct search_atom *b = right;
    return a->address < b->address ? -1 : a->address > b->address;
}

static uint32_t end_of(const struct search_atom *atom)
{
    return (uint32_t)atom->address + atom->count;
}

// The runs of the block's entries that lie inside it, as they come.
static size_t collect(const struct map *map, const struct block *block,
                      struct search_atom *ret_atoms)
{
    size_t count = 0;
    for (size_t i = 0; i < block->point_count; i++) {
        const struct point *point = &map->points[block->points[i]];
        size_t parts = point->part_count ? point->part_count : 1;
        for (size_t k = 0; k < parts; k++) {
            struct search_atom atom = {
                .address = point->part_count ? point->parts[k] : point->address,
                .count = point->part_count ? 1 : point->word_count,
            };
            if (atom.address >= block->address &&
                end_of(&atom) <= (uint32_t)block->address + block->count)
                ret_atoms[count++] = atom;
        }
    }
    return count;
}

// Sorts the atoms and joins those that overlap.
static size_t join(struct search_atom *atoms, size_t count)
{
    size_t kept = 0;
    qsort(atoms, count, sizeof *atoms, compare_atoms);
    for (size_t i = 0; i < count; i++) {
        struct search_atom *last = kept ? &atoms[kept - 1] : NULL;
        if (!last || atoms[i].address >= end_of(last))
            atoms[kept++] = atoms[i];
        else if (end_of(&atoms[i]) > end_of(last))
            last->count = (uint16_t)(end_of(&atoms[i]) - last->address);
    }
    return kept;
}

static uint16_t width(const struct search *search, size_t from, size_t to)
{
    return (uint16_t)(end_of(&search->atoms[to - 1]) - search->atoms[from].address);
}

static void add_hole(struct search *search, uint32_t address, uint32_t end)
{
    if (search->hole_count == MAX_SEARCH_HOLES)
        return;
    search->holes[search->hole_count++] = (struct search_hole){
        .span = {search->table, (uint16_t)address, (uint16_t)(end - address), SUNSPEC_NONE},
        .exception = search->exception,
    };
}

static void push(struct search *search, size_t from, size_t to)
{
    if (to - from == 1)
        add_hole(search, search->atoms[from].address, end_of(&search->atoms[from]));
    else if (search->depth < MAX_SEARCH_DEPTH)
        search->frames[search->depth++] = (struct search_frame){.from = from, .to = to};
}

static size_t middle(const struct search_frame *frame)
{
    return (frame->from + frame->to) / 2;
}

// Both halves are granted, the whole is not: what lies between them is to blame, or the number.
static void blame_joint(struct search *search, const struct search_frame *frame)
{
    size_t mid = middle(frame);
    uint32_t end = end_of(&search->atoms[mid - 1]);
    uint32_t begin = search->atoms[mid].address;
    if (begin > end) {
        add_hole(search, end, begin);
        return;
    }
    uint16_t left = width(search, frame->from, mid);
    uint16_t right = width(search, mid, frame->to);
    uint16_t wider = left > right ? left : right;
    if (search->limit == 0 || wider < search->limit)
        search->limit = wider;
}

// Leaves the frames of which all is known.
static void settle(struct search *search)
{
    while (search->depth > 0) {
        const struct search_frame *frame = &search->frames[search->depth - 1];
        if (frame->asked < HALVES || (frame->asked == HALVES && !frame->is_refused))
            return;
        search->depth--;
    }
}

void search_begin(struct search *search, const struct map *map, const struct block *block,
                  uint8_t exception)
{
    size_t room = block->point_count * MAX_PARTS;
    *search = (struct search){.table = block->table, .exception = exception};
    search->atoms = mem_new(room, sizeof *search->atoms);
    search->atom_count = join(search->atoms, collect(map, block, search->atoms));
    if (search->atom_count > 0)
        push(search, 0, search->atom_count);
}

void search_done(struct search *search)
{
    free(search->atoms);
    *search = (struct search){0};
}

// A half of the last frame, or all of it once more when both halves were granted: a refusal
// that does not come again was the unit's mood.
static void present(const struct search *search, size_t *ret_from, size_t *ret_to)
{
    const struct search_frame *frame = &search->frames[search->depth - 1];
    *ret_from = frame->asked == 1 ? middle(frame) : frame->from;
    *ret_to = frame->asked == 0 ? middle(frame) : frame->to;
}

bool search_next(const struct search *search, struct span *ret_span)
{
    size_t from = 0;
    size_t to = 0;
    if (search->depth == 0)
        return false;
    present(search, &from, &to);
    *ret_span = (struct span){search->table, search->atoms[from].address,
                              width(search, from, to), SUNSPEC_NONE};
    return true;
}

void search_note(struct search *search, uint8_t exception)
{
    struct search_frame *frame = &search->frames[search->depth - 1];
    size_t from = 0;
    size_t to = 0;
    present(search, &from, &to);
    search->asked++;
    search->granted += exception == 0;
    if (exception)
        search->exception = exception;
    bool is_half = frame->asked++ < HALVES;
    frame->is_refused |= is_half && exception != 0;
    if (exception && is_half)
        push(search, from, to);
    else if (exception)
        blame_joint(search, frame);
    settle(search);
}
