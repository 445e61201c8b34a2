// SPDX-License-Identifier: MIT
// When a connection that broke after somebody had answered over it may be made anew: at once a
// few times, then as often as one in five seconds. Pure: time is an argument. One owner.
#ifndef BUS_BREAKS_H
#define BUS_BREAKS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    BREAKS_AT_ONCE = 3,              // in a row, when there were none for a while
    BREAKS_PAUSE_MS = 5000,          // a connection each, in the long run
    BREAKS_CALM_MS = 10 * 60 * 1000, // without a break: they are over
};

// {0}: none yet.
struct breaks {
    int64_t spent_until_ms; // the allowance is whole again
    int64_t last_ms;        // when it broke last
    bool are_many;          // a connection had to wait, and there was no calm since
};

// The connection broke: from when on it may be made anew; now_ms when that is at once.
int64_t breaks_note(struct breaks *breaks, int64_t now_ms);

// Takes notice of a calm: ends `are_many`.
void breaks_look(struct breaks *breaks, int64_t now_ms);

#endif
