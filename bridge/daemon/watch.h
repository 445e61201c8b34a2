// SPDX-License-Identifier: MIT
// Whether the threads still go on: decides when to look, whether a look counts, and which
// thread hangs, by the signs of life they give (base/pulse.h). Pure: time is an argument. The
// main thread owns it.
#ifndef DAEMON_WATCH_H
#define DAEMON_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pulse.h"

enum {
    // A thread may be so late: the machine is busy, a line is slow (a frame at 300 baud takes
    // nine seconds), closing a port waits for what it still has to send.
    WATCH_SLACK_MS = 15 * 1000,
    WATCH_LONGEST_MS = 10 * 1000, // between two looks
    WATCH_SHARE = 3,              // so many looks in the time the service manager gives
};

struct watch {
    int64_t every_ms;
    int64_t step_ms; // to the next look but one: short at first, when most happens
    int64_t next_ms;
};

enum watch_change { WATCH_SAME, WATCH_HANGS, WATCH_GOES_ON };

// `watchdog_ms`: within which the service manager wants a sign of life; 0: it wants none.
void watch_init(struct watch *watch, int64_t watchdog_ms, int64_t now_ms);

// When it is time to look.
int64_t watch_next_ms(const struct watch *watch);

// Begins a look. False when the looker itself has stood still, as all did while the system or
// the process was halted: the others are given until the next look.
bool watch_begin(struct watch *watch, int64_t now_ms);

// Whether the thread has kept its last promise.
bool watch_is_alive(const struct pulse *pulse, int64_t now_ms);

// The same, and what changed since it was judged last.
enum watch_change watch_judge(struct pulse *pulse, int64_t now_ms);

#endif
