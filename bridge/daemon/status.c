// SPDX-License-Identifier: MIT
#include "daemon/status.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/status_json.h"

void status_init(struct status *status, const struct status_sources *sources, int64_t began_ms)
{
    char *path = realpath(sources->site->path, NULL);
    *status = (struct status){
        .sources = *sources,
        .path = path ? path : mem_copy_text(sources->site->path),
        .began_ms = began_ms,
        .clouds = mem_new(sources->site->cloud_count, sizeof *status->clouds),
        .cloud_count = sources->site->cloud_count,
    };
    board_init(&status->board, sources->site->bus_count);
}

void status_bus_ended(struct status *status, size_t bus)
{
    board_forget(&status->board, bus);
}

void status_reload(struct status *status, const struct changes *changes, struct bus **buses)
{
    const struct site *site = status->sources.site;
    status->sources.buses = buses;
    board_widen(&status->board, site->bus_count);
    status->clouds = mem_resize(status->clouds, site->cloud_count, sizeof *status->clouds);
    while (status->cloud_count < site->cloud_count)
        status->clouds[status->cloud_count++] = (struct cloud_status){0};
    for (size_t i = 0; i < status->cloud_count; i++) {
        if (changes->clouds[i] != CHANGE_KEPT)
            status->clouds[i] = (struct cloud_status){0};
    }
}

void status_done(struct status *status)
{
    board_done(&status->board);
    free(status->clouds);
    free(status->path);
}

static size_t units_of(const struct site *site, size_t bus)
{
    size_t count = 0;
    for (size_t i = 0; i < site->device_count; i++)
        count += site->devices[i].bus == (int)bus;
    return count;
}

static void ask_bus(struct status *status, size_t bus)
{
    struct bus_status *blank = bus_status_new(units_of(status->sources.site, bus));
    // When it takes no more orders it is asked by the next who wants to know.
    if (bus_post_status(status->sources.buses[bus], blank))
        board_asked(&status->board, bus);
    else
        bus_status_free(blank);
}

void status_take_request(struct status *status, struct control_ticket ticket)
{
    int64_t now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < status->board.count; i++) {
        if (status->sources.buses[i] && board_wants(&status->board, i, now_ms))
            ask_bus(status, i);
    }
    status->waiters[ticket.client] =
        (struct status_waiter){true, ticket, now_ms + STATUS_PATIENCE_MS};
}

void status_take_bus(struct status *status, struct bus_status *answer)
{
    board_take(&status->board, answer);
}

void status_take_store(struct status *status, const struct store_stats *stats)
{
    status->store = *stats;
}

void status_connected(struct status *status, int connection, int64_t now_ms)
{
    struct cloud_status *cloud = &status->clouds[connection];
    cloud->is_connected = true;
    cloud->since_ms = now_ms;
    cloud->connects++;
    cloud->reason[0] = '\0';
}

void status_disconnected(struct status *status, const struct uplink_event *event,
                         int64_t now_ms)
{
    struct cloud_status *cloud = &status->clouds[event->connection];
    if (cloud->is_connected || !cloud->since_ms)
        cloud->since_ms = now_ms;
    cloud->is_connected = false;
    cloud->failures += !event->disconnected.was_connected;
    cloud->retry_ms = now_ms + event->disconnected.retry_ms;
    (void)snprintf(cloud->reason, sizeof cloud->reason, "%s", event->disconnected.reason);
}

int64_t status_next_ms(const struct status *status)
{
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        const struct status_waiter *waiter = &status->waiters[i];
        if (waiter->waits && waiter->until_ms < next_ms)
            next_ms = waiter->until_ms;
    }
    return next_ms;
}

static char *describe(const struct status *status, int64_t now_ms)
{
    const struct status_sources *sources = &status->sources;
    struct site_status whole = {
        .site = sources->site,
        .path = status->path,
        .is_dry = sources->is_dry,
        .generation = sources->generations->present->number,
        .generations = generations_count(sources->generations),
        .began_ms = status->began_ms,
        .board = &status->board,
        .clouds = status->clouds,
        .store = sources->is_dry ? NULL : &status->store,
        .recent = sources->recent,
        .doors = sources->doors,
        .wear = sources->wear,
        .outbox = outgoing_status(sources->outgoing),
        .readings_displaced = mailbox_displaced(sources->from_buses),
        .now_ms = now_ms,
        .wall_ms = clock_wall_ms(),
    };
    return status_json(&whole);
}

void status_turn(struct status *status, int64_t now_ms)
{
    bool is_complete = !board_waits(&status->board);
    char *json = NULL; // the same for all
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        struct status_waiter *waiter = &status->waiters[i];
        if (!waiter->waits || (!is_complete && now_ms < waiter->until_ms))
            continue;
        json = json ? json : describe(status, now_ms);
        waiter->waits = false;
        control_answer(status->sources.control, waiter->ticket, json, now_ms);
    }
    free(json);
}
