// SPDX-License-Identifier: MIT
// The messages of one connection that the library has and the broker has not acknowledged.
// Pure.
#ifndef CLOUD_FLIGHTS_H
#define CLOUD_FLIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/pacing.h"

enum { FLIGHTS_ACK_LIMIT_MS = 60 * 1000 }; // without any acknowledgement while some wait

struct flight {
    int mid; // the library's message id
    int64_t row;
};

// Zeroed: none.
struct flights {
    struct flight items[PACING_MAX_IN_FLIGHT];
    size_t count;
    int64_t progress_ms; // last acknowledgement, or when the first message left
};

// Whether as many are under way as may be.
bool flights_are_full(const struct flights *flights);

// Adds a message; there must be room.
void flights_add(struct flights *flights, int mid, int64_t row, int64_t now_ms);

// Takes out the message that was acknowledged; false when the id is none of theirs.
bool flights_take(struct flights *flights, int mid, int64_t now_ms, int64_t *ret_row);

// Whether room that was gone is worth going for: at most half of what may be under way is. With
// more of them each acknowledgement would make room for one message, and wake two threads.
bool flights_are_half_back(const struct flights *flights);

// Whether nothing was acknowledged for too long.
bool flights_are_stuck(const struct flights *flights, int64_t now_ms);

#endif
