// SPDX-License-Identifier: MIT
#include "cloud/store_writer.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cloud/store_commands.h"
#include "cloud/store_notes.h"

enum { ATTEMPTS = 3 }; // to commit: the first, after a remedy, and after another one

static void post_changed(struct store_writer *writer, bool is_trouble, const char *text)
{
    struct store_event event = {.kind = STORE_CHANGED, .stats = writer->stats};
    event.changed.is_trouble = is_trouble;
    (void)snprintf(event.changed.text, sizeof event.changed.text, "%s", text);
    writer->post(writer->context, &event);
}

static void note_file(struct store_writer *writer)
{
    const struct store_file *file = &writer->file;
    writer->stats.is_in_memory = !file->folder;
    writer->stats.damaged = file->damaged;
    if (file->trouble[0])
        post_changed(writer, true, file->trouble);
}

// Nothing is kept or loaded under numbers that are not known: a disk that refused to give them
// is asked again, with each commit.
static enum sql_result find_numbers(struct store_writer *writer)
{
    enum sql_result result = store_outbox_init(&writer->outbox, writer->file.sql);
    writer->has_numbers = result == SQL_DONE;
    return result;
}

void store_writer_init(struct store_writer *writer, const struct site *site,
                       void (*post)(void *context, const struct store_event *event),
                       void *context)
{
    writer->end = &writer->first;
    writer->post = post;
    writer->context = context;
    writer->outbox.max_bytes = writer->file.max_bytes;
    writer->outbox.max_age_ms = site->outbox.max_age_ms;
    for (size_t i = 0; i < site->cloud_count; i++)
        store_outbox_name(&writer->outbox, i, site->clouds[i].name);
    if (find_numbers(writer) == SQL_DAMAGED) {
        store_file_replace(&writer->file);
        (void)find_numbers(writer);
    }
    note_file(writer);
}

void store_writer_replace(struct store_writer *writer)
{
    store_file_replace(&writer->file);
    (void)find_numbers(writer);
    writer->is_counted = false;
    note_file(writer);
}

void store_writer_done(struct store_writer *writer)
{
    while (writer->first) {
        struct store_order *order = writer->first;
        writer->first = order->next;
        store_order_free(order);
    }
    store_outbox_done(&writer->outbox);
    store_file_close(&writer->file);
}

// Orders
// ---------------------------------------------------------------------------------------

static struct note note_of(const struct store_order *order)
{
    return (struct note){order->note.kind, order->note.device, order->note.key,
                         order->note.text};
}

static enum sql_result finish_command(struct store_writer *writer,
                                      const struct store_order *order)
{
    enum sql_result result = store_commands_finish(writer->file.sql, order);
    if (result != SQL_DONE || !order->row.id)
        return result;
    return store_outbox_put(&writer->outbox, writer->file.sql, order, &writer->stats);
}

static enum sql_result apply(struct store_writer *writer, struct store_order *order)
{
    struct sql *sql = writer->file.sql;
    struct store_outbox *outbox = &writer->outbox;
    struct note note;
    switch (order->kind) {
    case ORDER_PUT_NOTE:
        note = note_of(order);
        return store_notes_put(sql, &note);
    case ORDER_DELETE_NOTE:
        note = note_of(order);
        return store_notes_delete(sql, &note);
    case ORDER_PUT_ROW:
        return store_outbox_put(outbox, sql, order, &writer->stats);
    case ORDER_DELETE_ROW:
        return store_outbox_delete(sql, order, &writer->stats);
    case ORDER_DROP_BACKLOG:
        return store_outbox_drop_backlog(outbox, sql, order, &writer->stats);
    case ORDER_SET_OFFSET:
        return store_outbox_set_offset(outbox, sql, order->offset_ms);
    case ORDER_BEGIN_COMMAND:
        return store_commands_begin(sql, outbox->boot, clock_boot_ms(), order);
    case ORDER_ADVANCE_COMMAND:
        return store_commands_advance(sql, order);
    case ORDER_FINISH_COMMAND:
        return finish_command(writer, order);
    case ORDER_WISH:
    case ORDER_NAME_CLOUD:
        break;
    }
    return SQL_DONE;
}

// Full, the disk keeps what is left of it for commands.
static bool is_refused(const struct store_writer *writer, const struct store_order *order)
{
    return writer->stats.health == STORE_FULL && order->kind == ORDER_PUT_ROW &&
           order->row.lane == LANE_DATA;
}

// Rows that can never be sent leave the file.
static enum sql_result delete_dead(struct store_writer *writer, const struct store_rows *rows)
{
    enum sql_result result = SQL_DONE;
    for (size_t i = 0; i < rows->count && result == SQL_DONE; i++) {
        struct store_order order = {.kind = ORDER_DELETE_ROW};
        order.row.id = rows->rows[i].id;
        order.row.lane = rows->wish.lane;
        if (!rows->rows[i].message.payload)
            result = store_outbox_delete(writer->file.sql, &order, &writer->stats);
    }
    return result;
}

