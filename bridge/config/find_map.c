// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/suggest.h"
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

size_t config_yaml_stem(const char *name)
{
    static const char ending[] = ".yaml";
    size_t length = strlen(name);
    size_t stem = length >= sizeof ending - 1 ? length - (sizeof ending - 1) : 0;
    return strcmp(name + stem, ending) == 0 ? stem : 0;
}

static bool is_readable(const char *path)
{
    return access(path, R_OK) == 0;
}

const char *config_find_map(struct arena *arena, const char *name,
                            const struct map_folders *folders)
{
    const char *ending = config_yaml_stem(name) ? "" : ".yaml";
    if (name[0] == '/')
        return is_readable(name) ? arena_text(arena, name) : NULL;
    for (size_t i = 0; i < folders->count; i++) {
        const char *path = arena_printf(arena, "%s/%s%s", folders->items[i], name, ending);
        if (is_readable(path))
            return path;
    }
    return NULL;
}

static int is_map(const struct dirent *entry)
{
    return config_yaml_stem(entry->d_name) > 0;
}

const char *config_suggest_map(struct arena *arena, const char *name,
                               const struct map_folders *folders)
{
    struct suggestion suggestion;
    struct strbuf text = {0};
    suggest_start(&suggestion, name);
    for (size_t i = 0; i < folders->count; i++) {
        struct dirent **entries;
        int count = scandir(folders->items[i], &entries, is_map, alphasort);
        for (int k = 0; k < count; k++) {
            const char *file = entries[k]->d_name;
            suggest_candidate(&suggestion, arena_copy(arena, file, config_yaml_stem(file)));
            free(entries[k]);
        }
        if (count >= 0)
            free(entries);
    }
    suggest_append(&suggestion, &text);
    const char *hint = arena_text(arena, strbuf_text(&text));
    strbuf_done(&text);
    return hint;
}
