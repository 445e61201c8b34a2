// SPDX-License-Identifier: MIT
// What it takes, in time, to ask one unit something: plain figures, made by wire/cost from the
// line's settings. A request costs the same whatever it reads, plus its data. Any thread.
#ifndef MODEL_WIRE_COST_H
#define MODEL_WIRE_COST_H

#include <stdint.h>

#include "model/point.h"

struct wire_cost {
    int64_t frames_ns;   // the request and the answer without its data
    int64_t silence_ns;  // of the line, after the request and after the answer
    int64_t response_ns; // until the unit answers, beyond the silence
    int64_t pause_ns;    // what the unit's min_gap adds to the silence after the answer
    int64_t byte_ns;     // one byte of data: half a register, eight bits
};

// The time of one read of so many registers or bits, until the next request may leave.
int64_t wire_cost_of_read(const struct wire_cost *cost, enum table table, int count);

#endif
