// SPDX-License-Identifier: MIT
// What comes from the cloud connections: a function per kind of event.
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon_state.h"

static void take_connected(struct daemon *daemon, const struct uplink_event *event)
{
    int connection = event->connection;
    report_connected(&daemon->report, connection);
    status_connected(&daemon->status, connection, clock_monotonic_ms());
    outgoing_connected(&daemon->outgoing, connection, event->session);
    for (size_t i = 0; i < daemon->site->device_count; i++) {
        if (daemon->site->devices[i].cloud == connection)
            feed_cloud_connected(&daemon->feeds[i]);
    }
}

static void take_request(struct daemon *daemon, struct uplink_event *event)
{
    int device = event->request.device;
    if (event->request.is_retained)
        log_line(LOG_LEVEL_WARNING, daemon->site->devices[device].name,
                 "a retained command request is ignored: it may be from any time");
    else
        requests_take(&daemon->requests, (uint16_t)device, event->request.payload,
                      event->request.length);
    free(event->request.payload);
}

static void take_refused(struct daemon *daemon, const struct uplink_event *event)
{
    if (event->refused.is_hopeless)
        log_line(LOG_LEVEL_ERROR, daemon->site->clouds[event->connection].name,
                 "a message is dropped: %s", event->refused.reason);
    outgoing_refused(&daemon->outgoing, event->refused.row, event->refused.is_hopeless);
}

void inbox_take_uplink(struct daemon *daemon, struct uplink_event *event)
{
    switch (event->kind) {
    case UPLINK_CONNECTED:
        take_connected(daemon, event);
        return;
    case UPLINK_DISCONNECTED:
        report_disconnected(&daemon->report, event->connection,
                            event->disconnected.was_connected, event->disconnected.reason);
        status_disconnected(&daemon->status, event, clock_monotonic_ms());
        outgoing_disconnected(&daemon->outgoing, event->connection);
        return;
    case UPLINK_ACKED:
        outgoing_acked(&daemon->outgoing, event->row);
        return;
    case UPLINK_REFUSED:
        take_refused(daemon, event);
        return;
    case UPLINK_REQUEST:
        take_request(daemon, event);
        return;
    case UPLINK_RELOADED:
        reload_uplink_ready(daemon);
        return;
    }
}
