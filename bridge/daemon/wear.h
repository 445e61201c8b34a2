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

struct worn_entry;

struct wear {
    const struct site *site;
    struct store *store;     // NULL: none
    struct worn_entry *rows; // by the names of device and entry: also of those that are gone
};

// Loads what the store holds; before the store's thread starts. `store` NULL: nothing.
void wear_init(struct wear *wear, const struct site *site, struct store *store);
void wear_done(struct wear *wear);

// Counts a write. It is on disk with what comes next, within 5 s.
void wear_take(struct wear *wear, const struct wear_note *note);

// How often an entry was written.
uint64_t wear_writes(const struct wear *wear, size_t device, size_t point);

#endif
