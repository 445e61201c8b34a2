// SPDX-License-Identifier: MIT
// The two clocks. Decisions never call these: they take time as an argument. Any thread.
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

// Milliseconds since some moment at boot; never steps.
int64_t clock_monotonic_ms(void);

// Microseconds of the same clock.
int64_t clock_monotonic_us(void);

// Milliseconds since 1970-01-01 UTC; steps when somebody sets the clock.
int64_t clock_wall_ms(void);

#endif
