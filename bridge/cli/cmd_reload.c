// SPDX-License-Identifier: MIT
// modbridge reload [SITE] [--json]: has the running bridge read its site file again.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/control_link.h"
#include "cli/options.h"

// Commands that run on what changes are waited for.
enum { PATIENCE_MS = 24 * 3600 * 1000 };

static json_t *ask(const struct options *options, struct error *err)
{
    const char *site = options->positional_count ? options->positionals[0] : NULL;
    struct control_link *link = control_link_open_shard(site, options->shard, err);
    if (!link)
        return NULL;
    char *path = site ? realpath(site, NULL) : NULL;
    json_t *request = json_new_object();
    json_put(request, "request", json_from_text("reload", strlen("reload")));
    if (path)
        json_put(request, "site", json_from_text(path, strlen(path)));
    free(path);
    json_t *result = control_link_request(link, request, PATIENCE_MS, err);
    control_link_close(link);
    return result;
}

static void print_findings(const json_t *result)
{
    size_t i = 0;
    const json_t *finding = NULL;
    json_array_foreach(json_object_get(result, "findings"), i, finding)(void)
        fprintf(stderr, "%s\n", json_string_value(finding));
}

int cmd_reload(const struct options *options)
{
    struct error err;
    if (options->positional_count > 1)
        return cli_usage("reload", "name one site file, or none");
    json_t *result = ask(options, &err);
    if (!result)
        return cli_fail("reload", &err);
    bool is_applied = json_is_true(json_object_get(result, "applied"));
    const char *text = json_string_value(json_object_get(result, "text"));
    print_findings(result);
    if (options->json) {
        char *line = json_print(json_incref(result));
        (void)printf("%s\n", line);
        free(line);
    } else if (text) {
        (void)printf("%s\n", text);
    }
    if (!is_applied)
        (void)fprintf(stderr, "modbridge reload: refused; what ran goes on as it was\n");
    json_decref(result);
    return is_applied ? ERROR_NONE : ERROR_CONFIG;
}
