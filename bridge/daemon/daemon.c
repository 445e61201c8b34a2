// SPDX-License-Identifier: MIT
#include "daemon/daemon.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "base/stop_signals.h"
#include "bus/bus.h"
#include "cloud/store.h"
#include "daemon/control_place.h"
#include "daemon/feed.h"
#include "daemon/holds.h"
#include "daemon/learned.h"
#include "daemon/outgoing.h"
#include "daemon/report.h"
#include "daemon/requests.h"
#include "daemon/status.h"
#include "daemon/wear.h"

enum {
    READING_SLOTS = 512,
    SURE_SLOTS = 256,
    EVENTS_PER_CONNECTION = 25, // what an uplink may have to say of one (cloud/uplink.h)
    EVENT_SLOTS_FOR_REQUESTS = 64,
    LONGEST_WAIT_MS = 60 * 1000,
    // A stop: open on_failure steps get one second, what hangs after that is interrupted, what
    // was answered gets its acknowledgement. Together under the five seconds promised.
    ROLLBACK_MS = 1000,
    BUS_STOP_MS = 2000,
    ACKNOWLEDGE_MS = 500,
    JOIN_MS = 500,
    UPLINK_STOP_MS = 1200,
    STORE_STOP_MS = 400,
};

struct daemon {
    const struct site *site;
    struct bus **buses;
    size_t buses_running;
    struct feed *feeds; // one per device
    struct outgoing outgoing;
    struct open_holds holds;
    struct requests requests;
    struct report report;
    struct control_place place;
    struct control *control;
    struct control_handler handlers[1];
    struct status status;
    struct mailbox *from_buses;
    struct mailbox *from_uplink;
    struct mailbox *from_store;
    struct store *store; // NULL with --dry
    struct learned learned;
    struct wear wear;
    int signals;
};

static void put_payload(void *context, const struct device *device, enum topic_kind kind,
                        char *payload, int64_t at_ms)
{
    struct daemon *daemon = context;
    outgoing_put(&daemon->outgoing, device, kind, payload, at_ms);
}

static struct feed_outlet outlet_of(struct daemon *daemon)
{
    return (struct feed_outlet){.context = daemon, .put = put_payload};
}

static void take_health(struct daemon *daemon, const struct health_change *change)
{
    const struct device *device = &daemon->site->devices[change->device];
    struct feed_outlet outlet = outlet_of(daemon);
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

static void take_bus_message(struct daemon *daemon, const struct message *message)
{
    struct feed_outlet outlet = outlet_of(daemon);
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
        return;
    case MESSAGE_STATUS:
        status_take_bus(&daemon->status, message->status);
        return;
    case MESSAGE_LINK:
        report_link(&daemon->report, message->bus, message->link.is_open, message->link.text);
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
    case MESSAGE_MODELS:
        take_models(&daemon->feeds[message->models.device], &message->models.places);
        return;
    }
}

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

static void take_uplink_event(struct daemon *daemon, struct uplink_event *event)
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
    }
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

static void drain(struct daemon *daemon)
{
    struct message message;
    while (mailbox_take(daemon->from_buses, &message))
        take_bus_message(daemon, &message);
    struct uplink_event event;
    while (mailbox_take(daemon->from_uplink, &event))
        take_uplink_event(daemon, &event);
    struct store_event stored;
    while (mailbox_take(daemon->from_store, &stored))
        take_store_event(daemon, &stored);
    look_at_drops(daemon);
    outgoing_pump(&daemon->outgoing);
}

static void publish_due(struct daemon *daemon)
{
    struct feed_outlet outlet = outlet_of(daemon);
    int64_t now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < daemon->site->device_count; i++) {
        if (feed_next_ms(&daemon->feeds[i]) <= now_ms)
            feed_publish(&daemon->feeds[i], now_ms, clock_wall_ms(), &outlet);
    }
    outgoing_pump(&daemon->outgoing);
}

static int wait_ms(struct daemon *daemon, int64_t longest_ms)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t until_ms = requests_turn(&daemon->requests, now_ms);
    until_ms = clock_earlier(until_ms, outgoing_next_ms(&daemon->outgoing, now_ms));
    until_ms = clock_earlier(until_ms, control_next_ms(daemon->control));
    until_ms = clock_earlier(until_ms, status_next_ms(&daemon->status));
    for (size_t i = 0; i < daemon->site->device_count; i++)
        until_ms = clock_earlier(until_ms, feed_next_ms(&daemon->feeds[i]));
    if (until_ms <= now_ms)
        return 0;
    return (int)clock_earlier(until_ms - now_ms, longest_ms);
}

