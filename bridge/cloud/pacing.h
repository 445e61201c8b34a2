// SPDX-License-Identifier: MIT
// When to try a connection again, and how much to have under way. Pure: time and chance are
// arguments. A gateway whose fleet shares a broker must not come back in step with it, and one
// whose password was changed must not hammer (uncontrolled retries: RED article 3.3(d)).
#ifndef CLOUD_PACING_H
#define CLOUD_PACING_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PACING_MAX_IN_FLIGHT = 20,       // messages sent and not yet acknowledged, per connection
    PACING_FIRST_MS = 1000,          // ceiling of the first wait; doubles with each failure
    PACING_LOST_FAILURES = 3,        // a lost connection counts as so many: ceiling 8 s, since
                                     // a fleet loses its broker all at once
    PACING_LIMIT_MS = 5 * 60 * 1000, // ceiling of all waits, and the wait after a refusal
    PACING_STEADY_MS = 30 * 1000,    // a connection that lasted this long counts as good
    PACING_ABRUPT_MS = 5 * 1000,     // one closed sooner was thrown out, and ...
    PACING_ABRUPT_COUNT = 3,         // ... so many in a row are a quarrel over the client id
};

enum pacing_cause {
    PACING_FAILED,  // could not be made, or broke
    PACING_CLOSED,  // ended by the broker in order
    PACING_REFUSED, // CONNACK 4 or 5: trying again soon cannot help
};

// The history of one connection; zeroed at the start.
struct pacing {
    unsigned failures; // in a row
    unsigned abrupt;   // closed right after they were made, in a row
};

// Notes that a connection that had been made was lost after `lasted_ms`. The first wait is then
// longer than after an attempt that failed: a thousand bridges that lose one broker come back
// with at most 250 attempts a second (tests/unit/cloud_pacing_test.c), not with a thousand.
void pacing_lost(struct pacing *pacing, enum pacing_cause cause, int64_t lasted_ms);

// Whether the broker keeps throwing this connection out right after it was made, as happens
// when another client uses the same id. It closes in order then: what is reset or falls silent
// is a bad link, and the growing pause is enough.
bool pacing_is_thrown_out(const struct pacing *pacing);

// Milliseconds to wait before the next attempt: anything between 0 and the ceiling (full
// jitter), PACING_LIMIT_MS after a refusal or when thrown out (which is forgotten then).
// `random` is any 32-bit number.
int64_t pacing_delay_ms(struct pacing *pacing, enum pacing_cause cause, uint32_t random);

#endif
