// SPDX-License-Identifier: MIT
// modbridge check [--json] FILE...
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "config/config.h"

static void print_json_text(const char *text)
{
    (void)putchar('"');
    for (const char *at = text; *at; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '"' || byte == '\\')
            (void)printf("\\%c", byte);
        else if (byte < 0x20)
            (void)printf("\\u%04x", byte);
        else
            (void)putchar(byte);
    }
    (void)putchar('"');
}

static void print_json_finding(const struct finding *finding)
{
    (void)printf("{\"file\":");
    print_json_text(finding->at.file);
    (void)printf(",\"line\":%d,\"column\":%d,\"severity\":\"%s\",\"text\":", finding->at.line,
                 finding->at.column, finding_severity_names[finding->severity]);
    print_json_text(finding->text);
    (void)printf("}");
}

static void print_json(struct diagnostics *diagnostics)
{
    diagnostics_sort(diagnostics);
    (void)printf("[");
    for (size_t i = 0; i < diagnostics->count; i++) {
        (void)printf(i ? ",\n " : "");
        print_json_finding(&diagnostics->findings[i]);
    }
    (void)printf("]\n");
}

int cmd_check(int argc, char **argv)
{
    struct options options;
    struct error err;
    if (options_parse(argc, argv, "json", &options, &err) != 0)
        return cli_usage("check", "%s", err.text);
    if (options.positional_count == 0)
        return cli_usage("check", "name the map and site files");
    struct arena *arena = arena_new();
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics, arena);
    for (int i = 0; i < options.positional_count; i++) {
        const struct map *map = NULL;
        const struct site *site = NULL;
        (void)config_load_any(arena, options.positionals[i], &diagnostics, &map, &site);
    }
    if (options.json)
        print_json(&diagnostics);
    else
        diagnostics_print(&diagnostics, stdout);
    size_t errors = diagnostics.error_count;
    arena_free(arena);
    return errors > 0 ? ERROR_CONFIG : ERROR_NONE;
}
