// SPDX-License-Identifier: MIT
#include "web/web.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop_signals.h"
#include "web/event.h"
#include "web/history.h"
#include "web/inquiry.h"
#include "web/metrics.h"
#include "web/pages.h"

struct web {
    const struct web_options *options;
    struct access_rules rules;
    struct inquiry inquiry;
    struct history history;
    struct picture *picture;
    struct orders *orders; // NULL: commands are not allowed
    struct pages *pages;
    struct http *http;
    bool answers;
    int64_t answered_ms; // last; 0: never
    int64_t next_ms;     // when the bridge is asked
    char reason[PICTURE_REASON_SIZE];
};

static int make_session(struct access_rules *rules, struct error *err)
{
    unsigned char bytes[(ACCESS_SESSION_SIZE - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return error_set_errno(err, "no random numbers");
    for (size_t i = 0; i < sizeof bytes; i++)
        (void)snprintf(&rules->session[2 * i], 3, "%02x", bytes[i]);
    return 0;
}

static int start(struct web *web, struct error *err)
{
    const struct web_options *options = web->options;
    web->rules = (struct access_rules){.address = options->address, .token = options->token};
    if (make_session(&web->rules, err) != 0)
        return -1;
    web->inquiry = (struct inquiry){
        .site = options->site,
        .folders = options->folders,
        .folder_count = options->folder_count,
    };
    web->picture = picture_new();
    if (options->allows_commands) {
        web->orders = orders_new(options->site, options->folders, options->folder_count, err);
        if (!web->orders)
            return -1;
    }
    struct pages_sources sources = {&web->rules, web->picture, web->orders};
    web->pages = pages_new(&sources);
    struct http_settings settings = {options->address, options->port, web->pages, pages_answer};
    web->http = http_start(&settings, err);
    if (!web->http)
        return -1;
    return web->orders ? orders_start(web->orders, web->http, err) : 0;
}

static void finish(struct web *web)
{
    if (web->orders)
        orders_stop(web->orders); // first: it finishes what the server waits for
    if (web->http)
        http_stop(web->http);
    orders_free(web->orders);
    inquiry_done(&web->inquiry);
    history_clear(&web->history);
    if (web->pages)
        pages_free(web->pages);
    if (web->picture)
        picture_free(web->picture);
}

static struct shared_text *share(char *text)
{
    return shared_text_new(text, strlen(text));
}

static struct shared_text *share_json(const json_t *json)
{
    return share(json_print(json_present(json_copy((json_t *)json))));
}

static void forget_parts(struct web *web)
{
    for (int part = 0; part < PICTURE_PARTS; part++)
        picture_set(web->picture, (enum picture_part)part, NULL);
    picture_set(web->picture, PICTURE_METRICS, share(metrics_text(NULL, NULL, NULL)));
}

static void take_findings(struct web *web, const struct findings *findings, int64_t now_ms)
{
    if (findings->are_new) {
        history_clear(&web->history);
        picture_set(web->picture, PICTURE_DEVICES, share_json(findings->devices));
    }
    if (history_take(&web->history, findings->values, now_ms))
        picture_set(web->picture, PICTURE_HISTORY, share(history_json(&web->history)));
    picture_set(web->picture, PICTURE_STATUS, share_json(findings->status));
    picture_set(web->picture, PICTURE_VALUES, share_json(findings->values));
    picture_set(web->picture, PICTURE_METRICS,
                share(metrics_text(findings->status, findings->devices, findings->values)));
}

// One line a change of state.
static void note_state(struct web *web, bool answers, const char *reason)
{
    bool is_news = answers != web->answers || (!answers && strcmp(reason, web->reason) != 0);
    web->answers = answers;
    (void)snprintf(web->reason, sizeof web->reason, "%s", reason);
    if (is_news && answers)
        log_line(LOG_LEVEL_NOTICE, "web", "modbridge answers");
    else if (is_news)
        log_line(LOG_LEVEL_WARNING, "web", "%s", reason);
}

static void publish(struct web *web, const struct findings *findings, int64_t now_ms)
{
    struct event event = {
        .status = findings->status,
        .values = findings->values,
        .reason = web->reason,
        .silent_ms = web->answered_ms ? now_ms - web->answered_ms : -1,
        .allows_commands = web->options->allows_commands,
    };
    http_publish(web->http, event_text(&event));
}

static void ask(struct web *web)
{
    struct findings findings = {0};
    struct error err;
    bool answers = inquiry_ask(&web->inquiry, &findings, &err) == 0;
    int64_t now_ms = clock_monotonic_ms();
    note_state(web, answers, answers ? "" : err.text);
    if (answers) {
        web->answered_ms = now_ms;
        take_findings(web, &findings, now_ms);
    } else {
        forget_parts(web);
    }
    publish(web, &findings, now_ms);
    picture_set_state(web->picture, answers, web->reason); // last: who sees it finds the rest
    findings_done(&findings);
    web->next_ms = now_ms + WEB_IDLE_MS;
}

// Serves until a signal comes.
static void serve(struct web *web, int signals)
{
    struct pollfd wake = {.fd = signals, .events = POLLIN};
    do {
        int64_t watched_ms = web->next_ms - WEB_IDLE_MS + WEB_WATCHED_MS;
        int64_t due_ms = http_watchers(web->http) ? watched_ms : web->next_ms;
        if (clock_monotonic_ms() >= due_ms)
            ask(web);
        http_sweep(web->http);
    } while (poll(&wake, 1, WEB_WATCHED_MS / 4) == 0);
}

int web_run(const struct web_options *options, struct error *err)
{
    struct web web = {.options = options};
    int signals = stop_signals_open(err);
    if (signals < 0)
        return -1;
    int started = start(&web, err);
    if (started == 0) {
        log_line(LOG_LEVEL_NOTICE, "web", "serves %s at http://%s%s%s:%u/", options->site,
                 strchr(options->address, ':') ? "[" : "", options->address,
                 strchr(options->address, ':') ? "]" : "", options->port);
        serve(&web, signals);
        log_line(LOG_LEVEL_NOTICE, "web", "stopping");
    }
    finish(&web);
    (void)close(signals);
    return started;
}
