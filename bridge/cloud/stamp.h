// SPDX-License-Identifier: MIT
// When something was, although the clock was not set yet. A gateway without a battery starts in
// 1970 and learns the time minutes later: what it reads before must not be lost and must come
// out right. So messages carry the time since the system was started, which never steps, and
// the timestamp is made when they are sent. Pure, any thread.
#ifndef CLOUD_STAMP_H
#define CLOUD_STAMP_H

#include <stdbool.h>
#include <stdint.h>

enum { STAMP_STEP_MS = 500 }; // a clock that moved by less was slewed, or read a moment later

enum stamp_kind {
    STAMP_NONE,    // no timestamp: responses
    STAMP_PRESENT, // milliseconds since the present start of the system
    STAMP_WALL,    // milliseconds since 1970 UTC: of a former start whose time became known
};

struct stamp {
    enum stamp_kind kind;
    int64_t ms;
};

// What is known of the present start of the system; zeroed: nothing.
struct stamp_clock {
    bool is_set;
    int64_t offset_ms; // 1970 clock less the clock since the start
};

// Compares the two clocks. A clock before `build_ms` was never set and tells nothing. True when
// the offset became known or stepped; a step by a person or by time synchronisation moves what
// was read before and not sent yet along, because the new time is the better one.
bool stamp_clock_look(struct stamp_clock *clock, int64_t wall_ms, int64_t boot_ms,
                      int64_t build_ms);

// Whether a message with this stamp can be sent now, and the second of its timestamp then.
bool stamp_is_known(const struct stamp_clock *clock, const struct stamp *stamp);
int64_t stamp_second(const struct stamp_clock *clock, const struct stamp *stamp);

// The middle of the second that the 1970 clock shows as `wall_ms`, on another clock that shows
// `other_ms` in the same moment. What was read in a second is stamped by its middle, so that
// clocks that are looked at a moment apart do not make it another second.
int64_t stamp_middle_ms(int64_t other_ms, int64_t wall_ms);

// A JSON object with "timestamp": second as its first key. `body` is the object without. Heap;
// the caller frees it.
char *stamp_payload(const char *body, int64_t second);

#endif
