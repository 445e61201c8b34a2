// SPDX-License-Identifier: MIT
#include "bus/busy.h"

#include <string.h>

enum { SECOND_US = 1000000 };

void busy_init(struct busy *busy, int64_t now_us)
{
    *busy = (struct busy){.began_us = now_us, .second = now_us / SECOND_US};
}

// Clears the seconds that have passed since the last one written to.
static void advance(struct busy *busy, int64_t second)
{
    if (second - busy->second >= BUSY_SECONDS) {
        memset(busy->busy_us, 0, sizeof busy->busy_us);
        busy->second = second;
    }
    while (busy->second < second)
        busy->busy_us[++busy->second % BUSY_SECONDS] = 0;
}

void busy_add(struct busy *busy, int64_t from_us, int64_t to_us)
{
    int64_t oldest_us = to_us - (int64_t)BUSY_SECONDS * SECOND_US;
    from_us = from_us > oldest_us ? from_us : oldest_us;
    while (from_us < to_us) {
        int64_t second = from_us / SECOND_US;
        int64_t end_us = (second + 1) * SECOND_US;
        end_us = end_us < to_us ? end_us : to_us;
        advance(busy, second);
        busy->busy_us[second % BUSY_SECONDS] += (uint32_t)(end_us - from_us);
        from_us = end_us;
    }
}

double busy_share(const struct busy *busy, int64_t now_us)
{
    int64_t now_second = now_us / SECOND_US;
    int64_t first = now_second - BUSY_SECONDS + 1;
    int64_t oldest = busy->second - BUSY_SECONDS + 1;
    int64_t sum_us = 0;
    for (int64_t second = first > oldest ? first : oldest; second <= busy->second; second++) {
        if (second >= 0)
            sum_us += busy->busy_us[second % BUSY_SECONDS];
    }
    int64_t from_us = first * SECOND_US;
    int64_t span_us = now_us - (from_us > busy->began_us ? from_us : busy->began_us);
    if (span_us <= 0)
        return 0;
    return sum_us < span_us ? (double)sum_us / (double)span_us : 1;
}
