// SPDX-License-Identifier: MIT
#include "cloud/store_writer.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
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

void store_writer_init(struct store_writer *writer,
                       void (*post)(void *context, const struct store_event *event),
                       void *context)
{
    writer->end = &writer->first;
    writer->post = post;
    writer->context = context;
    note_file(writer);
}

void store_writer_replace(struct store_writer *writer)
{
    store_file_replace(&writer->file);
    note_file(writer);
}

void store_writer_done(struct store_writer *writer)
{
    while (writer->first) {
        struct store_order *order = writer->first;
        writer->first = order->next;
        store_order_free(order);
    }
    store_file_close(&writer->file);
}

// Orders
// ---------------------------------------------------------------------------------------

static struct note note_of(const struct store_order *order)
{
    return (struct note){order->note.kind, order->note.device, order->note.key,
                         order->note.text};
}

static enum sql_result apply(struct store_writer *writer, struct store_order *order)
{
    struct sql *sql = writer->file.sql;
    struct note note;
    switch (order->kind) {
    case ORDER_PUT_NOTE:
        note = note_of(order);
        return store_notes_put(sql, &note);
    case ORDER_DELETE_NOTE:
        note = note_of(order);
        return store_notes_delete(sql, &note);
    case ORDER_KIND_COUNT:
        break;
    }
    return SQL_DONE;
}

void store_writer_take(struct store_writer *writer, struct store_order *order, int64_t now_ms)
{
    order->next = NULL;
    *writer->end = order;
    writer->end = &order->next;
    store_batch_add(&writer->batch, order->urgency, now_ms);
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

static enum sql_result commit_orders(struct store_writer *writer)
{
    struct sql *sql = writer->file.sql;
    enum sql_result result = store_file_begin(&writer->file);
    for (struct store_order *order = writer->first; order && result == SQL_DONE;
         order = order->next) {
        result = apply(writer, order);
        order->is_saved = result == SQL_DONE;
    }
    if (result == SQL_DONE)
        result = store_file_commit(&writer->file);
    if (result == SQL_DONE)
        return SQL_DONE;
    (void)snprintf(writer->why, sizeof writer->why, "%s", sql_error(sql));
    if (result != SQL_DAMAGED)
        store_file_rollback(&writer->file);
    return result;
}

// Whether another attempt may succeed now.
static bool remedy(struct store_writer *writer, enum sql_result result, int64_t now_ms)
{
    switch (result) {
    case SQL_DAMAGED:
        store_writer_replace(writer);
        return true;
    case SQL_FULL:
        store_file_release_reserve(&writer->file);
        writer->retry_ms = now_ms + STORE_RETRY_MS;
        set_health(writer, STORE_FULL, writer->why);
        return true;
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
        if (writer->stats.health == STORE_FAILING)
            set_health(writer, STORE_GOOD, "");
    }
    settle(writer, is_committed);
    store_batch_settle(&writer->batch, now_ms);
}

// A disk that was full has room again when the reserve fits.
static void look_for_room(struct store_writer *writer, int64_t now_ms)
{
    if (writer->stats.health != STORE_FULL || now_ms < writer->retry_ms)
        return;
    writer->retry_ms = now_ms + STORE_RETRY_MS;
    if (store_file_take_reserve(&writer->file))
        set_health(writer, STORE_GOOD, "");
}

int64_t store_writer_turn(struct store_writer *writer, int64_t now_ms, bool is_last)
{
    look_for_room(writer, now_ms);
    if (writer->first && (is_last || store_batch_due_ms(&writer->batch) <= now_ms))
        commit(writer, now_ms);
    int64_t due_ms = store_batch_due_ms(&writer->batch);
    if (writer->stats.health == STORE_FULL && writer->retry_ms < due_ms)
        due_ms = writer->retry_ms;
    return due_ms;
}
