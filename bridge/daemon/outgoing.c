// SPDX-License-Identifier: MIT
#include "daemon/outgoing.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cloud/notice.h"
#include "cloud/pacing.h"

enum {
    NOTICE_BURST = 10,
    LOOK_EVERY_MS = 1000, // at the clock, and at what is due to be saved
    WISH_LEAST = 20,      // rows read from disk at once; more when the live rate is high
};

static const double notice_rate = 0.1;

// Beyond this, rows that are on disk leave memory.
enum { MEMORY_ROWS = 2000, MEMORY_BYTES = 1 << 20 };

static const enum outbox_kind kinds[TOPIC_KIND_COUNT] = {
    [TOPIC_TELEMETRY] = OUTBOX_TELEMETRY,
    [TOPIC_PROPERTIES] = OUTBOX_PROPERTIES,
    [TOPIC_REGISTER] = OUTBOX_PROPERTIES,
    [TOPIC_RESPONSES] = OUTBOX_RESPONSE,
    [TOPIC_LOGS] = OUTBOX_LOG,
};

// With replay: false nothing is written, and what an earlier configuration left is dropped.
static void drop_backlogs(struct outgoing *outgoing, int64_t last_row)
{
    for (size_t i = 0; i < outgoing->site->cloud_count; i++)
        store_drop_backlog(outgoing->store, (int)i, last_row);
}

static void look_at_clock(struct outgoing *outgoing)
{
    bool is_changed =
        stamp_clock_look(&outgoing->clock, clock_wall_ms(), clock_boot_ms(), clock_build_ms());
    if (is_changed && outgoing->store)
        store_set_offset(outgoing->store, outgoing->clock.offset_ms);
}

// Makes room for what the site has more of.
static void widen(struct outgoing *outgoing, int64_t now_ms)
{
    const struct site *site = outgoing->site;
    outgoing->sessions =
        mem_resize(outgoing->sessions, site->cloud_count, sizeof *outgoing->sessions);
    outgoing->replays =
        mem_resize(outgoing->replays, site->cloud_count, sizeof *outgoing->replays);
    for (; outgoing->cloud_count < site->cloud_count; outgoing->cloud_count++) {
        outgoing->sessions[outgoing->cloud_count] = 0;
        replay_init(&outgoing->replays[outgoing->cloud_count], now_ms);
    }
    outgoing->notices =
        mem_resize(outgoing->notices, site->device_count, sizeof *outgoing->notices);
    for (; outgoing->device_count < site->device_count; outgoing->device_count++) {
        struct outgoing_notices *notices = &outgoing->notices[outgoing->device_count];
        *notices = (struct outgoing_notices){0};
        bucket_init(&notices->bucket, NOTICE_BURST, now_ms);
    }
}

void outgoing_init(struct outgoing *outgoing, const struct site *site, bool is_dry,
                   struct store *store)
{
    struct outbox_policy policy = {
        .save_first = site->outbox.write == OUTBOX_ALWAYS,
        .replay = site->outbox.replay,
        .max_rows = MEMORY_ROWS,
        .max_bytes = MEMORY_BYTES,
    };
    int64_t last_row = store ? store_last_row(store) : 0;
    int64_t now_ms = clock_monotonic_ms();
    *outgoing = (struct outgoing){
        .site = site,
        .outbox = outbox_new(site->cloud_count, &policy, last_row),
        .store = store,
        .is_dry = is_dry,
    };
    widen(outgoing, now_ms);
    look_at_clock(outgoing);
    if (store && !site->outbox.replay)
        drop_backlogs(outgoing, last_row);
}

int outgoing_connect(struct outgoing *outgoing, const struct site *generation,
                     struct mailbox *to_main, struct error *err)
{
    if (outgoing->is_dry || outgoing->uplink || generation->cloud_count == 0)
        return 0;
    outgoing->uplink = uplink_start(generation, to_main, err);
    return outgoing->uplink ? 0 : -1;
}

