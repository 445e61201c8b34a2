// SPDX-License-Identifier: MIT
// modbridge status [SITE] [--json] [--watch]: what the running bridge says of itself.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/stop_signals.h"
#include "cli/cli.h"
#include "cli/control_link.h"
#include "cli/options.h"
#include "cli/screen.h"
#include "cli/status_text.h"
#include "cli/terminal.h"

enum { WATCH_MS = 1000 };

// The daemon that was found may run another site than the one that is named.
static int check_site(const json_t *status, const char *site, struct error *err)
{
    const char *runs = json_string_value(json_object_get(status, "site"));
    char *named = site ? realpath(site, NULL) : NULL;
    bool is_other = named && runs && strcmp(named, runs) != 0;
    free(named);
    if (!is_other)
        return 0;
    return error_set(err, ERROR_FAILED, "no modbridge runs %s; the one that answers runs %s",
                     site, runs);
}

static json_t *ask(const struct options *options, struct error *err)
{
    const char *site = options->positional_count ? options->positionals[0] : NULL;
    struct control_link *link = control_link_open_shard(site, options->shard, err);
    json_t *status = link ? control_link_ask(link, "status", err) : NULL;
    control_link_close(link);
    if (status && check_site(status, site, err) != 0) {
        json_decref(status);
        return NULL;
    }
    return status;
}

// The text of a status, or of why there is none; takes the status.
static void describe(const struct options *options, json_t *status, struct strbuf *out)
{
    if (options->json) {
        char *text = json_print(status);
        strbuf_printf(out, "%s\n", text);
        free(text);
        return;
    }
    status_text(status, terminal_in_colour(), out);
    json_decref(status);
}

static int show(const struct options *options)
{
    struct error err;
    struct strbuf text = {0};
    json_t *status = ask(options, &err);
    if (!status)
        return cli_fail("status", &err);
    describe(options, status, &text);
    (void)fputs(strbuf_text(&text), stdout);
    strbuf_done(&text);
    return ERROR_NONE;
}

static void show_again(const struct options *options, bool is_first)
{
    struct error err;
    struct strbuf text = {0};
    json_t *status = ask(options, &err);
    bool draws = terminal_is_there() && !options->json;
    if (status)
        describe(options, status, &text);
    else if (draws)
        strbuf_printf(&text, "%s\n", err.text);
    else
        (void)fprintf(stderr, "modbridge status: %s\n", err.text);
    if (draws) {
        screen_draw(strbuf_text(&text));
    } else {
        bool is_text = !options->json && text.length;
        (void)printf("%s%s", is_text && !is_first ? "\n" : "", strbuf_text(&text));
    }
    strbuf_done(&text);
}

static int watch(const struct options *options, struct error *err)
{
    int signals = stop_signals_open(err);
    struct pollfd stop = {.fd = signals, .events = POLLIN};
    if (signals < 0)
        return -1;
    if (terminal_is_there() && !options->json)
        screen_begin();
    bool is_first = true;
    bool is_read = true; // somebody still takes what is written
    while (is_read) {
        show_again(options, is_first);
        is_first = false;
        is_read = fflush(stdout) == 0;
        if (poll(&stop, 1, WATCH_MS) > 0)
            break;
    }
    (void)close(signals);
    return ERROR_NONE;
}

int cmd_status(const struct options *options)
{
    struct error err;
    if (options->positional_count > 1)
        return cli_usage("status", "name one site file, or none");
    if (!options->watch)
        return show(options);
    int code = watch(options, &err);
    return code < 0 ? cli_fail("status", &err) : code;
}
