// SPDX-License-Identifier: MIT
#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon_state.h"

enum {
    // A stop: open on_failure steps get one second, what hangs after that is interrupted, what
    // was answered gets its acknowledgement. Together under the five seconds promised.
    LOADING_MS = 200,
    ROLLBACK_MS = 1000,
    BUS_STOP_MS = 2000,
    ACKNOWLEDGE_MS = 500,
    JOIN_MS = 500,
    UPLINK_STOP_MS = 1200,
    STORE_STOP_MS = 400,
};

static bool buses_have_stopped(const struct daemon *daemon)
{
    return daemon->buses_running == 0;
}

static bool all_is_acknowledged(const struct daemon *daemon)
{
    return !outgoing_is_busy(&daemon->outgoing);
}

bool daemon_stop(struct daemon *daemon)
{
    log_line(LOG_LEVEL_NOTICE, "modbridge", "stopping");
    daemon_service_stopping(daemon);
    bool all_ended = reload_stop(&daemon->reload, LOADING_MS);
    requests_stop(&daemon->requests);
    for (size_t i = 0; i < daemon->site->bus_count; i++)
        doors_close(&daemon->doors, (uint16_t)i);
    for (size_t i = 0; i < daemon->site->bus_count; i++) {
        if (daemon->buses[i])
            bus_stop(daemon->buses[i]);
    }
    daemon_drain_until(daemon, buses_have_stopped, ROLLBACK_MS);
    for (size_t i = 0; i < daemon->site->bus_count; i++) {
        if (daemon->buses[i])
            bus_interrupt(daemon->buses[i]);
    }
    daemon_drain_until(daemon, buses_have_stopped, BUS_STOP_MS - ROLLBACK_MS);
    local_commands_leave(&daemon->local);
    control_free(daemon->control); // who asked for a command has read what became of it
    open_holds_leave(&daemon->holds);
    for (size_t i = 0; i < daemon->site->device_count; i++)
        feed_hasten(&daemon->feeds[i], clock_monotonic_ms());
    requests_record_finals(&daemon->requests, INT64_MAX);
    outgoing_save_all(&daemon->outgoing);
    daemon_publish_due(daemon);
    daemon_drain_until(daemon, all_is_acknowledged, ACKNOWLEDGE_MS);
    int64_t end_ms = clock_monotonic_ms() + JOIN_MS; // for all of them together
    for (size_t i = 0; i < daemon->site->bus_count; i++) {
        int64_t left_ms = end_ms - clock_monotonic_ms();
        if (daemon->buses[i])
            all_ended &= bus_join(daemon->buses[i], left_ms > 0 ? left_ms : 0);
    }
    all_ended &= outgoing_stop(&daemon->outgoing, UPLINK_STOP_MS);
    inbox_drain(daemon); // the last acknowledgements
    all_ended &= store_stop(daemon->store, STORE_STOP_MS);
    daemon->store = NULL;
    return all_ended;
}
