// SPDX-License-Identifier: MIT
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop_signals.h"
#include "daemon/control_table.h"
#include "daemon/daemon_state.h"

enum {
    READING_SLOTS = 512,
    SURE_SLOTS = 256,
    EVENTS_PER_CONNECTION = 25, // what an uplink may have to say of one (cloud/uplink.h)
    EVENT_SLOTS_FOR_REQUESTS = 64,
};

int daemon_start_bus(struct daemon *daemon, struct generation *generation, size_t place,
                     struct error *err)
{
    size_t known_count = 0;
    struct learned_refusal *known = learned_of_bus(&daemon->learned, place, &known_count);
    struct bus *bus = bus_start(generation->changes.site, (uint16_t)place, known, known_count,
                                daemon->from_buses, err);
    free(known);
    if (!bus)
        return -1;
    generation_pin(generation);
    daemon->pinned[place] = generation;
    daemon->buses[place] = bus;
    daemon->buses_running++;
    doors_open(&daemon->doors, (uint16_t)place, &generation->changes.site->buses[place], bus);
    return 0;
}

static int start_buses(struct daemon *daemon, struct error *err)
{
    for (size_t i = 0; i < daemon->site->bus_count; i++) {
        if (daemon_start_bus(daemon, daemon->generations.present, i, err) != 0)
            return -1;
    }
    return 0;
}

// What was kept is loaded between opening the store and starting its thread.
static int open_store(struct daemon *daemon, struct error *err)
{
    if (!daemon->is_dry)
        daemon->store = store_open(daemon->site, daemon->from_store, err);
    if (!daemon->is_dry && !daemon->store)
        return -1;
    open_holds_init(&daemon->holds, daemon->site, daemon->store);
    learned_init(&daemon->learned, daemon->site, daemon->store);
    wear_init(&daemon->wear, daemon->site, daemon->store);
    return 0;
}

// The bridge works without its socket too: then nobody can ask it.
static int start_control(struct daemon *daemon, int64_t began_ms, struct error *err)
{
    struct error why;
    daemon->control = control_new(control_table, control_table_count, daemon);
    if (!daemon->control)
        return error_set_errno(err, "no descriptor for the control socket");
    struct status_sources sources = {
        .site = daemon->site,
        .buses = daemon->buses,
        .outgoing = &daemon->outgoing,
        .recent = &daemon->requests.recent,
        .wear = &daemon->wear,
        .doors = &daemon->doors,
        .from_buses = daemon->from_buses,
        .control = daemon->control,
        .generations = &daemon->generations,
        .is_dry = daemon->is_dry,
    };
    status_init(&daemon->status, &sources, began_ms);
    local_commands_init(&daemon->local, daemon->site, daemon->status.path, &daemon->requests,
                        daemon->control);
    if (control_listen(daemon->control, daemon->place.folder, &why) != 0)
        log_line(LOG_LEVEL_ERROR, "modbridge", "nobody can ask for the status: %s", why.text);
    return 0;
}

int daemon_start(struct daemon *daemon, const struct daemon_options *options, struct error *err)
{
    int64_t began_ms = clock_monotonic_ms();
    daemon->is_dry = options->is_dry;
    daemon_service_find(daemon);
    const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    daemon->signals = signals_open(signals, ARRAY_LENGTH(signals), err);
    if (daemon->signals < 0 || control_place_take(&daemon->place, daemon->site, err) != 0)
        return -1;
    daemon->from_buses = mailbox_new(sizeof(struct message), READING_SLOTS, SURE_SLOTS);
    size_t events =
        EVENTS_PER_CONNECTION * daemon->site->cloud_count + EVENT_SLOTS_FOR_REQUESTS;
    daemon->from_uplink = mailbox_new(sizeof(struct uplink_event), 0, events);
    daemon->from_store = mailbox_new(sizeof(struct store_event), 0, STORE_EVENT_SLOTS);
    if (!daemon->from_buses || !daemon->from_uplink || !daemon->from_store ||
        guest_desk_init(&daemon->desk) != 0)
        return error_set_errno(err, "no descriptor for a mailbox");
    doors_init(&daemon->doors, daemon->from_buses);
    if (open_store(daemon, err) != 0)
        return -1;
    daemon->feeds = mem_new(daemon->site->device_count, sizeof *daemon->feeds);
    for (size_t i = 0; i < daemon->site->device_count; i++)
        feed_init(&daemon->feeds[i], daemon->site, &daemon->site->devices[i]);
    report_init(&daemon->report, daemon->site, clock_monotonic_ms());
    outgoing_init(&daemon->outgoing, daemon->site, daemon->is_dry, daemon->store);
    if (outgoing_connect(&daemon->outgoing, daemon->generations.present->changes.site,
                         daemon->from_uplink, err) != 0)
        return -1;
    daemon->buses = mem_new(daemon->site->bus_count, sizeof(struct bus *));
    daemon->pinned = mem_new(daemon->site->bus_count, sizeof(struct generation *));
    requests_init(&daemon->requests, daemon->site, daemon->buses, &daemon->outgoing,
                  &daemon->holds, daemon->store);
    if (daemon->store && store_start(daemon->store, err) != 0)
        return -1;
    if (start_buses(daemon, err) != 0)
        return -1;
    if (start_control(daemon, began_ms, err) != 0)
        return -1;
    open_holds_resume(&daemon->holds, daemon->buses);
    return 0;
}

void daemon_finish(struct daemon *daemon)
{
    learned_done(&daemon->learned);
    wear_done(&daemon->wear);
    struct message message; // from a bus that ended late
    while (mailbox_take(daemon->from_buses, &message))
        message_done(&message);
    for (size_t i = 0; i < daemon->site->bus_count; i++) {
        if (daemon->buses[i])
            bus_free(daemon->buses[i]);
    }
    guest_desk_done(&daemon->desk);
    doors_done(&daemon->doors);
    status_done(&daemon->status);
    requests_done(&daemon->requests);
    open_holds_done(&daemon->holds);
    outgoing_done(&daemon->outgoing);
    report_done(&daemon->report);
    for (size_t i = 0; i < daemon->site->device_count; i++)
        feed_done(&daemon->feeds[i]);
    free(daemon->feeds);
    free(daemon->buses);
    free(daemon->pinned);
    reload_done(&daemon->reload);
    generations_done(&daemon->generations);
    mailbox_free(daemon->from_buses);
    mailbox_free(daemon->from_uplink);
    mailbox_free(daemon->from_store);
    (void)close(daemon->signals);
    control_place_release(&daemon->place);
    service_manager_leave(&daemon->service.manager);
}
