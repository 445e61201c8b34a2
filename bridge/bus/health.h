// SPDX-License-Identifier: MIT
// Is a unit there, and when may it be asked again? Pure: time and chance are arguments. A
// refusal is a sign of life; silence, garbage and a broken link are not. One owner.
#ifndef BUS_HEALTH_H
#define BUS_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "model/message.h"

struct health {
    enum unit_health state;
    enum fault fault;      // what took it offline
    int failures;          // requests in a row without a sign of life
    int64_t backoff_ms;    // the present pause between probes
    int64_t retry_at_ms;   // when the next probe may be made
    int64_t changed_at_ms; // when `state` changed
};

// What the rest of the bus looks like while one unit fails.
struct health_line {
    int dead_units;   // units offline on this bus, this one included
    bool others_live; // whether any unit on this bus is online
    int64_t cost_ms;  // what a failed probe takes: the unit's time-out
};

void health_init(struct health *health, int64_t now_ms);

// Takes the outcome of a request (retries included). `chance` is uniform in 0..1, for jitter.
// True when the state changed.
bool health_note(struct health *health, enum fault fault, const struct health_line *line,
                 int64_t now_ms, double chance);

// Whether the unit may be asked now: always unless it is offline and its next probe is not due.
bool health_may_ask(const struct health *health, int64_t now_ms);

#endif
