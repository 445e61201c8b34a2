// SPDX-License-Identifier: MIT
#include "cli/control_link.h"

#include <errno.h>

#include "base/strbuf.h"
#include "config/config.h"

static struct control_link *open_site(struct arena *arena, const char *site, struct error *err)
{
    struct control_folders folders;
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics, arena);
    if (config_control_folders(arena, site, &diagnostics, &folders) != 0) {
        diagnostics_print(&diagnostics, stderr);
        (void)error_set(err, ERROR_CONFIG, "%s cannot be read", site);
        return NULL;
    }
    struct error why;
    struct control_link *link = control_link_connect(folders.items, folders.count, &why);
    if (!link)
        (void)error_set(err, ERROR_FAILED, "%s. Start it with: modbridge run %s", why.text,
                        site ? site : "SITE");
    return link;
}

struct control_link *control_link_find(const char *site, struct error *err)
{
    struct arena *arena = arena_new();
    struct control_folders folders;
    struct diagnostics diagnostics;
    struct control_link *link = NULL;
    bool is_forbidden = false;
    diagnostics_init(&diagnostics, arena);
    if (config_control_folders(arena, site, &diagnostics, &folders) == 0) {
        link = control_link_connect(folders.items, folders.count, err);
        is_forbidden = !link && errno == EACCES;
    }
    if (!link && !is_forbidden)
        *err = (struct error){0};
    arena_free(arena);
    return link;
}

struct control_link *control_link_open(const char *site, struct error *err)
{
    struct arena *arena = arena_new();
    struct control_link *link = open_site(arena, site, err);
    arena_free(arena);
    return link;
}
