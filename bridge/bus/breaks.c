// SPDX-License-Identifier: MIT
#include "bus/breaks.h"

int64_t breaks_note(struct breaks *breaks, int64_t now_ms)
{
    int64_t from_ms = breaks->spent_until_ms > now_ms ? breaks->spent_until_ms : now_ms;
    int64_t at_ms = from_ms - (int64_t)(BREAKS_AT_ONCE - 1) * BREAKS_PAUSE_MS;
    breaks->spent_until_ms = from_ms + BREAKS_PAUSE_MS;
    breaks->last_ms = now_ms;
    if (at_ms <= now_ms)
        return now_ms;
    breaks->are_many = true;
    return at_ms;
}

void breaks_look(struct breaks *breaks, int64_t now_ms)
{
    if (now_ms - breaks->last_ms >= BREAKS_CALM_MS)
        breaks->are_many = false;
}
