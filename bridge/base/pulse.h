// SPDX-License-Identifier: MIT
// A sign of life of a thread: the moment by which it will have given the next one, unless it
// hangs. It gives one before everything that may take time, with what that may take at most;
// one that sleeps for a minute is as alive as one that works.
#ifndef BASE_PULSE_H
#define BASE_PULSE_H

#include <stdbool.h>
#include <stdint.h>

struct pulse {
    _Atomic int64_t until_ms; // on the monotonic clock; PULSE_NONE: nothing is promised
    bool is_missed;           // the watcher's: it did not come, and that was said
};

#define PULSE_NONE INT64_MAX

// The thread will give another sign before this moment. Its thread; before that runs, whoever
// starts it.
void pulse_give(struct pulse *pulse, int64_t until_ms);

// The last promise. Any thread.
int64_t pulse_until_ms(const struct pulse *pulse);

#endif