static enum sql_result try_load(struct store_writer *writer, const struct outbox_wish *wish,
                                struct store_rows **ret_rows)
{
    if (!writer->has_numbers)
        (void)find_numbers(writer);
    enum sql_result result = store_outbox_load(&writer->outbox, writer->file.sql, wish,
                                               writer->first, &writer->stats, ret_rows);
    if (result == SQL_DONE)
        result = delete_dead(writer, *ret_rows);
    return result;
}

static void fulfil(struct store_writer *writer, const struct outbox_wish *wish)
{
    struct store_rows *rows = NULL;
    enum sql_result result = try_load(writer, wish, &rows);
    if (result == SQL_DAMAGED) {
        store_rows_free(rows);
        store_writer_replace(writer);
        result = try_load(writer, wish, &rows);
    }
    if (result != SQL_DONE)
        rows->is_all = true; // it is asked for again when the disk is well
    struct store_event event = {.kind = STORE_LOADED, .stats = writer->stats, .loaded = rows};
    writer->post(writer->context, &event);
}

// At once, since rows of it may be wished for.
static void name_cloud(struct store_writer *writer, const struct store_order *order)
{
    store_outbox_name(&writer->outbox, (size_t)order->cloud.connection, order->cloud.name);
    if (find_numbers(writer) == SQL_DAMAGED)
        store_writer_replace(writer);
}

void store_writer_take(struct store_writer *writer, struct store_order *order)
{
    if (order->kind == ORDER_WISH || order->kind == ORDER_NAME_CLOUD) {
        if (order->kind == ORDER_WISH)
            fulfil(writer, &order->wish);
        else
            name_cloud(writer, order);
        store_order_free(order);
        return;
    }
    order->next = NULL;
    *writer->end = order;
    writer->end = &order->next;
    store_batch_add(&writer->batch, order->urgency, order->posted_ms);
}

// Commits
// --------------------------------------------------------------------------------------

static void set_health(struct store_writer *writer, enum store_health health, const char *why)
{
    static const char *const texts[] = {
        [STORE_GOOD] = "the disk of the state folder takes data again",
        [STORE_FULL] =
            "the disk of the state folder is full: until there is room, messages are "
            "sent but not kept; commands still are",
        [STORE_FAILING] = "the disk of the state folder refuses to write: until it does, "
                          "messages are sent but not kept, and commands are refused",
    };
    if (writer->stats.health == health)
        return;
    writer->stats.health = health;
    char text[400];
    (void)snprintf(text, sizeof text, "%s%s%s%s", texts[health], why[0] ? " (" : "", why,
                   why[0] ? ")" : "");
    post_changed(writer, health != STORE_GOOD, text);
}

// What the rows of the gathered orders take in the file, roughly.
static int64_t bytes_to_put(const struct store_writer *writer)
{
    enum { ROW_OVERHEAD = 40, SLACK = 8 * 4096 };
    size_t bytes = 0;
    for (const struct store_order *order = writer->first; order; order = order->next) {
        if (order->row.payload)
            bytes += strlen(order->row.topic) + strlen(order->row.payload) + ROW_OVERHEAD;
    }
    return bytes ? (int64_t)bytes + SLACK : 0;
}

static enum sql_result apply_all(struct store_writer *writer)
{
    int64_t bytes = bytes_to_put(writer);
    enum sql_result result = SQL_DONE;
    if (bytes)
        result =
            store_outbox_make_room(&writer->outbox, writer->file.sql, bytes, &writer->stats);
    for (struct store_order *order = writer->first; order && result == SQL_DONE;
         order = order->next) {
        order->is_saved = !is_refused(writer, order);
        if (order->is_saved)
            result = apply(writer, order);
    }
    return result;
}

static enum sql_result commit_orders(struct store_writer *writer)
{
    struct store_stats before = writer->stats;
    bool had_numbers = writer->has_numbers;
    enum sql_result result = store_file_begin(&writer->file);
    if (result == SQL_DONE && !had_numbers)
        result = find_numbers(writer);
    if (result == SQL_DONE)
        result = apply_all(writer);
    if (result == SQL_DONE)
        result = store_file_commit(&writer->file);
    if (result == SQL_DONE)
        return SQL_DONE;
    writer->has_numbers = had_numbers;
    (void)snprintf(writer->why, sizeof writer->why, "%s", sql_error(writer->file.sql));
    if (result != SQL_DAMAGED)
        store_file_rollback(&writer->file);
    writer->stats = before;
    return result;
}

// Whether another attempt may succeed now.
static bool remedy(struct store_writer *writer, enum sql_result result, int64_t now_ms)
{
    writer->retry_ms = now_ms + STORE_RETRY_MS;
    switch (result) {
    case SQL_DAMAGED:
        store_writer_replace(writer);
        return true;
    case SQL_FULL:
        store_file_release_reserve(&writer->file);
        set_health(writer, STORE_FULL, writer->why);
        return true;
    case SQL_MISFIT:
    case SQL_FAILED:
    case SQL_DONE:
    case SQL_ROW:
        break;
    }
    set_health(writer, STORE_FAILING, writer->why);
    return false;
}

