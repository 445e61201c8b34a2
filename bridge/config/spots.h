// SPDX-License-Identifier: MIT
// The entries of a section after repeat: was carried out: {n} replaced in keys and texts.
// Internal to config.
#ifndef CONFIG_SPOTS_H
#define CONFIG_SPOTS_H

#include <stddef.h>
#include <stdint.h>

#include "config/tree.h"

struct loader;

enum {
    MAX_VARIABLES = 4,  // names of one repeat
    MAX_REPEAT = 1000,  // copies by one repeat
    MAX_ENTRIES = 10000 // of a map, after repeat
};

struct variable {
    const char *name;
    int64_t value;
};

// One entry, alert or command as if it had been written out.
struct spot {
    const char *key;
    struct position at; // of the key
    const struct node *node;
    struct variable variables[MAX_VARIABLES];
    size_t variable_count;
};

struct spots {
    const struct spot *items;
    size_t count;
};

// Writes out a section; NULL is an empty one. Findings for what cannot be written out; those
// entries are left out.
struct spots spots_expand(struct loader *loader, const struct node *section, const char *what);

// A copy of the tree with the spot's {n} replaced; the tree itself when it has none.
const struct node *spot_fill(struct loader *loader, const struct spot *spot,
                             const struct node *node);

#endif
