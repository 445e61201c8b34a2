// SPDX-License-Identifier: MIT
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/config.h"

static const char *const standard_folders[] = {
    "/etc/modbridge/mappings", MODBRIDGE_LIBRARY_DIR,
    MODBRIDGE_SOURCE_MAPPINGS, // a build that was not installed
};

void config_map_folders(struct map_folders *ret_folders, const char *near)
{
    *ret_folders = (struct map_folders){0};
    if (near)
        ret_folders->items[ret_folders->count++] = near;
    for (size_t i = 0; i < ARRAY_LENGTH(standard_folders); i++)
        ret_folders->items[ret_folders->count++] = standard_folders[i];
}

static bool is_readable(const char *path)
{
    return access(path, R_OK) == 0;
}

const char *config_find_map(struct arena *arena, const char *name,
                            const struct map_folders *folders)
{
    size_t length = strlen(name);
    bool has_ending = length > 5 && strcmp(name + length - 5, ".yaml") == 0;
    const char *ending = has_ending ? "" : ".yaml";
    if (name[0] == '/')
        return is_readable(name) ? arena_text(arena, name) : NULL;
    for (size_t i = 0; i < folders->count; i++) {
        const char *path = arena_printf(arena, "%s/%s%s", folders->items[i], name, ending);
        if (is_readable(path))
            return path;
    }
    return NULL;
}
