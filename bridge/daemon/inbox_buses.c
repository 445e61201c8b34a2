// SPDX-License-Identifier: MIT
// What comes from the buses: a function per kind of message.
#include "base/clock.h"
#include "daemon/daemon_state.h"

static void take_health(struct daemon *daemon, const struct health_change *change)
{
    const struct device *device = &daemon->site->devices[change->device];
    struct feed_outlet outlet = inbox_outlet(daemon);
    int64_t now_ms = clock_monotonic_ms();
    char text[400];
    report_health(&daemon->report, change, now_ms, text, sizeof text);
    enum severity severity = change->health == HEALTH_ONLINE ? SEVERITY_INFO : SEVERITY_WARNING;
    outgoing_notice(&daemon->outgoing, device, severity, text);
    feed_take_health(&daemon->feeds[change->device], change->health, now_ms, clock_wall_ms(),
                     &outlet);
    requests_device_health(&daemon->requests, change->device, change->health == HEALTH_ONLINE);
}

static void take_hold(struct daemon *daemon, const struct hold_change *change)
{
    enum severity severity = report_hold(&daemon->report, change);
    open_holds_take(&daemon->holds, change);
    requests_hold(&daemon->requests, change);
    outgoing_notice(&daemon->outgoing, &daemon->site->devices[change->device], severity,
                    change->text);
}

static void take_models(struct feed *feed, const struct sunspec_places *places)
{
    report_models(feed->device, image_models(feed->image), places);
    feed_take_models(feed, places);
}

static void take_note(struct daemon *daemon, const struct message *message)
{
    struct job_noted wanted = {
        .serial = message->note.serial,
        .device = message->note.device,
        .number = message->note.number,
    };
    requests_note(&daemon->requests, &wanted, &message->note.tries);
}

void inbox_take_bus(struct daemon *daemon, const struct message *message)
{
    struct feed_outlet outlet = inbox_outlet(daemon);
    switch (message->kind) {
    case MESSAGE_READING:
        report_reading(&daemon->report, &message->reading);
        feed_take_reading(&daemon->feeds[message->reading.device], &message->reading, &outlet);
        return;
    case MESSAGE_HEALTH:
        take_health(daemon, &message->health);
        return;
    case MESSAGE_JOB_LOG:
        requests_log(&daemon->requests, message->log.serial, message->log.text);
        return;
    case MESSAGE_JOB_NOTE:
        take_note(daemon, message);
        return;
    case MESSAGE_JOB_DONE:
        report_job(&daemon->report, message->result);
        requests_finish(&daemon->requests, message->result);
        return;
    case MESSAGE_BUS_STOPPED:
        daemon->buses_running--;
        reload_bus_stopped(daemon, message->bus);
        return;
    case MESSAGE_STATUS:
        status_take_bus(&daemon->status, message->status);
        return;
    case MESSAGE_LINK:
        report_link(&daemon->report, message->bus, message->link.is_open, message->link.text);
        return;
    case MESSAGE_BREAKS:
        report_breaks(&daemon->report, message->bus, message->breaks.are_many);
        return;
    case MESSAGE_LEARNED:
        learned_take(&daemon->learned, &message->learned);
        report_learned(&daemon->report, &message->learned);
        return;
    case MESSAGE_WEAR:
        wear_take(&daemon->wear, &message->wear);
        return;
    case MESSAGE_HOLD:
        take_hold(daemon, &message->hold);
        return;
    case MESSAGE_SHARE:
        doors_take(&daemon->doors, &message->share, &daemon->site->buses[message->bus],
                   clock_monotonic_ms());
        return;
    case MESSAGE_MODELS:
        take_models(&daemon->feeds[message->models.device], &message->models.places);
        return;
    }
}
