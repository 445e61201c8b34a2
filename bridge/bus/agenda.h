// SPDX-License-Identifier: MIT
// What to poll next: a due date per block, never a queue. A missed period is counted, work
// never piles up. Pure: time is an argument. One owner.
#ifndef BUS_AGENDA_H
#define BUS_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/message.h"
#include "registers/block.h"

// How a block's last request ended, as far as its next due date is concerned.
enum agenda_outcome {
    AGENDA_READ,       // it brought words
    AGENDA_SKIPPED,    // its condition is not true: look again after its period
    AGENDA_NOT_FITTED, // refused and optional: asked again after ten minutes
    AGENDA_REFUSED,    // refused for good (exceptions 1, 2, 3): asked again after half a minute
    AGENDA_FAILED,     // silence, garbage, busy: at its next date
};

struct agenda_entry {
    const struct block *block;
    uint16_t unit;   // whose block it is, in the owner's numbering
    int64_t due_ms;  // INT64_MAX: not until the next connection
    uint64_t missed; // periods that passed without a request
};

struct agenda {
    struct agenda_entry *entries;
    size_t count;
};

// Room for `capacity` blocks.
void agenda_init(struct agenda *agenda, size_t capacity);
void agenda_done(struct agenda *agenda);

// Adds the blocks of a unit, due at `first_ms`. The caller gave enough capacity.
void agenda_add(struct agenda *agenda, uint16_t unit, const struct plan *plan,
                int64_t first_ms);

// The entry whose date is earliest among those of units for which `may_ask` is true. NULL when
// there is none. Whether it is due yet is for the caller to see.
struct agenda_entry *agenda_next(const struct agenda *agenda,
                                 bool (*may_ask)(const void *context, uint16_t unit),
                                 const void *context);

// Sets the next date of an entry that was dealt with.
void agenda_settle(struct agenda_entry *entry, enum agenda_outcome outcome, int64_t now_ms);

// A new connection to a unit: what is read once per connection, and what was refused, is due
// again.
void agenda_reconnected(struct agenda *agenda, uint16_t unit, int64_t now_ms);

#endif
