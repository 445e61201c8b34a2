// SPDX-License-Identifier: MIT
#include "bus/search.h"

#include <stdlib.h>

#include "base/mem.h"

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

static void add_found(struct search *search, enum refusal_kind kind, uint32_t address,
                      uint32_t end, uint32_t split)
{
    if (search->found_count == MAX_SEARCH_FOUND)
        return;
    search->found[search->found_count++] = (struct refusal){
        .kind = kind,
        .unit_id = search->unit_id,
        .span = {search->table, (uint16_t)address, (uint16_t)(end - address), SUNSPEC_NONE},
        .split = (uint16_t)split,
        .exception = search->exception,
    };
}

// What is not fitted and lies side by side is asked for together.
static bool joins_last(struct search *search, const struct search_atom *atom)
{
    struct refusal *last = search->found_count ? &search->found[search->found_count - 1] : NULL;
    if (!last || !last->optional || last->span.address + last->span.count != atom->address)
        return false;
    last->span.count = (uint16_t)(last->span.count + atom->count);
    return true;
}

static void blame_atom(struct search *search, const struct search_atom *atom)
{
    bool optional = search->block->optional;
    if (optional && joins_last(search, atom))
        return;
    size_t count = search->found_count;
    add_found(search, REFUSAL_RANGE, atom->address, end_of(atom), 0);
    if (search->found_count > count)
        search->found[count].optional = optional;
}

static void push(struct search *search, size_t from, size_t to)
{
    if (to - from == 1)
        blame_atom(search, &search->atoms[from]);
    else if (search->depth < MAX_SEARCH_DEPTH)
        search->frames[search->depth++] = (struct search_frame){.from = from, .to = to};
}

static size_t middle(const struct search_frame *frame)
{
    return (frame->from + frame->to) / 2;
}

static uint32_t gap_from(const struct search *search, const struct search_frame *frame)
{
    return end_of(&search->atoms[middle(frame) - 1]);
}

static uint32_t gap_to(const struct search *search, const struct search_frame *frame)
{
    return search->atoms[middle(frame)].address;
}

// Two neighbours are granted each, but not together, and not for what is between them.
static void blame_border(struct search *search, const struct search_frame *frame)
{
    add_found(search, REFUSAL_BORDER, search->atoms[middle(frame) - 1].address,
              end_of(&search->atoms[middle(frame)]), gap_to(search, frame));
}

// The two atoms where the halves meet are refused.
static enum search_stage blame_joint(struct search *search, const struct search_frame *frame)
{
    if (gap_to(search, frame) > gap_from(search, frame))
        return SEARCH_GAP;
    blame_border(search, frame);
    return SEARCH_OVER;
}

static void blame_length(struct search *search, const struct search_frame *frame)
{
    add_found(search, REFUSAL_LENGTH, search->atoms[frame->from].address,
              end_of(&search->atoms[frame->refused_to - 1]),
              width(search, frame->from, frame->granted_to));
}

// What follows in a frame, after its last question was granted or refused.
static enum search_stage follow(struct search *search, struct search_frame *frame,
                                bool is_refused)
{
    switch (frame->stage) {
    case SEARCH_FIRST_HALF:
        return SEARCH_SECOND_HALF;
    case SEARCH_SECOND_HALF:
        return frame->is_refused ? SEARCH_OVER : SEARCH_WHOLE;
    case SEARCH_WHOLE:
        if (is_refused && frame->to - frame->from > 2)
            return SEARCH_JOINT;
        return is_refused ? blame_joint(search, frame) : SEARCH_OVER;
    case SEARCH_GAP:
        if (is_refused)
            add_found(search, REFUSAL_RANGE, gap_from(search, frame), gap_to(search, frame), 0);
        else
            blame_border(search, frame);
        return SEARCH_OVER;
    case SEARCH_JOINT:
        if (is_refused)
            return blame_joint(search, frame);
        frame->granted_to = middle(frame);
        frame->refused_to = frame->to;
        break;
    default:
        *(is_refused ? &frame->refused_to : &frame->granted_to) =
            (frame->granted_to + frame->refused_to) / 2;
        break;
    }
    if (frame->refused_to - frame->granted_to > 1)
        return SEARCH_LENGTH;
    blame_length(search, frame);
    return SEARCH_OVER;
}

