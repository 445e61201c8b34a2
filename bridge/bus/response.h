// SPDX-License-Identifier: MIT
// How long a unit takes to answer, learned from its answers, and how long to wait for the next
// one. The map's time-out is the ceiling; below it a lost frame costs little. Pure. One owner.
#ifndef BUS_RESPONSE_H
#define BUS_RESPONSE_H

#include <stdint.h>

#include "model/site.h"

struct response {
    int64_t mean_us;      // smoothed as RFC 6298, section 2 does
    int64_t deviation_us; // smoothed distance from it
    int64_t newer_max_us; // of the window of answers that is being filled
    int64_t older_max_us; // of the one before
    uint32_t answers;     // since the start
    uint32_t doublings;   // time-outs since the last answer
};

// Takes the time one answer took, wire time left out.
void response_note(struct response *response, int64_t taken_us);

// Takes a time-out: the next wait is twice as long.
void response_missed(struct response *response);

// How long to wait for the next answer, wire time left out; never above the ceiling. The
// ceiling itself until the unit has answered a few times.
int64_t response_timeout_ms(const struct response *response, enum transport transport,
                            int64_t ceiling_ms);

#endif