// What waits for a connection that is gone stays on disk as long as it may.
static void leave_connection(struct outgoing *outgoing, int connection, const char *name)
{
    outgoing_disconnected(outgoing, connection);
    log_line(LOG_LEVEL_NOTICE, name,
             "this connection is not in the site any more: what waits for it stays in the "
             "outbox, and is sent should it come back before it is too old");
}

void outgoing_reload(struct outgoing *outgoing, const struct site *before,
                     const struct changes *changes)
{
    const struct site *site = outgoing->site;
    widen(outgoing, clock_monotonic_ms());
    outbox_widen(outgoing->outbox, site->cloud_count);
    for (size_t i = 0; i < site->cloud_count; i++) {
        if (changes->clouds[i] == CHANGE_ADDED && outgoing->store)
            store_name_connection(outgoing->store, (int)i, site->clouds[i].name);
        else if (changes->clouds[i] == CHANGE_REMOVED)
            leave_connection(outgoing, (int)i, before->clouds[i].name);
    }
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
    free(outgoing->replays);
    free(outgoing->notices);
    *outgoing = (struct outgoing){0};
}

// Taking in
// ------------------------------------------------------------------------------------

// The payload with its timestamp, if its kind has one. Heap.
static char *stamped(const struct outgoing *outgoing, const struct stamp *stamp,
                     const char *payload)
{
    if (stamp->kind == STAMP_NONE)
        return mem_copy_text(payload);
    return stamp_payload(payload, stamp_second(&outgoing->clock, stamp));
}

// A payload is a JSON text already and a topic holds nothing that JSON would escape.
static void print(struct outgoing *outgoing, const struct device *device, enum topic_kind kind,
                  const struct stamp *stamp, const char *payload)
{
    // There is nobody to wait for a clock: whatever it shows is printed.
    struct outgoing now = *outgoing;
    now.clock.offset_ms = clock_wall_ms() - clock_boot_ms();
    struct device named = *device;
    if (!named.hardware_id) {
        named.hardware_id = "local";
        named.channel_id = device->name;
    }
    char *topic = topic_new(kind, &named);
    char *text = stamped(&now, stamp, payload);
    (void)printf("{\"topic\": \"%s\", \"payload\": %s}\n", topic, text);
    (void)fflush(stdout);
    free(text);
    free(topic);
}

static struct stamp stamp_at(enum topic_kind kind, int64_t at_ms)
{
    if (kind == TOPIC_RESPONSES)
        return (struct stamp){.kind = STAMP_NONE};
    return (struct stamp){STAMP_PRESENT, clock_boot_ms() - (clock_monotonic_ms() - at_ms)};
}

void outgoing_put(struct outgoing *outgoing, const struct device *device, enum topic_kind kind,
                  char *payload, int64_t at_ms)
{
    if (kind == TOPIC_PROPERTIES && device->cloud != NO_INDEX)
        kind = topic_of_properties(&outgoing->site->clouds[device->cloud]);
    struct stamp stamp = stamp_at(kind, at_ms);
    if (outgoing->is_dry || device->cloud == NO_INDEX) {
        if (outgoing->is_dry)
            print(outgoing, device, kind, &stamp, payload);
        free(payload);
        return;
    }
    int64_t now_ms = clock_monotonic_ms();
    struct outbox_message message = {
        .kind = kinds[kind],
        .connection = device->cloud,
        .stamp = stamp,
        .topic = topic_new(kind, device),
        .payload = payload,
    };
    (void)outbox_push(outgoing->outbox, &message, now_ms);
    replay_note_live(&outgoing->replays[device->cloud], now_ms);
}

uint64_t outgoing_respond_finally(struct outgoing *outgoing, const struct device *device,
                                  const struct journal_command *command, char *response,
                                  int64_t *ret_row)
{
    struct outbox_message message = {
        .kind = OUTBOX_RESPONSE,
        .connection = device->cloud,
        .topic = topic_new(TOPIC_RESPONSES, device),
    };
    message.payload = response;
    struct outbox_row row = {
        .id = outbox_push(outgoing->outbox, &message, clock_monotonic_ms()),
        .kind = message.kind,
        .connection = message.connection,
        .topic = message.topic,
        .payload = message.payload,
    };
    struct journal_command done = *command;
    done.response = response;
    uint64_t ticket = store_finish_command(outgoing->store, &done, &row);
    outbox_saving(outgoing->outbox, row.id, ticket);
    *ret_row = row.id;
    return ticket;
}

