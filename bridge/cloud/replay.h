// SPDX-License-Identifier: MIT
// How fast the backlog of a connection follows after an outage: as fast as live messages come,
// or ten a second when they are fewer, so that a thousand bridges that were cut off together
// load the broker with twice what they always do. Pure: time is an argument.
#ifndef CLOUD_REPLAY_H
#define CLOUD_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud/bucket.h"

enum {
    REPLAY_LEAST = 10,            // messages a second
    REPLAY_WINDOW_MS = 10 * 1000, // over which the live rate is taken
    REPLAY_IN_FLIGHT = 10,        // of the connection's 20: live values always find room
};

struct replay {
    struct bucket bucket;
    int64_t since_ms; // the present window
    unsigned count;   // live messages in it
    double rate;      // live messages a second in the window before
};

// The rate of live messages is not known yet: the backlog begins slowly.
void replay_init(struct replay *replay, int64_t now_ms);

// A live message was handed in.
void replay_note_live(struct replay *replay, int64_t now_ms);

// Messages of the backlog a second.
double replay_rate(const struct replay *replay);

// Whether one may be sent now; it counts as sent then.
bool replay_take(struct replay *replay, int64_t now_ms);

// When one may be sent.
int64_t replay_next_ms(const struct replay *replay, int64_t now_ms);

#endif
