// SPDX-License-Identifier: MIT
#include "cli/map_shelf.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void add_folder(struct map_shelf *shelf, const char *folder)
{
    struct map_folders *folders = &shelf->folders;
    for (size_t i = 0; i < folders->count; i++) {
        if (strcmp(folders->items[i], folder) == 0)
            return;
    }
    if (folders->count < MAX_MAP_FOLDERS)
        folders->items[folders->count++] = folder;
}

// The folder a file is in.
static const char *folder_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? arena_copy(arena, path, (size_t)(slash - path)) : ".";
}

void map_shelf_init(struct map_shelf *shelf, const struct site *site)
{
    struct map_folders standard;
    *shelf = (struct map_shelf){.arena = arena_new()};
    if (site)
        add_folder(shelf, folder_of(shelf->arena, site->path));
    for (size_t i = 0; site && i < site->device_count; i++)
        add_folder(shelf, folder_of(shelf->arena, site->devices[i].map->path));
    config_map_folders(&standard, NULL);
    for (size_t i = 0; i < standard.count; i++)
        add_folder(shelf, standard.items[i]);
}

void map_shelf_done(struct map_shelf *shelf)
{
    free(shelf->maps);
    arena_free(shelf->arena);
}

static int is_yaml(const struct dirent *entry)
{
    return config_yaml_stem(entry->d_name) > 0;
}

static bool has_name(const struct map_shelf *shelf, const char *name)
{
    for (size_t i = 0; i < shelf->count; i++) {
        if (strcmp(shelf->maps[i]->name, name) == 0)
            return true;
    }
    return false;
}

static void add_map(struct map_shelf *shelf, const char *folder, const char *file)
{
    struct diagnostics diagnostics;
    const struct map *map = NULL;
    const char *path = arena_printf(shelf->arena, "%s/%s", folder, file);
    const struct map_overrides overrides = {.folders = &shelf->folders};
    diagnostics_init(&diagnostics, shelf->arena);
    if (config_load_map(shelf->arena, path, &overrides, &diagnostics, &map) != 0 ||
        has_name(shelf, map->name))
        return;
    if (shelf->count == shelf->size) {
        shelf->size = shelf->size ? 2 * shelf->size : 64;
        shelf->maps = mem_resize(shelf->maps, shelf->size, sizeof *shelf->maps);
    }
    shelf->maps[shelf->count++] = map;
}

void map_shelf_load(struct map_shelf *shelf)
{
    for (size_t i = 0; !shelf->is_loaded && i < shelf->folders.count; i++) {
        struct dirent **entries = NULL;
        int count = scandir(shelf->folders.items[i], &entries, is_yaml, alphasort);
        for (int k = 0; k < count; k++) {
            add_map(shelf, shelf->folders.items[i], entries[k]->d_name);
            free(entries[k]);
        }
        free(entries);
    }
    shelf->is_loaded = true;
}
