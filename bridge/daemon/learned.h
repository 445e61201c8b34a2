// SPDX-License-Identifier: MIT
// What the buses have learned of what equipment refuses, kept over restarts as notes of the
// kinds "hole", "length" and "border" in the store; without a store it is kept while the
// process runs. What was learned with another map is dropped. The main thread owns it.
#ifndef DAEMON_LEARNED_H
#define DAEMON_LEARNED_H

#include <stddef.h>
#include <stdint.h>

#include "cloud/store.h"
#include "daemon/changes.h"
#include "model/message.h"
#include "model/site.h"

struct learned {
    const struct site *site;
    struct store *store; // NULL: none
    struct learned_refusal *refusals;
    size_t count;
};

// Loads what the store holds for the devices of the site; before the store's thread starts.
// `store` NULL: nothing.
void learned_init(struct learned *learned, const struct site *site, struct store *store);
void learned_done(struct learned *learned);

// The site was exchanged (learned->site is the new one, `before` the one before): what was
// learned of devices that are gone, or with another map, is void.
void learned_reload(struct learned *learned, const struct site *before,
                    const struct changes *changes);

// Takes what a bus has learned or forgotten.
void learned_take(struct learned *learned, const struct learned_refusal *refusal);

// A number that differs when the registers of a map do.
uint64_t learned_fingerprint(const struct map *map);

#endif
