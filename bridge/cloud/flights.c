// SPDX-License-Identifier: MIT
#include "cloud/flights.h"

#include <assert.h>

bool flights_are_full(const struct flights *flights)
{
    return flights->count == PACING_MAX_IN_FLIGHT;
}

void flights_add(struct flights *flights, int mid, int64_t row, int64_t now_ms)
{
    assert(!flights_are_full(flights));
    if (flights->count == 0)
        flights->progress_ms = now_ms;
    flights->items[flights->count++] = (struct flight){mid, row};
}

bool flights_take(struct flights *flights, int mid, int64_t now_ms, int64_t *ret_row)
{
    for (size_t i = 0; i < flights->count; i++) {
        if (flights->items[i].mid != mid)
            continue;
        *ret_row = flights->items[i].row;
        flights->items[i] = flights->items[--flights->count];
        flights->progress_ms = now_ms;
        return true;
    }
    return false;
}

bool flights_are_half_back(const struct flights *flights)
{
    return flights->count <= PACING_MAX_IN_FLIGHT / 2;
}

bool flights_are_stuck(const struct flights *flights, int64_t now_ms)
{
    return flights->count && now_ms - flights->progress_ms >= FLIGHTS_ACK_LIMIT_MS;
}
