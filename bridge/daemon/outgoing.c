// SPDX-License-Identifier: MIT
#include "daemon/outgoing.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cloud/pacing.h"

static const struct outbox_limits limits = {
    .max_rows = 100000,
    .max_bytes = 64000000,
};

static const enum outbox_kind kinds[TOPIC_KIND_COUNT] = {
    [TOPIC_TELEMETRY] = OUTBOX_TELEMETRY,
    [TOPIC_PROPERTIES] = OUTBOX_PROPERTIES,
    [TOPIC_REGISTER] = OUTBOX_PROPERTIES,
    [TOPIC_RESPONSES] = OUTBOX_RESPONSE,
    [TOPIC_LOGS] = OUTBOX_LOG,
};

int outgoing_init(struct outgoing *outgoing, const struct site *site, bool is_dry,
                  struct mailbox *to_main, struct error *err)
{
    *outgoing = (struct outgoing){
        .site = site,
        .outbox = outbox_new(site->cloud_count, &limits),
        .sessions = mem_new(site->cloud_count, sizeof(uint32_t)),
        .is_dry = is_dry,
    };
    if (is_dry || site->cloud_count == 0)
        return 0;
    outgoing->uplink = uplink_start(site, to_main, err);
    if (outgoing->uplink)
        return 0;
    outgoing_done(outgoing);
    return -1;
}

bool outgoing_stop(struct outgoing *outgoing, int64_t within_ms)
{
    bool stopped = !outgoing->uplink || uplink_stop(outgoing->uplink, within_ms);
    outgoing->uplink = NULL;
    return stopped;
}

void outgoing_done(struct outgoing *outgoing)
{
    outbox_free(outgoing->outbox);
    free(outgoing->sessions);
    *outgoing = (struct outgoing){0};
}

// A payload is a JSON text already and a topic holds nothing that JSON would escape.
static void print(const struct device *device, enum topic_kind kind, char *payload)
{
    struct device named = *device;
    if (!named.hardware_id) {
        named.hardware_id = "local";
        named.channel_id = device->name;
    }
    char *topic = topic_new(kind, &named);
    (void)printf("{\"topic\": \"%s\", \"payload\": %s}\n", topic, payload);
    (void)fflush(stdout);
    free(topic);
    free(payload);
}

void outgoing_put(struct outgoing *outgoing, const struct device *device, enum topic_kind kind,
                  char *payload)
{
    if (kind == TOPIC_PROPERTIES && device->cloud != NO_INDEX)
        kind = topic_of_properties(&outgoing->site->clouds[device->cloud]);
    if (outgoing->is_dry) {
        print(device, kind, payload);
        return;
    }
    if (device->cloud == NO_INDEX) {
        free(payload);
        return;
    }
    struct outbox_message message = {
        .kind = kinds[kind],
        .connection = device->cloud,
        .topic = topic_new(kind, device),
        .payload = payload,
    };
    (void)outbox_push(outgoing->outbox, &message);
}

static bool send_row(struct outgoing *outgoing, int connection, const struct outbox_row *row)
{
    struct uplink_publish publish = {
        .connection = connection,
        .session = outgoing->sessions[connection],
        .row = row->id,
        .topic = mem_copy_text(row->topic),
        .payload = mem_copy_text(row->payload),
    };
    if (uplink_publish(outgoing->uplink, &publish))
        return true;
    free(publish.topic);
    free(publish.payload);
    (void)outbox_release(outgoing->outbox, row->id);
    return false;
}

static void pump_connection(struct outgoing *outgoing, int connection)
{
    struct outbox_row row;
    while (outbox_in_flight(outgoing->outbox, connection) < PACING_MAX_IN_FLIGHT &&
           outbox_take_next(outgoing->outbox, connection, &row)) {
        if (!send_row(outgoing, connection, &row))
            return;
    }
}

void outgoing_pump(struct outgoing *outgoing)
{
    for (size_t i = 0; outgoing->uplink && i < outgoing->site->cloud_count; i++) {
        if (outgoing->sessions[i])
            pump_connection(outgoing, (int)i);
    }
}

void outgoing_connected(struct outgoing *outgoing, int connection, uint32_t session)
{
    outgoing->sessions[connection] = session;
}

void outgoing_disconnected(struct outgoing *outgoing, int connection)
{
    outgoing->sessions[connection] = 0;
    (void)outbox_release_in_flight(outgoing->outbox, connection);
}

void outgoing_acked(struct outgoing *outgoing, int64_t row)
{
    (void)outbox_ack(outgoing->outbox, row);
}

void outgoing_refused(struct outgoing *outgoing, int64_t row, bool is_hopeless)
{
    if (is_hopeless)
        (void)outbox_ack(outgoing->outbox, row);
    else
        (void)outbox_release(outgoing->outbox, row);
}

struct outbox_status outgoing_status(const struct outgoing *outgoing)
{
    struct outbox_stats stats = outbox_stats(outgoing->outbox);
    return (struct outbox_status){
        .messages = stats.rows,
        .in_flight = stats.in_flight,
        .bytes = stats.bytes,
        .dropped = stats.dropped,
    };
}

bool outgoing_is_busy(const struct outgoing *outgoing)
{
    for (size_t i = 0; i < outgoing->site->cloud_count; i++) {
        if (outgoing->sessions[i] && outbox_in_flight(outgoing->outbox, (int)i) > 0)
            return true;
    }
    return false;
}
