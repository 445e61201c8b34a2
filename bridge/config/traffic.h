// SPDX-License-Identifier: MIT
// What a site publishes, and what keeping it writes to the gateway's storage: for `modbridge
// plan`, before a flash card learns it the hard way. Estimates from the site alone; pure, any
// thread.
#ifndef CONFIG_TRAFFIC_H
#define CONFIG_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>

#include "config/budget.h"
#include "model/site.h"

struct traffic {
    // Telemetry, at most: one message of a device for each second of reading, no more often
    // than `publish: interval`. With `keys: changed` it is what changes.
    double messages_per_second;
    double message_bytes; // of their payloads with every key, on average; 0: no messages
    double row_bytes;     // the same as they are kept on disk
    double properties_per_second; // at rest: sent, but never kept on disk
};

// The traffic of a site's published devices; `budgets` of all its buses tell how often their
// requests come.
struct traffic traffic_of(const struct site *site, const struct budget *const *budgets);

// Whether a site keeps telemetry on disk at all.
bool traffic_is_kept(const struct site *site);

// Bytes a day that are handed to the storage for it, as measured (traffic.c says how), without
// what the file system and the flash make of them. `is_away`: while no broker acknowledges.
double traffic_written_per_day(const struct traffic *traffic, enum outbox_write write,
                               bool is_away);

// How long the outbox of a site keeps all that is made while the broker is away: days, until
// max_size is full or max_age is over.
double traffic_days_kept(const struct traffic *traffic, const struct site *site);

#endif
