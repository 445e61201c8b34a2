// SPDX-License-Identifier: MIT
// Which of a range of registers or bits a unit has, and how many it gives at once: a refused
// request is halved until the refusal is narrowed down; at the end the longest request that is
// granted is looked for. Only refusals (exceptions 1, 2, 3) say something of registers. Pure:
// it says what to ask and takes the outcome. One owner.
#ifndef BUS_SOUNDING_H
#define BUS_SOUNDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/message.h"
#include "model/point.h"

enum {
    MAX_SOUNDING_DEPTH = 24,
    MAX_SOUNDING_SILENCES = 3, // in a row, before the unit is left alone
};

enum sounding_state {
    SOUNDING_UNASKED,
    SOUNDING_READ,
    SOUNDING_REFUSED,
    SOUNDING_SILENT, // no answer, or none that could be understood
};

// A part of the range, by places from its beginning.
struct sounding_span {
    uint32_t from;
    uint32_t count;
};

struct sounding {
    uint32_t count;   // of registers or bits
    uint32_t longest; // that the table allows at once
    uint32_t limit;   // that are asked for at once
    uint8_t *states;  // enum sounding_state by place
    uint8_t *exceptions;
    struct sounding_span waiting[MAX_SOUNDING_DEPTH]; // halves, the next one last
    size_t waiting_count;
    uint32_t next;              // where the next request begins when no half waits
    unsigned tries;             // of this request
    unsigned silences;          // requests in a row
    struct sounding_span whole; // the last request that was no half of another
    bool whole_was_refused;
    bool measures;                // the longest request is looked for
    struct sounding_span limited; // was refused although all of it can be read; count 0: none
    uint32_t granted;             // the longest request so far
    uint32_t refused;             // the shortest of `limited` that was refused
};

// `count` from 1. The caller frees it with sounding_done.
void sounding_begin(struct sounding *sounding, enum table table, uint32_t count);
void sounding_done(struct sounding *sounding);

// The next request; false: nothing is left to ask.
bool sounding_next(const struct sounding *sounding, struct sounding_span *ret_span);

// Takes the outcome of the request. `exception` for FAULT_EXCEPTION.
void sounding_note(struct sounding *sounding, enum fault fault, uint8_t exception);

// Whether so many places in a row were read.
bool sounding_has_read(const struct sounding *sounding, uint32_t place, uint32_t count);

// The place behind those that came out as this one, with the same exception.
uint32_t sounding_end_of_same(const struct sounding *sounding, uint32_t place);

// Whether it was left because nobody answers.
bool sounding_was_left(const struct sounding *sounding);

#endif
