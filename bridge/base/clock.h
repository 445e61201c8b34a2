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

// Milliseconds since the system was started, in sleep too; never steps.
int64_t clock_boot_ms(void);

// Milliseconds since 1970-01-01 UTC; steps when somebody sets the clock.
int64_t clock_wall_ms(void);

// Waits until the monotonic clock shows `until_us`, or until one of the descriptors is readable
// (a negative one never is); then it is true. A time in the past only looks.
bool clock_wait(const int *descriptors, size_t count, int64_t until_us);

// When the program was built, on the same clock: one that shows less has not been set.
int64_t clock_build_ms(void);

// Names the present start of the system; the same text as long as it runs, at most 36
// characters. Source: proc(5), /proc/sys/kernel/random/boot_id.
enum { CLOCK_BOOT_ID_SIZE = 37 };
void clock_boot_id(char ret_id[CLOCK_BOOT_ID_SIZE]);

// The earlier of two dates on one clock.
int64_t clock_earlier(int64_t a, int64_t b);

#endif
