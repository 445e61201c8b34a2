// SPDX-License-Identifier: MIT
#include "import/keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

enum { FIRST_SIZE = 256 }; // a power of two, like every size

// Where the key is or would be; the table is never full.
static size_t find_slot(const struct import_keys *keys, const char *key)
{
    size_t slot = (size_t)hash_text(HASH_START, key) & (keys->size - 1);
    while (keys->slots[slot] && strcmp(keys->slots[slot], key) != 0)
        slot = (slot + 1) & (keys->size - 1);
    return slot;
}

bool import_keys_has(const struct import_keys *keys, const char *key)
{
    return keys->size && keys->slots[find_slot(keys, key)];
}

static void grow(struct import_keys *keys)
{
    struct import_keys larger = {.size = keys->size ? keys->size * 2 : FIRST_SIZE,
                                 .count = keys->count};
    larger.slots = mem_new(larger.size, sizeof *larger.slots);
    for (size_t i = 0; i < keys->size; i++) {
        if (keys->slots[i])
            larger.slots[find_slot(&larger, keys->slots[i])] = keys->slots[i];
    }
    free(keys->slots);
    *keys = larger;
}

bool import_keys_add(struct import_keys *keys, const char *key)
{
    if (import_keys_has(keys, key))
        return false;
    if (keys->count * 2 >= keys->size)
        grow(keys);
    keys->slots[find_slot(keys, key)] = key;
    keys->count++;
    return true;
}

void import_keys_done(struct import_keys *keys)
{
    free(keys->slots);
    *keys = (struct import_keys){0};
}
