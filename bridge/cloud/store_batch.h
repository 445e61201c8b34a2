// SPDX-License-Identifier: MIT
// When to commit: each commit costs the flash tens of kilobytes, whatever is in it, so that as
// many orders as possible share one. Pure: time is an argument.
#ifndef CLOUD_STORE_BATCH_H
#define CLOUD_STORE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum store_urgency {
    STORE_LAZY,  // with whatever comes next: a row that was acknowledged
    STORE_GROUP, // with the others of this second: live messages, which wait for it
    STORE_SURE,  // at once: a command waits for it
    STORE_URGENCY_COUNT,
};

enum {
    STORE_LINGER_MS = 50,       // all devices publish when a second ends, within some
                                // milliseconds of each other
    STORE_GROUP_EVERY_MS = 950, // a second, less what the second's end may be early
    STORE_LAZY_MS = 5000,
    STORE_BATCH_ORDERS = 2000, // memory, and time of one commit
};

// The orders gathered. Zeroed: none, and none committed yet.
struct store_batch {
    size_t count;
    int64_t since_ms[STORE_URGENCY_COUNT]; // when the first of them came
    size_t counts[STORE_URGENCY_COUNT];
    bool has_committed;
    int64_t grouped_ms; // the last commit that a group shared
};

// When the store must have an order that was posted then, at the latest; until then it may wait
// for others.
int64_t store_batch_wanted_ms(enum store_urgency urgency, int64_t posted_ms);

// `now_ms`: when it was posted.
void store_batch_add(struct store_batch *batch, enum store_urgency urgency, int64_t now_ms);

// When to commit at the latest; INT64_MAX: nothing is gathered.
int64_t store_batch_due_ms(const struct store_batch *batch);

// The gathered orders were committed, or given up.
void store_batch_settle(struct store_batch *batch, int64_t now_ms);

#endif
