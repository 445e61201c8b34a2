// SPDX-License-Identifier: MIT
// modbridge run SITE [--dry]
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "config/config.h"
#include "daemon/daemon.h"

static int run_site(const char *path, bool is_dry)
{
    secret_seal_process();
    mem_share_heap();
    struct arena *arena = arena_new();
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics, arena);
    const struct site *site = NULL;
    int loaded = config_load_site(arena, path, &diagnostics, &site);
    diagnostics_print(&diagnostics, stderr);
    if (loaded != 0) {
        (void)fprintf(stderr, "modbridge run: %s is refused, nothing was started\n", path);
        arena_free(arena);
        return ERROR_CONFIG;
    }
    struct error err;
    struct daemon_options daemon = {.is_dry = is_dry};
    int ended = daemon_run(site, &daemon, &err);
    if (ended < 0) {
        (void)fprintf(stderr, "modbridge run: %s\n", err.text);
        return (int)err.code;
    }
    if (ended > 0)
        _exit(ERROR_NONE); // a thread still uses what an orderly exit would tear down
    arena_free(arena);
    return ERROR_NONE;
}

int cmd_run(const struct options *options)
{
    if (options->positional_count != 1)
        return cli_usage("run", "name one site file");
    return run_site(options->positionals[0], options->dry);
}
