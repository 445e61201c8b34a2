// SPDX-License-Identifier: MIT
// What a bus does next. Pure: everything it depends on is in struct turn, time included; the
// only thing it changes is that it puts off what may not be asked yet.
//
// The link comes first. Then a command's next move, so it waits for one transaction at most;
// amid a command a hold of another unit goes between two moves. Then a hold that is to be
// written again (bus/keep chooses which), then a dead unit's probe, when its date has come and
// the share of dead units allows it. Then the block whose date is earliest. What is left goes
// to searching for refused registers and to blocks without a date; when dates leave nothing,
// one request in twenty does. Guests (bus/guests) come before probes and dates when the bus was
// left to others long enough, else where nobody wants anything until they are through.
#ifndef BUS_TURN_H
#define BUS_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/agenda.h"
#include "bus/health.h"
#include "bus/late.h"

// What the decision knows of a unit.
struct turn_unit {
    const struct health *health;
    uint8_t unit_id;    // of blocks that name none
    bool can_be_probed; // there is something to ask it
    bool in_command;    // a command is between two of its frames: no other request
    bool searches;      // a search for refused registers wants a request
    int64_t search_ms;  // not before
    int64_t free_ms;    // the pause it wants between requests is over
    uint64_t served;    // for fairness: when it was last chosen, as a number of turns
};

struct turn {
    struct agenda *agenda;
    struct turn_unit *units; // as many as the agenda has
    const struct late *late; // NULL: late answers are told by their transaction
    struct probing probing;
    bool is_open;          // the link
    int64_t open_at_ms;    // closed: when it may be opened
    bool is_stopping;      // only commands go on
    int64_t hold_ms;       // when a hold wants to be written again or ended; INT64_MAX: none
    int64_t job_ms;        // when the next command wants its move; INT64_MAX: none
    bool job_has_begun;    // ... and that is not its first
    bool job_was_last;     // a command had the last move
    int64_t guest_ms;      // when a guest may be asked; INT64_MAX: none
    int64_t guest_rest_ms; // before that, only where it makes nobody late
    int64_t guest_cost_ms; // what asking it is expected to take
    unsigned dated_in_row;
    uint64_t count; // of turns
};

enum turn_kind {
    TURN_OPEN,   // open the link, or go on with it
    TURN_JOB,    // the command that is ready
    TURN_HOLD,   // the hold that is due
    TURN_PROBE,  // of `unit`
    TURN_POLL,   // `entry`
    TURN_SEARCH, // the next question of `unit`'s search
    TURN_GUEST,  // the guest that is ready
    TURN_WAIT,   // nothing before `until_ms`
};

struct turn_choice {
    enum turn_kind kind;
    uint16_t unit;
    struct agenda_entry *entry;
    int64_t until_ms; // INT64_MAX: until somebody asks
};

// What to do next. Counts the turn: whoever asks does it.
struct turn_choice turn_choose(struct turn *turn, int64_t now_ms);

#endif
