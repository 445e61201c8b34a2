// SPDX-License-Identifier: MIT
#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/time_units.h"

enum { MAX_WAITED = 4 };

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

int64_t clock_monotonic_ms(void)
{
    return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_monotonic_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t clock_wall_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

bool clock_wait(const int *descriptors, size_t count, int64_t until_us)
{
    struct pollfd polled[MAX_WAITED];
    assert(count <= MAX_WAITED);
    for (size_t i = 0; i < count; i++)
        polled[i] = (struct pollfd){.fd = descriptors[i], .events = POLLIN};
    for (;;) {
        int64_t left_us = until_us - clock_monotonic_us();
        if (left_us < 0)
            left_us = 0;
        struct timespec left = {.tv_sec = left_us / US_PER_S,
                                .tv_nsec = (long)(left_us % US_PER_S * NS_PER_US)};
        int ready = ppoll(polled, count, &left, NULL);
        if (ready >= 0 || errno != EINTR)
            return ready > 0;
    }
}

int64_t clock_boot_ms(void)
{
    return read_us(CLOCK_BOOTTIME) / 1000;
}

int64_t clock_build_ms(void)
{
    return MODBRIDGE_BUILD_SECOND * INT64_C(1000);
}

void clock_boot_id(char ret_id[CLOCK_BOOT_ID_SIZE])
{
    (void)snprintf(ret_id, CLOCK_BOOT_ID_SIZE, "unknown");
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (!file)
        return;
    if (!fgets(ret_id, CLOCK_BOOT_ID_SIZE, file))
        (void)snprintf(ret_id, CLOCK_BOOT_ID_SIZE, "unknown");
    ret_id[strcspn(ret_id, "\n")] = '\0';
    (void)fclose(file);
}

int64_t clock_earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}
