// SPDX-License-Identifier: MIT
// modbridge plan SITE [--response DURATION] [--entries] [--json]: what the buses will be like,
// and the storage.
#include <stdio.h>

#include "base/num.h"
#include "base/time_units.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/plan.h"
#include "config/config.h"

enum { LONGEST_RESPONSE_MS = 60 * 1000 };

static int take_response(const struct options *options, int64_t *ret_us, struct error *err)
{
    int64_t response_ms = 0;
    *ret_us = -1;
    if (!options->response)
        return 0;
    if (!num_parse_duration_ms(options->response, &response_ms) ||
        response_ms > LONGEST_RESPONSE_MS)
        return error_set(err, ERROR_USAGE,
                         "--response takes a time up to 60s, such as 20ms, not '%s'",
                         options->response);
    *ret_us = response_ms * US_PER_MS;
    return 0;
}

static int plan_site(struct arena *arena, const char *path, int64_t response_us,
                     const struct options *options)
{
    struct diagnostics diagnostics;
    const struct site *site = NULL;
    diagnostics_init(&diagnostics, arena);
    int failed = config_load_site(arena, path, &diagnostics, &site);
    diagnostics_print(&diagnostics, stderr);
    if (failed)
        return ERROR_CONFIG;
    const struct budget **budgets =
        ARENA_NEW_ARRAY(arena, site->bus_count, const struct budget *);
    for (size_t i = 0; i < site->bus_count; i++)
        budgets[i] = budget_of_bus(arena, site, (int)i, response_us);
    struct plan_view view = {site, budgets, traffic_of(site, budgets)};
    if (options->json)
        plan_print_json(&view);
    else
        plan_print(&view, options->entries);
    return ERROR_NONE;
}

int cmd_plan(const struct options *options)
{
    struct error err;
    int64_t response_us = 0;
    if (take_response(options, &response_us, &err) != 0)
        return cli_usage("plan", "%s", err.text);
    if (options->positional_count != 1)
        return cli_usage("plan", "name one site file");
    struct arena *arena = arena_new();
    int code = plan_site(arena, options->positionals[0], response_us, options);
    arena_free(arena);
    return code;
}