static void serve_control(struct daemon *daemon, bool is_readable)
{
    int64_t now_ms = clock_monotonic_ms();
    if (is_readable || now_ms >= control_next_ms(daemon->control))
        control_turn(daemon->control, now_ms);
    status_turn(&daemon->status, now_ms);
}

// Sleeps until something happens or is due, then deals with it. False when a signal asks to
// stop.
static bool turn(struct daemon *daemon, int64_t longest_ms)
{
    enum { SIGNALS, CONTROL };
    struct pollfd wake[] = {
        [SIGNALS] = {.fd = daemon->signals, .events = POLLIN},
        [CONTROL] = {.fd = control_descriptor(daemon->control), .events = POLLIN},
        {.fd = mailbox_descriptor(daemon->from_buses), .events = POLLIN},
        {.fd = mailbox_descriptor(daemon->from_uplink), .events = POLLIN},
        {.fd = mailbox_descriptor(daemon->from_store), .events = POLLIN},
    };
    (void)poll(wake, ARRAY_LENGTH(wake), wait_ms(daemon, longest_ms));
    drain(daemon);
    publish_due(daemon);
    serve_control(daemon, wake[CONTROL].revents != 0);
    return !(wake[SIGNALS].revents & POLLIN);
}

static void turn_until(struct daemon *daemon, bool (*is_over)(const struct daemon *),
                       int64_t within_ms)
{
    int64_t end_ms = clock_monotonic_ms() + within_ms;
    for (int64_t now_ms = clock_monotonic_ms(); now_ms < end_ms && !is_over(daemon);
         now_ms = clock_monotonic_ms()) {
        struct pollfd wake[] = {
            {.fd = mailbox_descriptor(daemon->from_buses), .events = POLLIN},
            {.fd = mailbox_descriptor(daemon->from_uplink), .events = POLLIN},
            {.fd = mailbox_descriptor(daemon->from_store), .events = POLLIN},
        };
        (void)poll(wake, ARRAY_LENGTH(wake), (int)(end_ms - now_ms));
        drain(daemon);
    }
}

static bool buses_have_stopped(const struct daemon *daemon)
{
    return daemon->buses_running == 0;
}

static bool all_is_acknowledged(const struct daemon *daemon)
{
    return !outgoing_is_busy(&daemon->outgoing);
}

// True when every thread has ended, so that memory can be given back.
static bool stop(struct daemon *daemon)
{
    log_line(LOG_LEVEL_NOTICE, "modbridge", "stopping");
    requests_stop(&daemon->requests);
    control_free(daemon->control);
    for (size_t i = 0; i < daemon->site->bus_count; i++)
        bus_stop(daemon->buses[i]);
    turn_until(daemon, buses_have_stopped, ROLLBACK_MS);
    for (size_t i = 0; i < daemon->site->bus_count; i++)
        bus_interrupt(daemon->buses[i]);
    turn_until(daemon, buses_have_stopped, BUS_STOP_MS - ROLLBACK_MS);
    open_holds_leave(&daemon->holds);
    for (size_t i = 0; i < daemon->site->device_count; i++)
        feed_hasten(&daemon->feeds[i], clock_monotonic_ms());
    requests_record_finals(&daemon->requests, INT64_MAX);
    outgoing_save_all(&daemon->outgoing);
    publish_due(daemon);
    turn_until(daemon, all_is_acknowledged, ACKNOWLEDGE_MS);
    bool all_ended = true;
    int64_t end_ms = clock_monotonic_ms() + JOIN_MS; // for all of them together
    for (size_t i = 0; i < daemon->site->bus_count; i++) {
        int64_t left_ms = end_ms - clock_monotonic_ms();
        all_ended &= bus_join(daemon->buses[i], left_ms > 0 ? left_ms : 0);
    }
    all_ended &= outgoing_stop(&daemon->outgoing, UPLINK_STOP_MS);
    drain(daemon); // the last acknowledgements
    all_ended &= store_stop(daemon->store, STORE_STOP_MS);
    daemon->store = NULL;
    return all_ended;
}

static int start_buses(struct daemon *daemon, struct error *err)
{
    for (size_t i = 0; i < daemon->site->bus_count; i++) {
        daemon->buses[i] = bus_start(daemon->site, (uint16_t)i, daemon->learned.refusals,
                                     daemon->learned.count, daemon->from_buses, err);
        if (!daemon->buses[i])
            return -1;
        daemon->buses_running++;
    }
    return 0;
}

// What was kept is loaded between opening the store and starting its thread.
static int open_store(struct daemon *daemon, bool is_dry, struct error *err)
{
    if (!is_dry)
        daemon->store = store_open(daemon->site, daemon->from_store, err);
    if (!is_dry && !daemon->store)
        return -1;
    open_holds_init(&daemon->holds, daemon->site, daemon->store);
    learned_init(&daemon->learned, daemon->site, daemon->store);
    wear_init(&daemon->wear, daemon->site, daemon->store);
    return 0;
}

