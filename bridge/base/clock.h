// SPDX-License-Identifier: MIT
// The two clocks, and letting time pass. Decisions never call these: they take time as an
// argument. Any thread.
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Milliseconds since some moment at boot; never steps.
int64_t clock_monotonic_ms(void);

// Microseconds of the same clock.
int64_t clock_monotonic_us(void);

// Milliseconds since 1970-01-01 UTC; steps when somebody sets the clock.
int64_t clock_wall_ms(void);

// Waits until the monotonic clock shows `until_us`, or until one of the descriptors is readable
// (a negative one never is); then it is true. A time in the past only looks.
bool clock_wait(const int *descriptors, size_t count, int64_t until_us);

#endif
