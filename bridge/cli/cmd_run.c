// SPDX-License-Identifier: MIT
// modbridge run SITE [--dry] [--shard I/N]
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "daemon/daemon.h"

static int run_site(const struct generation_source *source, bool is_dry)
{
    struct error err;
    char *findings = NULL;
    secret_seal_process();
    mem_share_heap();
    struct generation *first = generation_load(source, NULL, &findings);
    (void)fputs(findings, stderr);
    free(findings);
    if (!first) {
        (void)fprintf(stderr, "modbridge run: %s is refused, nothing was started\n",
                      source->path);
        return ERROR_CONFIG;
    }
    struct daemon_options daemon = {.is_dry = is_dry};
    int ended = daemon_run(first, source, &daemon, &err);
    if (ended < 0) {
        (void)fprintf(stderr, "modbridge run: %s\n", err.text);
        return (int)err.code;
    }
    if (ended > 0)
        _exit(ERROR_NONE); // a thread still uses what an orderly exit would tear down
    return ERROR_NONE;
}

int cmd_run(const struct options *options)
{
    if (options->positional_count != 1)
        return cli_usage("run", "name one site file");
    struct generation_source source = {.path = options->positionals[0]};
    struct error err;
    if (options->shard && shard_parse(options->shard, &source.shard, &err) != 0)
        return cli_fail("run", &err);
    return run_site(&source, options->dry);
}
