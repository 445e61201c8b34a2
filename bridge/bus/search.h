// SPDX-License-Identifier: MIT
// Which registers of a refused request are to blame: halves are asked until the refusal is
// narrowed down to single entries, or to the unlisted registers between two. Only on refusals
// (exceptions 1, 2, 3); silence and garbage say nothing about registers. Pure: it says what to
// ask and is told the outcome. One owner.
#ifndef BUS_SEARCH_H
#define BUS_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/map.h"
#include "registers/block.h"

enum {
    MAX_SEARCH_DEPTH = 16, // halvings of 2000 bits
    MAX_SEARCH_HOLES = 64, // found by one search; the rest is found by the next
};

// Addresses that belong together: an entry, or several that overlap.
struct search_atom {
    uint16_t address;
    uint16_t count;
};

// A refused range of atoms whose halves are being asked.
struct search_frame {
    size_t from;
    size_t to;
    int asked;       // halves, then the whole again
    bool is_refused; // at least one of the halves
};

struct search_hole {
    struct span span;
    uint8_t exception;
};

struct search {
    enum table table;
    struct search_atom *atoms;
    size_t atom_count;
    struct search_frame frames[MAX_SEARCH_DEPTH];
    size_t depth;
    uint8_t exception; // of the last refusal
    unsigned asked;    // questions
    unsigned granted;  // of them
    struct search_hole holes[MAX_SEARCH_HOLES];
    size_t hole_count;
    uint16_t limit; // granted at most together although nothing between is to blame; 0: none
};

// Begins with a block that was refused with this exception.
void search_begin(struct search *search, const struct map *map, const struct block *block,
                  uint8_t exception);

// Frees it; a search that was never begun (all zero) is allowed.
void search_done(struct search *search);

// The next question; false when there is none: then holes and limit are the verdict.
bool search_next(const struct search *search, struct span *ret_span);

// The outcome of the last question: 0 when it was granted, else the exception.
void search_note(struct search *search, uint8_t exception);

#endif
