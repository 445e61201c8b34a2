// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

static void add_folder(struct control_folders *folders, const char *folder)
{
    for (size_t i = 0; i < folders->count; i++) {
        if (folder && strcmp(folders->items[i], folder) == 0)
            return;
    }
    if (folder)
        folders->items[folders->count++] = folder;
}

int config_control_folders(struct arena *arena, const char *site,
                           struct diagnostics *diagnostics, struct control_folders *ret_folders)
{
    const char *given = getenv("RUNTIME_DIRECTORY"); // NOLINT(concurrency-mt-unsafe): at start
    const char *runtime =
        given && given[0] == '/' ? arena_copy(arena, given, strcspn(given, ":")) : NULL;
    const char *state = site ? config_site_state(arena, site, diagnostics) : "state";
    if (!state)
        return -1;
    *ret_folders = (struct control_folders){0};
    if (site)
        add_folder(ret_folders, state);
    add_folder(ret_folders, runtime);
    add_folder(ret_folders, "/run/modbridge");
    if (!site)
        add_folder(ret_folders, state);
    return 0;
}
