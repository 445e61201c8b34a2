// SPDX-License-Identifier: MIT
// Main's three mailboxes, and what comes from the store.
#include <stdlib.h>

#include "base/clock.h"
#include "daemon/daemon_state.h"

static void put_payload(void *context, const struct device *device, enum topic_kind kind,
                        char *payload, int64_t at_ms)
{
    struct daemon *daemon = context;
    outgoing_put(&daemon->outgoing, device, kind, payload, at_ms);
}

struct feed_outlet inbox_outlet(struct daemon *daemon)
{
    return (struct feed_outlet){.context = daemon, .put = put_payload};
}

// What concerns the whole gateway, in the log of one device of each connection.
static void notify_clouds(struct daemon *daemon, enum severity severity, const char *text)
{
    for (size_t cloud = 0; cloud < daemon->site->cloud_count; cloud++) {
        for (size_t i = 0; i < daemon->site->device_count; i++) {
            if (daemon->site->devices[i].cloud != (int)cloud)
                continue;
            outgoing_notice(&daemon->outgoing, &daemon->site->devices[i], severity, text);
            break;
        }
    }
}

static void take_store_event(struct daemon *daemon, const struct store_event *event)
{
    outgoing_stored(&daemon->outgoing, event);
    requests_stored(&daemon->requests, event);
    status_take_store(&daemon->status, &event->stats);
    if (event->kind == STORE_JUDGED)
        free(event->judged.response);
    if (event->kind != STORE_CHANGED)
        return;
    bool is_trouble = event->changed.is_trouble;
    report_store(is_trouble, event->changed.text);
    notify_clouds(daemon, is_trouble ? SEVERITY_ERROR : SEVERITY_INFO, event->changed.text);
}

static void look_at_drops(struct daemon *daemon)
{
    uint64_t dropped = outgoing_status(&daemon->outgoing).dropped;
    char text[240];
    if (report_dropped(&daemon->report, dropped, clock_monotonic_ms(), text, sizeof text))
        notify_clouds(daemon, SEVERITY_WARNING, text);
}

void inbox_drain(struct daemon *daemon)
{
    struct message message;
    while (mailbox_take(daemon->from_buses, &message))
        inbox_take_bus(daemon, &message);
    struct uplink_event event;
    while (mailbox_take(daemon->from_uplink, &event))
        inbox_take_uplink(daemon, &event);
    struct store_event stored;
    while (mailbox_take(daemon->from_store, &stored))
        take_store_event(daemon, &stored);
    look_at_drops(daemon);
    outgoing_pump(&daemon->outgoing);
}
