// SPDX-License-Identifier: MIT
// What to poll next: a due date per block, never a queue. A missed period is counted, work
// never piles up. Blocks with `every: 0s` have no date: they take turns in the time that is
// left. Pure: time is an argument. One owner.
//
// The dates of one period lie on a grid. Units get different places on it, so that requests are
// even; the blocks of one unit get the same, so that its values are of one moment and make one
// message; of one date they come in the order of the plan. Dates are kept in a heap a unit:
// choosing costs as much as there are units, whatever the number of blocks.
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
    AGENDA_REFUSED,    // refused for good (exceptions 1, 2, 3): asked again ever more rarely
    AGENDA_LATER,      // the unit is busy: at its next date
    AGENDA_FAILED,     // the equipment says that it failed: at its next date
    AGENDA_SILENT,     // no answer, or garbage: it stays due
};

struct agenda_entry {
    const struct block *block;
    uint16_t unit;     // whose block it is, in the owner's numbering
    int64_t due_ms;    // INT64_MAX: not until the next connection
    int64_t at_ms;     // not before: the date, or later when it was put off
    int64_t phase_ms;  // its place on the grid of its period
    uint64_t missed;   // periods that passed without a request
    uint32_t refusals; // in a row
    uint32_t laters;   // in a row
    bool is_on_grid;
};

// One unit's entries: those with a date, and those that take turns; each a heap by at_ms.
struct agenda_heap {
    struct agenda_entry **entries;
    size_t count;
};

struct agenda_unit {
    struct agenda_entry *entries;
    size_t count;
    struct agenda_heap dated;
    struct agenda_heap turns;
    uint64_t missed; // of all its blocks, those of former plans included
    double place;    // 0..1 of any period
};

struct agenda {
    struct agenda_unit *units;
    size_t unit_count;
};

// Units without blocks, until agenda_set_plan. Ends with agenda_done.
void agenda_init(struct agenda *agenda, size_t unit_count);
void agenda_done(struct agenda *agenda);

// Gives a unit its blocks, all due at `now_ms`; blocks it had before are forgotten, but one
// with the same address, table and period keeps its dates.
void agenda_set_plan(struct agenda *agenda, uint16_t unit, const struct plan *plan,
                     int64_t now_ms);

// Spreads the units over every period, each with room for its share of the requests. `offset`
// (0..1) tells the buses of a process apart.
void agenda_spread(struct agenda *agenda, double offset);

// The unit's entry that comes first: with a date (`dated`) or by turns. NULL: none. It is ready
// from its at_ms on.
struct agenda_entry *agenda_first(const struct agenda *agenda, uint16_t unit, bool dated);

// Puts an entry off: it stays due, but is not ready before `until_ms`.
void agenda_put_off(struct agenda *agenda, struct agenda_entry *entry, int64_t until_ms);

// Sets the next date of an entry that was dealt with.
void agenda_settle(struct agenda *agenda, struct agenda_entry *entry,
                   enum agenda_outcome outcome, int64_t now_ms);

// Has a block asked again at `at_ms`, whatever came of it last.
void agenda_ask_again(struct agenda *agenda, uint16_t unit, const struct block *block,
                      int64_t at_ms);

// A new connection to a unit: what is read once per connection, and what was not fitted, is due
// again.
void agenda_reconnected(struct agenda *agenda, uint16_t unit, int64_t now_ms);

// Registers of a unit were written by somebody else: what reads them is due, but what it
// refuses.
void agenda_hasten(struct agenda *agenda, uint16_t unit, const struct span *span,
                   int64_t now_ms);

// A unit is back after silence: all is due but what it refuses.
void agenda_restart(struct agenda *agenda, uint16_t unit, int64_t now_ms);

#endif
