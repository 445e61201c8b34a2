// SPDX-License-Identifier: MIT
// The holds of one bus, and which of them is next. Pure bookkeeping: time is an argument. One
// owner.
//
// Frames written again take at most a quarter of the bus's time, however short their periods:
// after each of them the bus is left to others three times as long as it took.
#ifndef BUS_HOLDS_H
#define BUS_HOLDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/hold.h"

enum { HOLDS_REST_FACTOR = 3 };

struct holds {
    struct hold **lists; // one per unit, in the owner's numbering
    size_t unit_count;
    int64_t rest_until_ms; // no frame is written again before
};

// No holds yet; `unit_count` as the bus has. Ends with holds_done.
void holds_init(struct holds *holds, size_t unit_count);
void holds_done(struct holds *holds);

// Takes ownership of a hold of a unit.
void holds_add(struct holds *holds, size_t unit, struct hold *hold);

// Takes it out of the list; the caller owns it.
void holds_take(struct holds *holds, size_t unit, struct hold *hold);

// The hold of a unit that wants its end, or whose end is on its way; the one that waits longest
// first. NULL when there is none.
struct hold *holds_find_end(const struct holds *holds, size_t unit, int64_t now_ms);
struct hold *holds_find_ending(const struct holds *holds, size_t unit);

// What can be done with a unit now.
enum holds_access {
    HOLDS_AWAY,  // nothing, it does not answer; that a frame is missed is to be said once
    HOLDS_TAKEN, // nothing: a command is amid its frames
    HOLDS_BUSY,  // a command is running: a frame may be written while it waits, an end may not
    HOLDS_FREE,
};

struct holds_asking {
    void *context;
    enum holds_access (*access)(void *context, size_t unit);
};

// The hold that wants something that is possible now (to be forgotten always is); the one due
// longest first. NULL when there is none.
struct hold *holds_next(const struct holds *holds, const struct holds_asking *asking,
                        int64_t now_ms, size_t *ret_unit);

// When holds_next may have something; INT64_MAX: not before something else happens.
int64_t holds_next_ms(const struct holds *holds, const struct holds_asking *asking,
                      int64_t now_ms);

// Whether a unit has an end that may still be written before `until_ms`.
bool holds_has_end(const struct holds *holds, const struct holds_asking *asking,
                   int64_t until_ms);

// A frame was written again and took so long.
void holds_note_cost(struct holds *holds, int64_t cost_ms, int64_t now_ms);

// All holds are over.
void holds_finish_all(struct holds *holds, int64_t now_ms);

#endif
