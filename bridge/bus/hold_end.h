// SPDX-License-Identifier: MIT
// What is written when a hold is over (then: of the map), known before the first frame of the
// hold leaves, so that it can be written whatever happens in between. Pure, any thread.
#ifndef BUS_HOLD_END_H
#define BUS_HOLD_END_H

#include "model/map.h"
#include "model/message.h"

// The end of the hold that a step of the request's command begins. `then` depends on nothing
// but constants and arguments (the loader sees to that). The caller owns it.
struct hold_end *hold_end_new(const struct job_request *request, const struct step *step);

// An end without entries, for what was left over; add them with hold_end_add.
struct hold_end *hold_end_empty(uint64_t serial, uint16_t device);

// Adds an entry; texts are copied. False when it holds MAX_HOLD_ENTRIES already.
bool hold_end_add(struct hold_end *end, int point, const struct value *value);

// A command that writes it, and reads it back: one frame where the entries are adjacent. The
// caller owns it; `end` may go before it.
struct job_request *hold_end_request(const struct map *map, const struct hold_end *end,
                                     int64_t timeout_ms);

// Calls `each` with every step of a command that holds something, those inside try included,
// in the order of the map.
void hold_each_step(const struct command *command,
                    void (*each)(void *context, const struct step *step), void *context);

#endif
