// SPDX-License-Identifier: MIT
// modbridge check [--json] FILE...
#include "cli/cli.h"
#include "cli/findings.h"
#include "cli/options.h"
#include "config/budget.h"
#include "config/config.h"
#include "config/lint.h"

static void lint(struct arena *arena, const struct map *map, bool is_whole,
                 struct diagnostics *diagnostics)
{
    const struct profiles *profiles = NULL;
    lint_map(map, is_whole, diagnostics);
    if (map->implements_count && profiles_load(arena, map->path, diagnostics, &profiles) == 0)
        lint_profiles(map, profiles, diagnostics);
}

// Maps are shared between the devices of a site: each is looked at once.
static void lint_site(struct arena *arena, const struct site *site,
                      struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < site->device_count; i++) {
        size_t first = 0;
        while (site->devices[first].map != site->devices[i].map)
            first++;
        if (first == i)
            lint(arena, site->devices[i].map, true, diagnostics);
    }
    budget_lint(arena, site, diagnostics);
}

static void check_file(struct arena *arena, const char *path, struct diagnostics *diagnostics)
{
    const struct map *map = NULL;
    const struct site *site = NULL;
    bool is_whole = config_examine_any(arena, path, diagnostics, &map, &site) == 0;
    if (map)
        lint(arena, map, is_whole, diagnostics);
    else if (site)
        lint_site(arena, site, diagnostics);
}

int cmd_check(const struct options *options)
{
    if (options->positional_count == 0)
        return cli_usage("check", "name the map and site files");
    struct arena *arena = arena_new();
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics, arena);
    for (int i = 0; i < options->positional_count; i++)
        check_file(arena, options->positionals[i], &diagnostics);
    if (options->json)
        findings_print_json(&diagnostics);
    else
        findings_print(&diagnostics);
    size_t errors = diagnostics.error_count;
    arena_free(arena);
    return errors > 0 ? ERROR_CONFIG : ERROR_NONE;
}
