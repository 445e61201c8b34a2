// SPDX-License-Identifier: MIT
// modbridge-web SITE: the local page of a bridge. What the site says of it is read here, once,
// before anything listens (docs/decisions/0015-local-page.md).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "config/config.h"
#include "web/web.h"

static const char usage[] =
    "usage: modbridge-web SITE\n"
    "serves the local page of the bridge that runs SITE, as web: in the site says\n";

static int fail(const struct error *err)
{
    (void)fprintf(stderr, "modbridge-web: %s\n", err->text);
    return (int)err->code;
}

static char *read_token(const char *path, struct error *err)
{
    char *token = secret_read_line(path, err);
    if (token && strlen(token) < WEB_MIN_TOKEN) {
        (void)error_set(
            err, ERROR_CONFIG,
            "%s: a token has at least %d characters, such as those of: openssl rand "
            "-hex 16",
            path, WEB_MIN_TOKEN);
        secret_free(token);
        token = NULL;
    }
    return token;
}

static int serve(const struct web_settings *settings, const struct control_folders *folders,
                 const char *site, struct error *err)
{
    char *token = settings->token_path ? read_token(settings->token_path, err) : NULL;
    if (settings->token_path && !token)
        return -1;
    struct web_options options = {
        .site = site,
        .folders = folders->items,
        .folder_count = folders->count,
        .address = settings->host,
        .port = settings->port,
        .token = token,
        .allows_commands = settings->allows_commands,
    };
    int result = web_run(&options, err);
    secret_free(token);
    return result;
}

static int run(struct arena *arena, const char *path, struct error *err)
{
    struct diagnostics diagnostics;
    const struct web_settings *settings = NULL;
    struct control_folders folders;
    diagnostics_init(&diagnostics, arena);
    int loaded = config_site_web(arena, path, &diagnostics, &settings);
    if (loaded == 0)
        loaded = config_control_folders(arena, path, &diagnostics, &folders);
    diagnostics_print(&diagnostics, stderr);
    if (loaded != 0)
        return error_set(err, ERROR_CONFIG, "%s is refused, nothing is served", path);
    if (!settings)
        return error_set(err, ERROR_CONFIG,
                         "%s has no local page: give it web: {listen: \"127.0.0.1:8080\"}",
                         path);
    char *absolute = realpath(path, NULL);
    int result = serve(settings, &folders, absolute ? absolute : path, err);
    free(absolute);
    return result;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return fputs(usage, stdout) < 0;
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return printf("modbridge-web %s\n", MODBRIDGE_VERSION) < 0;
    if (argc != 2 || argv[1][0] == '-') {
        (void)fputs(usage, stderr);
        return ERROR_USAGE;
    }
    struct error err;
    secret_seal_process();
    struct arena *arena = arena_new();
    int result = run(arena, argv[1], &err);
    arena_free(arena);
    return result == 0 ? ERROR_NONE : fail(&err);
}
