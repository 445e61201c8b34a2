// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
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

// "/run/modbridge-plant" for "/etc/modbridge/plant.yaml".
static const char *instance_folder(struct arena *arena, const char *site)
{
    const char *slash = strrchr(site, '/');
    const char *name = slash ? slash + 1 : site;
    size_t stem = config_yaml_stem(name);
    size_t length = stem ? stem : strlen(name);
    struct strbuf path = {0};
    strbuf_printf(&path, "/run/modbridge-%.*s", (int)length, name);
    const char *folder = arena_copy(arena, path.text, path.length);
    strbuf_done(&path);
    return folder;
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
    if (site)
        add_folder(ret_folders, instance_folder(arena, site));
    add_folder(ret_folders, "/run/modbridge");
    if (!site)
        add_folder(ret_folders, state);
    return 0;
}
