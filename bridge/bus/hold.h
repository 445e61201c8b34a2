// SPDX-License-Identifier: MIT
// One setpoint that the equipment forgets: its frame is written again at its dates until its
// time is over, then its end is written and read back. Pure: time is an argument. One owner.
//
// A frame that is not taken is tried again at its next date. An end that cannot be written is
// tried again after a pause, for a day at most. Another write to its registers ends a hold:
// then only what was not overwritten of `then` is written.
#ifndef BUS_HOLD_H
#define BUS_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "model/map.h"
#include "model/message.h"
#include "wire/pdu.h"

enum {
    HOLD_FIRST_PAUSE_MS = 5 * 1000, // until an end that failed is tried again; doubles
    HOLD_LONGEST_PAUSE_MS = 60 * 1000,
    HOLD_LONGEST_END_MS = 24 * 3600 * 1000, // so long an end is tried
    HOLD_NAME_SIZE = 120,
    HOLD_VALUES_SIZE = 160,
};

enum hold_want {
    HOLD_WANTS_NOTHING, // before its due date
    HOLD_WANTS_FRAME,   // its frame is to be written again
    HOLD_WANTS_END,     // its end is to be written
    HOLD_WANTS_REST,    // it has tried long enough: report and forget it
};

struct hold {
    struct hold *next;
    struct hold_end *end;          // what is written when it is over; owned
    char name[HOLD_NAME_SIZE];     // its entries, for people
    char values[HOLD_VALUES_SIZE]; // ... with what is held, for status; the owner fills it in
    struct request request;        // its frame
    uint8_t model;                 // what its address counts from, as of a point
    int64_t every_ms;
    int64_t until_ms;   // when it is over
    int64_t due_ms;     // when it wants something next
    bool is_over;       // the end is wanted
    bool is_being_over; // ... and on its way
    bool is_failing;    // it was reported that a frame, or the end, was not taken
    int64_t pause_ms;   // until the end is tried again
};

// A hold whose frame has just left. Takes ownership of `end`. `name` is copied. The caller owns
// it.
struct hold *hold_new(struct hold_end *end, const char *name, const struct request *request,
                      int64_t every_ms, int64_t for_ms, int64_t now_ms);

// A hold of which only the end is left to be written. Takes ownership of `end`.
struct hold *hold_new_over(struct hold_end *end, const char *name, int64_t now_ms);

// NULL is allowed. Its end goes with it.
void hold_free(struct hold *hold);

// What it wants now; when it wants nothing, due_ms says when to ask again.
enum hold_want hold_wants(const struct hold *hold, int64_t now_ms);

// When its end is not tried any more.
int64_t hold_give_up_ms(const struct hold *hold);

// Its time is over now, whatever was said at the beginning.
void hold_finish(struct hold *hold, int64_t now_ms);

// Its frame was written again; `taken` says whether the equipment took it. True when that is
// news.
bool hold_note_frame(struct hold *hold, bool taken, int64_t now_ms);

// Its end could not be written. True when that is news.
bool hold_note_late(struct hold *hold, int64_t now_ms);

// Something else was written to the device whose unit id is `unit_id`, at an address that
// counts from `model`. True when the hold has
// lost registers by it: it is over then, and what is left of its end is still to be written;
// nothing when end->count is 0.
bool hold_overwrite(struct hold *hold, const struct map *map, int unit_id,
                    const struct request *request, uint8_t model, int64_t now_ms);

#endif
