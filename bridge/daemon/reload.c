// SPDX-License-Identifier: MIT
#include "daemon/reload.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/daemon_state.h"
#include "daemon/reload_report.h"

enum {
    ROLLBACK_MS = 1000, // as at a stop: on_failure, and the ends of holds
    JOIN_MS = 1000,     // the thread has said that it ends
    AGAIN_MS = 20,      // the uplink takes nothing more at the moment
};

static const char area[] = "reload";

void reload_init(struct reload *reload, const struct generation_source *source)
{
    *reload = (struct reload){.source = source};
    loading_init(&reload->loading);
}

// Forgets the generation that was to come.
static void let_go(struct reload *reload)
{
    free(reload->findings);
    free(reload->buses);
    free(reload->is_new);
    reload->findings = NULL;
    reload->buses = NULL;
    reload->is_new = NULL;
    reload->next = NULL;
    reload->is_handed = false;
    reload->phase = RELOAD_IDLE;
}

void reload_done(struct reload *reload)
{
    generation_free(reload->next);
    let_go(reload);
}

bool reload_stop(struct reload *reload, int64_t within_ms)
{
    reload->phase = RELOAD_IDLE; // what the uplink may look at is kept until it has stopped
    return loading_stop(&reload->loading, within_ms);
}

// Who asks
// -----------------------------------------------------------------------------------

// It does not wait for commands, which may take long.
static void announce_end(struct daemon *daemon)
{
    if (daemon->reload.is_announced)
        daemon_service_reloaded(daemon);
    daemon->reload.is_announced = false;
}

static void answer(struct daemon *daemon, const char *json)
{
    int64_t now_ms = clock_monotonic_ms();
    announce_end(daemon);
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        struct reload_waiter *waiter = &daemon->reload.waiters[i];
        if (!waiter->waits || waiter->is_for_next)
            continue;
        waiter->waits = false;
        control_answer(daemon->control, waiter->ticket, json, now_ms);
    }
}

static void begin(struct daemon *daemon)
{
    struct reload *reload = &daemon->reload;
    struct error err;
    reload->is_wanted = false;
    reload->is_announced = true;
    daemon_service_reloading(daemon);
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++)
        reload->waiters[i].is_for_next = false;
    log_line(LOG_LEVEL_NOTICE, area, "reading %s", daemon->status.path);
    if (loading_start(&reload->loading, reload->source,
                      daemon->generations.present->changes.site, &err) == 0) {
        reload->phase = RELOAD_LOADING;
        return;
    }
    log_line(LOG_LEVEL_ERROR, area, "nothing was changed: %s", err.text);
    struct reload_outcome outcome = {.generation = daemon->generations.present->number,
                                     .findings = err.text};
    char *json = reload_json(&outcome);
    answer(daemon, json);
    free(json);
}

void reload_want(struct daemon *daemon)
{
    daemon->reload.is_wanted = true;
}

void reload_take_request(struct daemon *daemon, const struct control_request *request,
                         struct control_ticket ticket)
{
    const char *site = json_string_value(json_object_get(request->root, "site"));
    if (site && strcmp(site, daemon->status.path) != 0) {
        struct error err;
        (void)error_set(&err, ERROR_FAILED,
                        "no modbridge runs %s; the one that answers runs %s", site,
                        daemon->status.path);
        control_refuse(daemon->control, ticket, err.text, clock_monotonic_ms());
        return;
    }
    daemon->reload.waiters[ticket.client] = (struct reload_waiter){true, true, ticket};
    reload_want(daemon);
}

// Reading
// -----------------------------------------------------------------------------------

static void refuse(struct daemon *daemon, const char *findings)
{
    struct reload_outcome outcome = {.generation = daemon->generations.present->number,
                                     .findings = findings};
    char *json = reload_json(&outcome);
    while (*findings) {
        int length = (int)strcspn(findings, "\n");
        log_line(LOG_LEVEL_ERROR, area, "%.*s", length, findings);
        findings += length + (findings[length] == '\n');
    }
    log_line(LOG_LEVEL_ERROR, area, "%s is refused; what ran goes on as it was",
             daemon->status.path);
    answer(daemon, json);
    free(json);
}

// Only what a restart would change, or nothing: the generation that runs stays.
static void conclude_unchanged(struct daemon *daemon)
{
    struct reload *reload = &daemon->reload;
    struct reload_outcome outcome = {
        .before = daemon->generations.present->changes.site,
        .changes = &reload->next->changes,
        .generation = daemon->generations.present->number,
        .findings = reload->findings,
    };
    char *text = reload_text(&outcome);
    char *json = reload_json(&outcome);
    log_line(LOG_LEVEL_NOTICE, area, "%s", text);
    answer(daemon, json);
    free(text);
    free(json);
    generation_free(reload->next);
    let_go(reload);
}

