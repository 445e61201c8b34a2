// SPDX-License-Identifier: MIT
#include "cli/control_link.h"

#include <errno.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "config/config.h"
#include "daemon/shard.h"

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

struct control_link *control_link_open_shard(const char *site, const char *text,
                                             struct error *err)
{
    struct shard shard;
    struct diagnostics diagnostics;
    if (!text)
        return control_link_open(site, err);
    if (shard_parse(text, &shard, err) != 0)
        return NULL;
    if (!site) {
        (void)error_set(err, ERROR_USAGE, "--shard: name the site file too");
        return NULL;
    }
    struct arena *arena = arena_new();
    struct control_link *link = NULL;
    diagnostics_init(&diagnostics, arena);
    const char *state = config_site_state(arena, site, &diagnostics);
    diagnostics_print(&diagnostics, stderr);
    const char *folder = state ? arena_printf(arena, "%s/shard-%u", state, shard.index) : NULL;
    if (folder)
        link = control_link_connect(&folder, 1, err);
    else
        (void)error_set(err, ERROR_CONFIG, "%s cannot be read", site);
    arena_free(arena);
    return link;
}

struct control_link *control_link_find_shard(const char *site, unsigned index, bool *ret_exists)
{
    struct error err;
    struct diagnostics diagnostics;
    struct arena *arena = arena_new();
    struct control_link *link = NULL;
    diagnostics_init(&diagnostics, arena);
    const char *state = config_site_state(arena, site, &diagnostics);
    const char *folder = state ? arena_printf(arena, "%s/shard-%u", state, index) : NULL;
    *ret_exists = folder && access(folder, F_OK) == 0;
    if (*ret_exists)
        link = control_link_connect(&folder, 1, &err);
    arena_free(arena);
    return link;
}
