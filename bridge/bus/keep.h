// SPDX-License-Identifier: MIT
// Keeping the holds of a line: begins them with the frames of commands, writes them again,
// and hands out the command that ends each. Used by the bus's thread and by the command line;
// the owner of the line calls it.
//
// A command that fails ends what it held. Frames written again never come between the frames
// of a command of their unit; while it waits they may.
#ifndef BUS_KEEP_H
#define BUS_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/holds.h"
#include "bus/jobs.h"
#include "bus/line.h"

// What keeping needs of its owner.
struct keep_owner {
    void *context;
    struct jobs *jobs; // runs the ends; NULL: the owner does (keep_take_end), and knows of no
                       // unit whether it answers
    // Settles who the unit is; false when it is silent or another device, which `ret_text` says
    // or is "".
    bool (*identify)(void *context, struct unit *unit, char *ret_text, size_t size);
    // A transaction with the unit was made.
    void (*settle)(void *context, struct unit *unit, enum fault fault);
    // A frame was written again, and not in vain. May be NULL.
    void (*wrote)(void *context, struct unit *unit, const struct request *request,
                  uint8_t model);
    // Something became of a hold.
    void (*change)(void *context, const struct hold_change *change);
};

struct keep {
    struct line *line;
    struct keep_owner owner;
    struct holds holds;
    int64_t stop_ms; // no end is begun after; INT64_MAX: the program goes on
};

// With jobs, ends come before the commands that wait.
void keep_init(struct keep *keep, struct line *line, const struct keep_owner *owner);
void keep_done(struct keep *keep);

// A write frame of a command has left and was not refused: ends the holds whose registers it
// wrote, and begins that of its step.
void keep_note_write(struct keep *keep, struct unit *unit, const struct job_request *request,
                     const struct job_action *action, int64_t now_ms);

// Something else was written to a unit, at an address that counts from `model` (as of a point):
// holds that lose registers by it have ended.
void keep_overwrite(struct keep *keep, struct unit *unit, const struct request *request,
                    uint8_t model, int64_t now_ms);

// A command has ended.
void keep_settle(struct keep *keep, const struct unit *unit, const struct job_result *result,
                 int64_t now_ms);

// An end that an earlier life of the process has left. Takes ownership.
void keep_add_left_over(struct keep *keep, struct hold_end *end, int64_t now_ms);

// Does what is due first: writes a frame again, or has an end begun. False when nothing was
// due.
bool keep_turn(struct keep *keep, int64_t now_ms);

// When keep_turn may have something to do; INT64_MAX: not before something else happens.
int64_t keep_next_ms(struct keep *keep, int64_t now_ms);

// The request that writes the end of a unit's hold, when one is wanted and may be begun; else
// NULL. The caller owns it, runs it and passes its result to keep_take_result.
struct job_request *keep_take_end(struct keep *keep, struct unit *unit, int64_t now_ms);

// What came of it. Takes ownership of the result.
void keep_take_result(struct keep *keep, struct unit *unit, struct job_result *result,
                      int64_t now_ms);

// Every hold is over; ends may still be begun for `within_ms`.
void keep_stop(struct keep *keep, int64_t now_ms, int64_t within_ms);

// Whether an end may still be written before that time is over.
bool keep_has_end(struct keep *keep, int64_t now_ms);

#endif