uint64_t outgoing_record_again(struct outgoing *outgoing, const struct journal_command *command,
                               int64_t row)
{
    struct outbox_row unsaved;
    if (!outbox_find_unsaved(outgoing->outbox, row, &unsaved))
        return store_finish_command(outgoing->store, command, NULL);
    uint64_t ticket = store_finish_command(outgoing->store, command, &unsaved);
    outbox_saving(outgoing->outbox, row, ticket);
    return ticket;
}

void outgoing_notice(struct outgoing *outgoing, const struct device *device,
                     enum severity severity, const char *text)
{
    struct outgoing_notices *notices = &outgoing->notices[device - outgoing->site->devices];
    int64_t now_ms = clock_monotonic_ms();
    if (!bucket_take(&notices->bucket, NOTICE_BURST, notice_rate, now_ms)) {
        notices->left_out++;
        return;
    }
    char whole[600];
    (void)snprintf(whole, sizeof whole, "%s", text);
    if (notices->left_out)
        (void)snprintf(whole, sizeof whole, "%s (%u lines before this one were left out)", text,
                       notices->left_out);
    notices->left_out = 0;
    int64_t at_ms = stamp_middle_ms(now_ms, clock_wall_ms());
    outgoing_put(outgoing, device, TOPIC_LOGS, notice_payload(severity, whole), at_ms);
}

// Handing on
// -----------------------------------------------------------------------------------

static void save(struct outgoing *outgoing, int64_t now_ms)
{
    struct outbox_row row;
    while (outbox_next_unsaved(outgoing->outbox, now_ms, &row))
        outbox_saving(outgoing->outbox, row.id,
                      store_put_row(outgoing->store, &row, outgoing->is_ending));
}

static void load(struct outgoing *outgoing, int connection)
{
    double second = replay_rate(&outgoing->replays[connection]);
    size_t count = second > WISH_LEAST ? (size_t)second : WISH_LEAST;
    struct outbox_wish wish;
    while (outbox_next_wish(outgoing->outbox, connection, count, &wish))
        store_wish(outgoing->store, &wish);
}

static bool send_row(struct outgoing *outgoing, const struct outbox_row *row)
{
    struct uplink_publish publish = {
        .connection = row->connection,
        .session = outgoing->sessions[row->connection],
        .row = row->id,
        .topic = mem_copy_text(row->topic),
        .payload = stamped(outgoing, &row->stamp, row->payload),
    };
    if (uplink_publish(outgoing->uplink, &publish))
        return true;
    free(publish.topic);
    free(publish.payload);
    (void)outbox_release(outgoing->outbox, row->id);
    return false;
}

static void pump_connection(struct outgoing *outgoing, int connection, int64_t now_ms)
{
    struct outbox *outbox = outgoing->outbox;
    struct replay *replay = &outgoing->replays[connection];
    struct outbox_row row;
    bool was_replayed = false;
    do {
        struct outbox_gate gate = {
            .clock = &outgoing->clock,
            .may_replay = outbox_replaying(outbox, connection) < REPLAY_IN_FLIGHT &&
                          replay_next_ms(replay, now_ms) <= now_ms,
        };
        if (outbox_in_flight(outbox, connection) >= PACING_MAX_IN_FLIGHT ||
            !outbox_take_next(outbox, connection, &gate, &row, &was_replayed))
            return;
        if (was_replayed)
            (void)replay_take(replay, now_ms);
    } while (send_row(outgoing, &row));
}

void outgoing_pump(struct outgoing *outgoing)
{
    int64_t now_ms = clock_monotonic_ms();
    look_at_clock(outgoing);
    if (!outgoing->store)
        return;
    save(outgoing, now_ms);
    for (size_t i = 0; outgoing->uplink && i < outgoing->site->cloud_count; i++) {
        if (!outgoing->sessions[i])
            continue;
        load(outgoing, (int)i);
        pump_connection(outgoing, (int)i, now_ms);
    }
    store_pump(outgoing->store);
}