// The bridge works without its socket too: then nobody can ask it.
static int start_control(struct daemon *daemon, bool is_dry, int64_t began_ms,
                         struct error *err)
{
    struct error why;
    daemon->handlers[0] =
        (struct control_handler){"status", status_take_request, &daemon->status};
    daemon->control = control_new(daemon->handlers, ARRAY_LENGTH(daemon->handlers));
    if (!daemon->control)
        return error_set_errno(err, "no descriptor for the control socket");
    struct status_sources sources = {
        .site = daemon->site,
        .buses = daemon->buses,
        .outgoing = &daemon->outgoing,
        .wear = &daemon->wear,
        .from_buses = daemon->from_buses,
        .control = daemon->control,
        .is_dry = is_dry,
    };
    status_init(&daemon->status, &sources, began_ms);
    if (control_listen(daemon->control, daemon->place.folder, &why) != 0)
        log_line(LOG_LEVEL_ERROR, "modbridge", "nobody can ask for the status: %s", why.text);
    return 0;
}

static int start(struct daemon *daemon, const struct daemon_options *options, struct error *err)
{
    int64_t began_ms = clock_monotonic_ms();
    daemon->signals = stop_signals_open(err);
    if (daemon->signals < 0 || control_place_take(&daemon->place, daemon->site, err) != 0)
        return -1;
    daemon->from_buses = mailbox_new(sizeof(struct message), READING_SLOTS, SURE_SLOTS);
    size_t events =
        EVENTS_PER_CONNECTION * daemon->site->cloud_count + EVENT_SLOTS_FOR_REQUESTS;
    daemon->from_uplink = mailbox_new(sizeof(struct uplink_event), 0, events);
    daemon->from_store = mailbox_new(sizeof(struct store_event), 0, STORE_EVENT_SLOTS);
    if (!daemon->from_buses || !daemon->from_uplink || !daemon->from_store)
        return error_set_errno(err, "no descriptor for a mailbox");
    if (open_store(daemon, options->is_dry, err) != 0)
        return -1;
    daemon->feeds = mem_new(daemon->site->device_count, sizeof *daemon->feeds);
    for (size_t i = 0; i < daemon->site->device_count; i++)
        feed_init(&daemon->feeds[i], daemon->site, &daemon->site->devices[i]);
    report_init(&daemon->report, daemon->site, clock_monotonic_ms());
    if (outgoing_init(&daemon->outgoing, daemon->site, options->is_dry, daemon->store,
                      daemon->from_uplink, err) != 0)
        return -1;
    daemon->buses = mem_new(daemon->site->bus_count, sizeof(struct bus *));
    requests_init(&daemon->requests, daemon->site, daemon->buses, &daemon->outgoing,
                  &daemon->holds, daemon->store);
    if (daemon->store && store_start(daemon->store, err) != 0)
        return -1;
    if (start_buses(daemon, err) != 0)
        return -1;
    if (start_control(daemon, options->is_dry, began_ms, err) != 0)
        return -1;
    open_holds_resume(&daemon->holds, daemon->buses);
    return 0;
}

static void finish(struct daemon *daemon)
{
    learned_done(&daemon->learned);
    wear_done(&daemon->wear);
    struct message message; // from a bus that ended late
    while (mailbox_take(daemon->from_buses, &message))
        message_done(&message);
    for (size_t i = 0; i < daemon->site->bus_count; i++)
        bus_free(daemon->buses[i]);
    status_done(&daemon->status);
    requests_done(&daemon->requests);
    open_holds_done(&daemon->holds);
    outgoing_done(&daemon->outgoing);
    report_done(&daemon->report);
    for (size_t i = 0; i < daemon->site->device_count; i++)
        feed_done(&daemon->feeds[i]);
    free(daemon->feeds);
    free(daemon->buses);
    mailbox_free(daemon->from_buses);
    mailbox_free(daemon->from_uplink);
    mailbox_free(daemon->from_store);
    (void)close(daemon->signals);
    control_place_release(&daemon->place);
}

int daemon_run(const struct site *site, const struct daemon_options *options, struct error *err)
{
    struct daemon daemon = {.site = site};
    if (start(&daemon, options, err) != 0)
        return -1; // the process ends: threads that run already are not waited for
    report_started(&daemon.report);
    mem_give_back();
    while (turn(&daemon, LONGEST_WAIT_MS))
        ;
    if (!stop(&daemon))
        return 1;
    finish(&daemon);
    return 0;
}
