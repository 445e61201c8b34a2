// SPDX-License-Identifier: MIT
#include "bus/response.h"

#include <stdlib.h>

#include "base/time_units.h"

enum {
    ENOUGH_ANSWERS = 8,
    WINDOW = 64, // answers: the longest of the last one to two windows is kept in mind
    // Never less than this: a USB adapter passes bytes on every 16 ms, a busy computer is late
    // itself; on a network a lost segment is sent again after 200 ms.
    LEAST_SERIAL_MS = 100,
    LEAST_NETWORK_MS = 250,
};

void response_note(struct response *response, int64_t taken_us)
{
    int64_t distance_us = llabs(taken_us - response->mean_us);
    if (response->answers == 0) {
        response->mean_us = taken_us;
        response->deviation_us = taken_us / 2;
    } else {
        response->deviation_us += (distance_us - response->deviation_us) / 4;
        response->mean_us += (taken_us - response->mean_us) / 8;
    }
    if (response->answers % WINDOW == 0) {
        response->older_max_us = response->newer_max_us;
        response->newer_max_us = 0;
    }
    if (taken_us > response->newer_max_us)
        response->newer_max_us = taken_us;
    response->answers++;
    response->doublings = 0;
}

void response_missed(struct response *response)
{
    response->doublings++;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t response_timeout_ms(const struct response *response, enum transport transport,
                            int64_t ceiling_ms)
{
    if (response->answers < ENOUGH_ANSWERS)
        return ceiling_ms;
    int64_t usual_us = response->mean_us + 4 * response->deviation_us;
    int64_t longest_us = 2 * larger(response->newer_max_us, response->older_max_us);
    int64_t wait_ms = larger(usual_us, longest_us) / US_PER_MS + 1;
    wait_ms = larger(wait_ms, transport == TRANSPORT_RTU ? LEAST_SERIAL_MS : LEAST_NETWORK_MS);
    for (uint32_t i = 0; i < response->doublings && wait_ms < ceiling_ms; i++)
        wait_ms *= 2;
    return wait_ms < ceiling_ms ? wait_ms : ceiling_ms;
}
