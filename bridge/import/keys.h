// SPDX-License-Identifier: MIT
// The keys that a map which is being made has already. One owner, one thread.
#ifndef IMPORT_KEYS_H
#define IMPORT_KEYS_H

#include <stdbool.h>
#include <stddef.h>

// `struct import_keys keys = {0};` is empty; import_keys_done frees it. Texts are borrowed.
struct import_keys {
    const char **slots; // hash table
    size_t size;
    size_t count;
};

// Whether a key was added.
bool import_keys_has(const struct import_keys *keys, const char *key);

// Adds a key; false when it was there.
bool import_keys_add(struct import_keys *keys, const char *key);

// Frees the keys; none is known afterwards.
void import_keys_done(struct import_keys *keys);

#endif