static void begin_draining(struct daemon *daemon)
{
    struct reload *reload = &daemon->reload;
    const struct changes *changes = &reload->next->changes;
    reload->buses = mem_new(changes->site->bus_count, sizeof *reload->buses);
    reload->is_new = mem_new(changes->site->cloud_count, sizeof *reload->is_new);
    for (size_t i = 0; i < changes->site->cloud_count; i++)
        reload->is_new[i] =
            changes->clouds[i] != CHANGE_KEPT && changes->clouds[i] != CHANGE_EMPTY;
    requests_suspend(&daemon->requests, changes);
    reload->phase = RELOAD_DRAINING;
}

static void take_loaded(struct daemon *daemon)
{
    struct reload *reload = &daemon->reload;
    if (!loading_take(&reload->loading, &reload->next, &reload->findings))
        return;
    reload->phase = RELOAD_IDLE;
    if (!reload->next) {
        refuse(daemon, reload->findings);
        let_go(reload);
    } else if (!changes_any(&reload->next->changes)) {
        conclude_unchanged(daemon);
    } else {
        begin_draining(daemon);
    }
}

// Draining
// ----------------------------------------------------------------------------------

void reload_bus_stopped(struct daemon *daemon, uint16_t bus)
{
    if (daemon->reload.phase != RELOAD_DRAINING)
        return; // the program stops
    status_bus_ended(&daemon->status, bus);
    guest_desk_leave(daemon, bus);
    if (bus_join(daemon->buses[bus], JOIN_MS)) {
        bus_free(daemon->buses[bus]);
        doors_forget(&daemon->doors, bus);
    }
    daemon->buses[bus] = NULL;
}

// Brings a bus to its end, a step at a time. Returns when to look at it again.
static int64_t drain_bus(struct daemon *daemon, size_t place, int64_t now_ms)
{
    struct reload_bus *state = &daemon->reload.buses[place];
    struct bus *bus = daemon->buses[place];
    if (!state->is_asked && requests_are_on_bus(&daemon->requests, (int)place)) {
        if (!state->is_awaited)
            log_line(LOG_LEVEL_NOTICE, area, "waiting for the command that runs on bus %s",
                     daemon->site->buses[place].name);
        state->is_awaited = true;
        announce_end(daemon);
        return INT64_MAX;
    }
    if (!state->is_asked) {
        state->is_asked = true;
        state->asked_ms = now_ms;
        doors_close(&daemon->doors, (uint16_t)place);
        bus_stop(bus);
    } else if (!state->is_interrupted && now_ms >= state->asked_ms + ROLLBACK_MS) {
        state->is_interrupted = true;
        bus_interrupt(bus);
    }
    return state->is_interrupted ? INT64_MAX : state->asked_ms + ROLLBACK_MS;
}

// Returns when to look again; 0: all have ended.
static int64_t drain(struct daemon *daemon, int64_t now_ms)
{
    const struct changes *changes = &daemon->reload.next->changes;
    int64_t next_ms = 0;
    for (size_t i = 0; i < daemon->site->bus_count; i++) {
        if (!change_stops(changes->buses[i]) || !daemon->buses[i])
            continue;
        int64_t look_ms = drain_bus(daemon, i, now_ms);
        next_ms = next_ms == 0 ? look_ms : clock_earlier(next_ms, look_ms);
    }
    return next_ms;
}

// Exchanging
// ----------------------------------------------------------------------------------

// What devices that end have said last, and that they have ended: while main knows them.
static void say_farewell(struct daemon *daemon, const struct changes *changes)
{
    int64_t now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < daemon->site->device_count; i++) {
        if (change_stops(changes->devices[i]))
            feed_hasten(&daemon->feeds[i], now_ms);
    }
    daemon_publish_due(daemon);
    requests_leave(&daemon->requests, changes);
    for (size_t i = 0; i < daemon->site->device_count; i++) {
        if (changes->devices[i] == CHANGE_REMOVED)
            outgoing_notice(&daemon->outgoing, &daemon->site->devices[i], SEVERITY_WARNING,
                            "this device was taken out of the site: it is not read any more");
    }
}

static void exchange_feeds(struct daemon *daemon, const struct changes *changes,
                           size_t count_before)
{
    const struct site *site = daemon->site;
    daemon->feeds = mem_resize(daemon->feeds, site->device_count, sizeof *daemon->feeds);
    for (size_t i = 0; i < site->device_count; i++) {
        const struct device *device = &site->devices[i];
        if (changes->devices[i] == CHANGE_KEPT) {
            feed_adopt(&daemon->feeds[i], site, device);
            continue;
        }
        if (i < count_before)
            feed_done(&daemon->feeds[i]);
        feed_init(&daemon->feeds[i], site, device);
    }
}

