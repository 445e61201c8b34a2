// SPDX-License-Identifier: MIT
// How busy a bus is: the share of the last minute that its transactions took, silent intervals
// and time-outs included. Pure: time is an argument. One owner.
#ifndef BUS_BUSY_H
#define BUS_BUSY_H

#include <stdint.h>

enum { BUSY_SECONDS = 60 };

struct busy {
    int64_t began_us;
    int64_t second;                 // the latest that was written to
    uint32_t busy_us[BUSY_SECONDS]; // of each second, by its number modulo their count
};

// Counts from now_us on.
void busy_init(struct busy *busy, int64_t now_us);

// Counts a transaction. `from_us` is not before the `to_us` of the last one.
void busy_add(struct busy *busy, int64_t from_us, int64_t to_us);

// The busy share of the last minute, or of the time since the start when that is shorter; 0..1.
double busy_share(const struct busy *busy, int64_t now_us);

#endif
