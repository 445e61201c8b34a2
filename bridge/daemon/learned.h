// SPDX-License-Identifier: MIT
// What the buses have learned of what equipment refuses, kept over restarts as notes of the
// kinds "hole", "length" and "border" in the store, by the name of the device and with a number
// that stands for its map; without a store it is kept while the process runs. It counts for a
// device of that name with that map, also one that comes in, or comes back, by a reload. The
// main thread owns it.
#ifndef DAEMON_LEARNED_H
#define DAEMON_LEARNED_H

#include <stddef.h>
#include <stdint.h>

#include "cloud/store.h"
#include "model/message.h"
#include "model/site.h"

struct learned_row;

struct learned {
    const struct site *site;  // that runs
    struct store *store;      // NULL: none
    struct learned_row *rows; // also of devices that are not in the site
};

// Loads what the store holds; before the store's thread starts. `store` NULL: nothing.
void learned_init(struct learned *learned, const struct site *site, struct store *store);
void learned_done(struct learned *learned);

// What counts for the devices of a bus of the site that runs; heap, the caller frees it (NULL:
// nothing).
struct learned_refusal *learned_of_bus(const struct learned *learned, size_t bus,
                                       size_t *ret_count);

// Takes what a bus has learned or forgotten.
void learned_take(struct learned *learned, const struct learned_refusal *refusal);

// A number that differs when the registers of a map do.
uint64_t learned_fingerprint(const struct map *map);

#endif