static bool is_waiting_for_room(const struct outgoing *outgoing, int connection)
{
    const struct outbox *outbox = outgoing->outbox;
    bool has_backlog = outbox_has_backlog(outbox, connection);
    if (has_backlog && outbox_replaying(outbox, connection) >= REPLAY_IN_FLIGHT)
        return true;
    return outbox_in_flight(outbox, connection) >= PACING_MAX_IN_FLIGHT &&
           (has_backlog || outbox_is_waiting(outbox, connection));
}

bool outgoing_awaits_room(const struct outgoing *outgoing)
{
    for (size_t i = 0; i < outgoing->site->cloud_count; i++) {
        if (outgoing->sessions[i] && is_waiting_for_room(outgoing, (int)i))
            return true;
    }
    return false;
}

int64_t outgoing_next_ms(const struct outgoing *outgoing, int64_t now_ms)
{
    int64_t next_ms = outgoing->clock.is_set && outgoing->site->outbox.write == OUTBOX_ALWAYS
                          ? INT64_MAX
                          : now_ms + LOOK_EVERY_MS;
    for (size_t i = 0; i < outgoing->site->cloud_count; i++) {
        if (outgoing->sessions[i] && outbox_in_flight(outgoing->outbox, (int)i) > 0)
            next_ms = clock_earlier(next_ms, now_ms + UPLINK_ACK_MAY_WAIT_MS);
        if (!outgoing->sessions[i] || !outbox_has_backlog(outgoing->outbox, (int)i) ||
            outbox_replaying(outgoing->outbox, (int)i) >= REPLAY_IN_FLIGHT ||
            !outgoing->clock.is_set)
            continue;
        int64_t replay_ms = replay_next_ms(&outgoing->replays[i], now_ms);
        next_ms = replay_ms < next_ms ? replay_ms : next_ms;
    }
    return next_ms;
}

void outgoing_save_all(struct outgoing *outgoing)
{
    outgoing->is_ending = true;
    outbox_save_all(outgoing->outbox);
    if (outgoing->store)
        save(outgoing, clock_monotonic_ms());
}

// What came of it
// ------------------------------------------------------------------------------

static void take_loaded(struct outgoing *outgoing, struct store_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct outbox_message *message = &rows->rows[i].message;
        if (!message->payload)
            continue; // it was damaged, or can never be dated
        outbox_load(outgoing->outbox, &rows->wish, rows->rows[i].id, message);
        message->topic = NULL;
        message->payload = NULL;
    }
    outbox_loaded(outgoing->outbox, &rows->wish, rows->last, rows->is_all);
    store_rows_free(rows);
}

void outgoing_stored(struct outgoing *outgoing, const struct store_event *event)
{
    outgoing->stored = event->stats;
    switch (event->kind) {
    case STORE_SETTLED:
        outbox_settled(outgoing->outbox, event->settled.last, event->settled.is_saved);
        break;
    case STORE_LOADED:
        take_loaded(outgoing, event->loaded);
        break;
    case STORE_JUDGED:
    case STORE_CHANGED:
        break;
    }
    outbox_set_disk(outgoing->outbox, event->stats.health == STORE_GOOD);
}

void outgoing_connected(struct outgoing *outgoing, int connection, uint32_t session)
{
    outgoing->sessions[connection] = session;
    outbox_connected(outgoing->outbox, connection);
}

void outgoing_disconnected(struct outgoing *outgoing, int connection)
{
    outgoing->sessions[connection] = 0;
    outbox_disconnected(outgoing->outbox, connection);
}

void outgoing_acked(struct outgoing *outgoing, int64_t row)
{
    enum outbox_lane lane = OUTBOX_LANE_COUNT;
    if (outbox_ack(outgoing->outbox, row, &lane) && lane != OUTBOX_LANE_COUNT)
        store_delete_row(outgoing->store, lane, row);
}

void outgoing_refused(struct outgoing *outgoing, int64_t row, bool is_hopeless)
{
    if (is_hopeless)
        outgoing_acked(outgoing, row);
    else
        (void)outbox_release(outgoing->outbox, row);
}
