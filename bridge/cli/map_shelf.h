// SPDX-License-Identifier: MIT
// All maps there are, by themselves: those of a site's folders, of /etc/modbridge/mappings and
// of the shipped library. Loaded when they are asked for first. Main thread.
#ifndef CLI_MAP_SHELF_H
#define CLI_MAP_SHELF_H

#include <stddef.h>

#include "base/arena.h"
#include "config/config.h"
#include "model/map.h"
#include "model/site.h"

struct map_shelf {
    struct arena *arena;
    struct map_folders folders;
    bool is_loaded;
    const struct map **maps; // by folder, then by name; of several with a name the first
    size_t count;
    size_t size;
};

// An empty shelf with the folders of a site (NULL: none).
void map_shelf_init(struct map_shelf *shelf, const struct site *site);
void map_shelf_done(struct map_shelf *shelf);

// Loads them, unless that was done. Files that are no maps, or maps with errors, are left out:
// `modbridge check` says what is wrong with them.
void map_shelf_load(struct map_shelf *shelf);

#endif
