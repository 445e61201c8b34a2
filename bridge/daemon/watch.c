// SPDX-License-Identifier: MIT
#include "daemon/watch.h"

#include "base/clock.h"

enum { SHORTEST_MS = 50, FIRST_MS = 1000 };

void watch_init(struct watch *watch, int64_t watchdog_ms, int64_t now_ms)
{
    int64_t every_ms = WATCH_LONGEST_MS;
    if (watchdog_ms)
        every_ms = clock_earlier(watchdog_ms / WATCH_SHARE, WATCH_LONGEST_MS);
    watch->every_ms = every_ms > SHORTEST_MS ? every_ms : SHORTEST_MS;
    watch->step_ms = clock_earlier(FIRST_MS, watch->every_ms);
    watch->next_ms = now_ms;
}

int64_t watch_next_ms(const struct watch *watch)
{
    return watch->next_ms;
}

bool watch_begin(struct watch *watch, int64_t now_ms)
{
    bool stood_still = now_ms > watch->next_ms + WATCH_SLACK_MS / 2;
    watch->next_ms = now_ms + watch->step_ms;
    watch->step_ms = clock_earlier(2 * watch->step_ms, watch->every_ms);
    return !stood_still;
}

bool watch_is_alive(const struct pulse *pulse, int64_t now_ms)
{
    return now_ms - WATCH_SLACK_MS <= pulse_until_ms(pulse);
}

enum watch_change watch_judge(struct pulse *pulse, int64_t now_ms)
{
    bool is_missed = !watch_is_alive(pulse, now_ms);
    if (is_missed == pulse->is_missed)
        return WATCH_SAME;
    pulse->is_missed = is_missed;
    return is_missed ? WATCH_HANGS : WATCH_GOES_ON;
}
