// SPDX-License-Identifier: MIT
// modbridge blueprint MAP|SITE DEVICE [--name TEXT]: the manifest to upload to Enapter Cloud.
#include <stdio.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "config/blueprint.h"
#include "config/config.h"

// The map that is named, or that of the device: its parameters may change what it publishes.
static int find_map(struct arena *arena, const struct options *options,
                    struct diagnostics *diagnostics, const struct map **ret_map,
                    struct error *err)
{
    const char *name = options->positionals[0];
    const struct site *site = NULL;
    struct map_folders folders;
    config_map_folders(&folders, NULL);
    const char *path = config_find_map(arena, name, &folders);
    if (config_load_any(arena, path ? path : name, diagnostics, ret_map, &site) != 0)
        return error_set(err, ERROR_CONFIG, "the configuration is refused, see above");
    if (!site)
        return options->positional_count == 1
                   ? 0
                   : error_set(err, ERROR_USAGE, "%s is a map: it has no devices", name);
    if (options->positional_count == 1)
        return error_set(err, ERROR_USAGE, "%s is a site: name one of its devices", name);
    int index = site_find_device(site, options->positionals[1]);
    if (index == NO_INDEX)
        return error_set(err, ERROR_USAGE, "%s has no device '%s'", name,
                         options->positionals[1]);
    *ret_map = site->devices[index].map;
    return 0;
}

static int print(struct arena *arena, const struct options *options,
                 struct diagnostics *diagnostics, struct error *err)
{
    const struct map *map = NULL;
    const struct profiles *profiles = NULL;
    struct strbuf manifest = {0};
    if (find_map(arena, options, diagnostics, &map, err) != 0)
        return -1;
    if (profiles_load(arena, map->path, diagnostics, &profiles) != 0 ||
        blueprint_make(map, profiles, options->name, diagnostics, &manifest) != 0)
        return error_set(err, ERROR_CONFIG, "there is no blueprint of this map, see above");
    (void)fputs(strbuf_text(&manifest), stdout);
    strbuf_done(&manifest);
    return 0;
}

int cmd_blueprint(const struct options *options)
{
    struct error err;
    if (options->positional_count < 1 || options->positional_count > 2)
        return cli_usage("blueprint", "name a map, or a site and a device");
    struct arena *arena = arena_new();
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics, arena);
    int failed = print(arena, options, &diagnostics, &err);
    diagnostics_print(&diagnostics, stderr);
    arena_free(arena);
    return failed ? cli_fail("blueprint", &err) : ERROR_NONE;
}
