// SPDX-License-Identifier: MIT
// modbridge schema map|site [--reference]: what a file may hold.
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "config/schema.h"

static const char *const kind_names[SCHEMA_KIND_COUNT] = {
    [SCHEMA_MAP] = "map",
    [SCHEMA_SITE] = "site",
};

int cmd_schema(const struct options *options)
{
    for (size_t i = 0; options->positional_count == 1 && i < ARRAY_LENGTH(kind_names); i++) {
        if (strcmp(options->positionals[0], kind_names[i]) != 0)
            continue;
        struct strbuf out = {0};
        (options->reference ? schema_print_reference : schema_print)((enum schema_kind)i, &out);
        (void)fputs(strbuf_text(&out), stdout);
        strbuf_done(&out);
        return ERROR_NONE;
    }
    return cli_usage("schema", "say map or site");
}