// Leaves the frames of which all is known.
static void settle(struct search *search)
{
    while (search->depth > 0 && search->frames[search->depth - 1].stage == SEARCH_OVER)
        search->depth--;
}

void search_begin(struct search *search, const struct map *map, const struct block *block,
                  uint8_t exception)
{
    size_t room = block->point_count * MAX_PARTS;
    *search = (struct search){
        .table = block->table,
        .unit_id = block->unit_id,
        .block = block,
        .exception = exception,
    };
    search->atoms = mem_new(room, sizeof *search->atoms);
    search->frames = mem_new(MAX_SEARCH_DEPTH, sizeof *search->frames);
    search->found = mem_new(MAX_SEARCH_FOUND, sizeof *search->found);
    search->atom_count = join(search->atoms, collect(map, block, search->atoms));
    if (search->atom_count > 0)
        push(search, 0, search->atom_count);
}

void search_done(struct search *search)
{
    free(search->atoms);
    free(search->frames);
    free(search->found);
    *search = (struct search){0};
}

// The atoms of the last frame's question.
static void present(const struct search *search, size_t *ret_from, size_t *ret_to)
{
    const struct search_frame *frame = &search->frames[search->depth - 1];
    *ret_from = frame->from;
    *ret_to = frame->to;
    switch (frame->stage) {
    case SEARCH_FIRST_HALF:
        *ret_to = middle(frame);
        break;
    case SEARCH_SECOND_HALF:
        *ret_from = middle(frame);
        break;
    case SEARCH_JOINT:
        *ret_from = middle(frame) - 1;
        *ret_to = middle(frame) + 1;
        break;
    case SEARCH_LENGTH:
        *ret_to = (frame->granted_to + frame->refused_to) / 2;
        break;
    case SEARCH_GAP:
    case SEARCH_WHOLE:
    case SEARCH_OVER:
        break;
    }
}

bool search_next(const struct search *search, struct span *ret_span)
{
    size_t from = 0;
    size_t to = 0;
    if (search->depth == 0)
        return false;
    const struct search_frame *frame = &search->frames[search->depth - 1];
    present(search, &from, &to);
    *ret_span = (struct span){search->table, search->atoms[from].address,
                              width(search, from, to), SUNSPEC_NONE};
    if (frame->stage == SEARCH_GAP) {
        ret_span->address = (uint16_t)gap_from(search, frame);
        ret_span->count = (uint16_t)(gap_to(search, frame) - gap_from(search, frame));
    }
    return true;
}

// Where no two entries were ever granted together, it is their number that is too large.
static void judge_borders(struct search *search)
{
    size_t kept = 0;
    size_t borders = 0;
    struct refusal narrowest = {.span.count = UINT16_MAX};
    for (size_t i = 0; i < search->found_count; i++) {
        const struct refusal *found = &search->found[i];
        borders += found->kind == REFUSAL_BORDER;
        if (found->kind == REFUSAL_BORDER && found->span.count < narrowest.span.count)
            narrowest = *found;
    }
    if (borders < 2 || search->widest >= narrowest.span.count)
        return;
    for (size_t i = 0; i < search->found_count; i++) {
        if (search->found[i].kind != REFUSAL_BORDER)
            search->found[kept++] = search->found[i];
    }
    narrowest.kind = REFUSAL_LENGTH;
    narrowest.split = search->widest;
    search->found[kept++] = narrowest;
    search->found_count = kept;
}

void search_note(struct search *search, uint8_t exception)
{
    struct search_frame *frame = &search->frames[search->depth - 1];
    size_t from = 0;
    size_t to = 0;
    struct span span = {0};
    present(search, &from, &to);
    (void)search_next(search, &span);
    search->asked++;
    search->granted += exception == 0;
    if (exception)
        search->exception = exception;
    else if (span.count > search->widest)
        search->widest = span.count;
    bool is_half = frame->stage <= SEARCH_SECOND_HALF;
    frame->is_refused |= is_half && exception != 0;
    frame->stage = follow(search, frame, exception != 0);
    if (exception && is_half)
        push(search, from, to);
    settle(search);
    if (search->depth == 0)
        judge_borders(search);
}