static bool try_commit(struct store_writer *writer, int64_t now_ms)
{
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        enum sql_result result = commit_orders(writer);
        if (result == SQL_DONE)
            return true;
        writer->stats.failures++;
        if (!remedy(writer, result, now_ms))
            return false;
    }
    return false;
}

// What came of looking a command up; its response changes hands.
static void post_judged(struct store_writer *writer, struct store_order *order, bool is_saved)
{
    struct store_event event = {.kind = STORE_JUDGED, .stats = writer->stats};
    event.judged.ticket = order->ticket;
    event.judged.verdict = is_saved ? order->command.verdict : JOURNAL_FAILED;
    if (is_saved) {
        event.judged.response = order->command.response;
        order->command.response = NULL;
    }
    writer->post(writer->context, &event);
}

static void post_settled(struct store_writer *writer, uint64_t first, uint64_t last,
                         bool is_saved)
{
    struct store_event event = {.kind = STORE_SETTLED, .stats = writer->stats};
    event.settled.first = first;
    event.settled.last = last;
    event.settled.is_saved = is_saved;
    writer->post(writer->context, &event);
}

// Tells what came of the orders, in as few events as their outcomes allow, and frees them.
static void settle(struct store_writer *writer, bool is_committed)
{
    struct store_order *order = writer->first;
    while (order) {
        uint64_t first = order->ticket;
        uint64_t last = first;
        bool is_saved = is_committed && order->is_saved;
        while (order && (is_committed && order->is_saved) == is_saved) {
            struct store_order *next = order->next;
            last = order->ticket;
            if (order->kind == ORDER_BEGIN_COMMAND)
                post_judged(writer, order, is_saved);
            store_order_free(order);
            order = next;
        }
        post_settled(writer, first, last, is_saved);
    }
    writer->first = NULL;
    writer->end = &writer->first;
}

static void commit(struct store_writer *writer, int64_t now_ms)
{
    int64_t began_us = clock_monotonic_us();
    bool is_committed = try_commit(writer, now_ms);
    if (is_committed) {
        int64_t lasted_us = clock_monotonic_us() - began_us;
        writer->stats.commits++;
        writer->stats.last_commit_us = lasted_us;
        if (lasted_us > writer->stats.longest_commit_us)
            writer->stats.longest_commit_us = lasted_us;
        (void)store_outbox_measure(&writer->outbox, writer->file.sql, &writer->stats);
        if (writer->stats.health == STORE_FAILING)
            set_health(writer, STORE_GOOD, "");
    }
    settle(writer, is_committed);
    store_batch_settle(&writer->batch, now_ms);
}

// Time
// -----------------------------------------------------------------------------------------

// The disk is well again when the reserve fits and something can be written.
static void look_again(struct store_writer *writer, int64_t now_ms)
{
    static const struct note trial = {"trial", "", "", ""};
    if (writer->stats.health == STORE_GOOD || now_ms < writer->retry_ms)
        return;
    writer->retry_ms = now_ms + STORE_RETRY_MS;
    if (store_file_take_reserve(&writer->file) &&
        store_notes_put(writer->file.sql, &trial) == SQL_DONE &&
        store_notes_delete(writer->file.sql, &trial) == SQL_DONE)
        set_health(writer, STORE_GOOD, "");
}

static void expire(struct store_writer *writer, int64_t now_ms, int64_t boot_ms)
{
    if (now_ms < writer->expire_ms || writer->stats.health != STORE_GOOD)
        return;
    struct store_stats before = writer->stats;
    bool may_be_more = false;
    enum sql_result result = store_file_begin(&writer->file);
    if (result == SQL_DONE)
        result = store_outbox_expire(&writer->outbox, writer->file.sql, boot_ms, &may_be_more,
                                     &writer->stats);
    if (result == SQL_DONE)
        result = store_commands_expire(&writer->outbox, writer->file.sql, boot_ms);
    if (result == SQL_DONE)
        result = store_file_commit(&writer->file);
    if (result != SQL_DONE) {
        store_file_rollback(&writer->file);
        writer->stats = before;
    }
    writer->expire_ms = now_ms + (may_be_more ? STORE_EXPIRE_MORE_MS : STORE_EXPIRE_MS);
}

int64_t store_writer_turn(struct store_writer *writer, int64_t now_ms, int64_t boot_ms,
                          bool is_last)
{
    if (!writer->is_counted)
        writer->is_counted = store_outbox_count(writer->file.sql, &writer->stats) == SQL_DONE;
    look_again(writer, now_ms);
    expire(writer, now_ms, boot_ms);
    if (writer->first && (is_last || store_batch_due_ms(&writer->batch) <= now_ms))
        commit(writer, now_ms);
    int64_t due_ms = store_batch_due_ms(&writer->batch);
    if (writer->stats.health != STORE_GOOD && writer->retry_ms < due_ms)
        due_ms = writer->retry_ms;
    return writer->expire_ms < due_ms ? writer->expire_ms : due_ms;
}
