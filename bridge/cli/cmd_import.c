// SPDX-License-Identifier: MIT
// modbridge import sunspec TARGET | csv FILE: writes a map, to be edited, on standard output.
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/suggest.h"
#include "cli/cli.h"
#include "cli/import_csv.h"
#include "cli/import_sunspec.h"

static const struct {
    const char *name;
    int (*run)(const struct options *options);
} sources[] = {{"sunspec", import_sunspec}, {"csv", import_csv}};

static int refuse_source(const char *name)
{
    struct suggestion suggestion;
    struct strbuf near = {0};
    suggest_start(&suggestion, name);
    for (size_t i = 0; i < ARRAY_LENGTH(sources); i++)
        suggest_candidate(&suggestion, sources[i].name);
    suggest_append(&suggestion, &near);
    int code =
        cli_usage("import", "'%s' is neither sunspec nor csv%s", name, strbuf_text(&near));
    strbuf_done(&near);
    return code;
}

int cmd_import(const struct options *options)
{
    if (options->positional_count == 0)
        return cli_usage("import", "say what from: sunspec or csv");
    struct options rest = *options;
    rest.positional_count--;
    memmove(&rest.positionals[0], &rest.positionals[1],
            (size_t)rest.positional_count * sizeof rest.positionals[0]);
    for (size_t i = 0; i < ARRAY_LENGTH(sources); i++) {
        if (strcmp(sources[i].name, options->positionals[0]) == 0)
            return sources[i].run(&rest);
    }
    return refuse_source(options->positionals[0]);
}
