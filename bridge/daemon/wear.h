// SPDX-License-Identifier: MIT
// How often entries that wear out (wear: of a map) were written, over restarts: notes of kind
// "wear" in the store, by device and entry; without a store it is counted while the process
// runs. It decides nothing. The main thread owns it.
#ifndef DAEMON_WEAR_H
#define DAEMON_WEAR_H

#include <stddef.h>
#include <stdint.h>

#include "cloud/store.h"
#include "model/message.h"
#include "model/site.h"

struct wear {
    const struct site *site;
    struct store *store; // NULL: none
    uint64_t **writes; // per device, per entry of its map; NULL: none of its entries wears out
};

// Loads what the store holds for the devices of the site; before the store's thread starts.
// `store` NULL: nothing.
void wear_init(struct wear *wear, const struct site *site, struct store *store);
void wear_done(struct wear *wear);

// Counts a write. It is on disk with what comes next, within 5 s.
void wear_take(struct wear *wear, const struct wear_note *note);

// How often an entry was written.
uint64_t wear_writes(const struct wear *wear, size_t device, size_t point);

#endif