static void exchange_buses(struct daemon *daemon, const struct changes *changes,
                           size_t count_before)
{
    size_t count = daemon->site->bus_count;
    daemon->buses = mem_resize(daemon->buses, count, sizeof(struct bus *));
    daemon->pinned = mem_resize(daemon->pinned, count, sizeof(struct generation *));
    for (size_t i = count_before; i < count; i++) {
        daemon->buses[i] = NULL;
        daemon->pinned[i] = NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (!change_stops(changes->buses[i]))
            continue;
        generation_unpin(daemon->pinned[i]);
        daemon->pinned[i] = NULL;
    }
}

static void begin_buses(struct daemon *daemon, struct generation *next)
{
    struct error err;
    for (size_t i = 0; i < daemon->site->bus_count; i++) {
        if (change_begins(next->changes.buses[i]) &&
            daemon_start_bus(daemon, next, i, &err) != 0)
            log_line(LOG_LEVEL_ERROR, daemon->site->buses[i].name,
                     "its devices are not read, because it cannot be started: %s", err.text);
    }
}

// Main takes the site over: what it knows of what stays is kept, place by place.
static void take_over(struct daemon *daemon, const struct generation *next,
                      const struct site *before)
{
    const struct changes *changes = &next->changes;
    int64_t now_ms = clock_monotonic_ms();
    struct error err;
    outgoing_reload(&daemon->outgoing, before, changes);
    if (outgoing_connect(&daemon->outgoing, changes->site, daemon->from_uplink, &err) != 0)
        log_line(LOG_LEVEL_ERROR, area, "nothing is sent to the cloud: %s", err.text);
    report_reload(&daemon->report, changes, now_ms);
    exchange_feeds(daemon, changes, before->device_count);
    exchange_buses(daemon, changes, before->bus_count);
    status_reload(&daemon->status, changes, daemon->buses);
    open_holds_reload(&daemon->holds, changes);
}

static void exchange(struct daemon *daemon)
{
    struct reload *reload = &daemon->reload;
    struct generation *next = reload->next;
    const struct changes *changes = &next->changes;
    struct site before = daemon->current;
    say_farewell(daemon, changes);
    daemon->current = *changes->site;
    take_over(daemon, next, &before);
    struct reload_outcome outcome = {
        .before = &before,
        .changes = changes,
        .generation = daemon->generations.present->number + 1,
        .findings = reload->findings,
    };
    char *text = reload_text(&outcome);
    char *json = reload_json(&outcome);
    begin_buses(daemon, next);
    open_holds_resume(&daemon->holds, daemon->buses);
    requests_reload(&daemon->requests, changes, daemon->buses);
    let_go(reload);
    generations_begin(&daemon->generations, next); // the site before may be gone from here on
    mem_give_back();
    log_line(LOG_LEVEL_NOTICE, area, "%s", text);
    answer(daemon, json);
    free(text);
    free(json);
}

void reload_uplink_ready(struct daemon *daemon)
{
    if (daemon->reload.phase == RELOAD_EXCHANGING)
        exchange(daemon);
}

static int64_t hand_to_uplink(struct daemon *daemon, int64_t now_ms)
{
    struct reload *reload = &daemon->reload;
    struct uplink_site next = {reload->next->changes.site, reload->is_new};
    if (reload->is_handed)
        return INT64_MAX;
    if (!daemon->outgoing.uplink) {
        exchange(daemon);
        return now_ms;
    }
    reload->is_handed = uplink_reload(daemon->outgoing.uplink, &next);
    return reload->is_handed ? INT64_MAX : now_ms + AGAIN_MS;
}

int64_t reload_turn(struct daemon *daemon, int64_t now_ms)
{
    struct reload *reload = &daemon->reload;
    if (reload->phase == RELOAD_IDLE && reload->is_wanted)
        begin(daemon);
    if (reload->phase == RELOAD_LOADING)
        take_loaded(daemon);
    int64_t next_ms = INT64_MAX;
    if (reload->phase == RELOAD_DRAINING) {
        next_ms = drain(daemon, now_ms);
        if (next_ms == 0)
            reload->phase = RELOAD_EXCHANGING;
    }
    if (reload->phase == RELOAD_EXCHANGING)
        next_ms = hand_to_uplink(daemon, now_ms);
    return reload->phase == RELOAD_IDLE && reload->is_wanted ? now_ms : next_ms;
}
