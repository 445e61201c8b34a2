// SPDX-License-Identifier: MIT
// What of a refused request is to blame: halves are asked until the refusal is narrowed down to
// single entries, to the unlisted registers between two, to a border between two that are
// granted each by itself, or to the length of the request. Only on refusals (exceptions 1, 2,
// 3); silence and garbage say nothing about registers. Of an optional block it finds out which
// entries are fitted. Pure: it says what to ask and is told the outcome. One owner.
#ifndef BUS_SEARCH_H
#define BUS_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/map.h"
#include "registers/block.h"

enum {
    MAX_SEARCH_DEPTH = 16, // halvings of 2000 bits
    MAX_SEARCH_FOUND = 64, // by one search; the rest is found by the next
};

// Addresses that belong together: an entry, or several that overlap.
struct search_atom {
    uint16_t address;
    uint16_t count;
};

// What is asked of a refused range of atoms, one after the other. When both halves are granted
// the whole is asked once more: a refusal that does not come again was the unit's mood. Then
// the two atoms where the halves meet: when they are granted, it is the length. When not, and
// there are unlisted registers between them, these by themselves.
enum search_stage {
    SEARCH_FIRST_HALF,
    SEARCH_SECOND_HALF,
    SEARCH_WHOLE,
    SEARCH_JOINT,
    SEARCH_GAP,
    SEARCH_LENGTH, // from the beginning to between `granted_to` and `refused_to`
    SEARCH_OVER,
};

struct search_frame {
    size_t from;
    size_t to;
    enum search_stage stage;
    bool is_refused; // at least one of the halves
    size_t granted_to;
    size_t refused_to;
};

// What it points to lasts as long as the search: a unit that refuses nothing has none.
struct search {
    enum table table;
    int unit_id;               // or NO_INDEX: the device's
    const struct block *block; // what was refused
    struct search_atom *atoms;
    size_t atom_count;
    struct search_frame *frames; // MAX_SEARCH_DEPTH
    size_t depth;
    uint8_t exception;     // of the last refusal
    unsigned asked;        // questions
    unsigned granted;      // of them
    uint16_t widest;       // registers or bits granted by one of them
    struct refusal *found; // MAX_SEARCH_FOUND
    size_t found_count;
};

// Begins with a block that was refused with this exception.
void search_begin(struct search *search, const struct map *map, const struct block *block,
                  uint8_t exception);

// Frees it; a search that was never begun (all zero) is allowed.
void search_done(struct search *search);

// The next question; false when there is none: then `found` is the verdict.
bool search_next(const struct search *search, struct span *ret_span);

// The outcome of the last question: 0 when it was granted, else the exception.
void search_note(struct search *search, uint8_t exception);

#endif
