// SPDX-License-Identifier: MIT
#include "cli/import_csv.h"

#include <stdio.h>

#include "base/strbuf.h"
#include "cli/cli.h"
#include "import/register_map.h"

static int print_map(struct arena *arena, const struct register_sheet *sheet, struct error *err)
{
    struct strbuf text = {0};
    register_map_write(arena, sheet, &text);
    bool failed = fputs(strbuf_text(&text), stdout) == EOF || fflush(stdout) == EOF;
    strbuf_done(&text);
    return failed ? error_set_errno(err, "the map cannot be written") : 0;
}

static int import_file(struct arena *arena, const char *path,
                       const struct register_addressing *addressing, struct error *err)
{
    struct diagnostics diagnostics;
    struct register_sheet sheet;
    diagnostics_init(&diagnostics, arena);
    int result = register_sheet_read(arena, path, addressing, &diagnostics, &sheet);
    diagnostics_print(&diagnostics, stderr);
    if (result != 0)
        return error_set(err, ERROR_CONFIG, "no map was made of %s, see above", path);
    return print_map(arena, &sheet, err);
}

int import_csv(const struct options *options)
{
    struct error err;
    const struct register_addressing *addressing =
        register_addressing_find(options->addressing);
    if (options->positional_count != 1)
        return cli_usage("import", "name one file with a register table");
    if (!addressing)
        return cli_usage("import", "--addressing is zero_based, one_based or modicon, not '%s'",
                         options->addressing);
    struct arena *arena = arena_new();
    int failed = import_file(arena, options->positionals[0], addressing, &err);
    arena_free(arena);
    return failed ? cli_fail("import", &err) : ERROR_NONE;
}
