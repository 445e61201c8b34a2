// SPDX-License-Identifier: MIT
#include "cloud/store.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/time_units.h"
#include "cloud/store_commands.h"
#include "cloud/store_notes.h"
#include "cloud/store_writer.h"

enum {
    ORDER_SLOTS = 1024,
    LONGEST_WAIT_MS = 60 * 1000,
    RETRY_FULL_MS = 5, // main's mailbox was full
};

struct store {
    // The main thread's.
    struct store_order *waiting; // those that found no room
    struct store_order **waiting_end;
    uint64_t ticket; // the last one
    bool is_running;
    pthread_t thread;
    // Shared.
    struct mailbox *orders; // of struct store_order *
    struct mailbox *to_main;
    int stop_descriptor;      // readable once the thread is to end
    int done_descriptor;      // readable once it has ended
    atomic_bool is_abandoned; // nobody listens to events any more
    struct pulse pulse;
    // The thread's, once it runs.
    struct store_writer writer;
};

// Events wait for room: main, which never waits for the store, makes it.
static void post_event(void *context, const struct store_event *event)
{
    const struct store *store = context;
    while (!mailbox_post(store->to_main, event) && !atomic_load(&store->is_abandoned))
        (void)nanosleep(&(struct timespec){.tv_nsec = RETRY_FULL_MS * 1000000L}, NULL);
}

static void take_orders(struct store *store)
{
    struct store_order *order = NULL;
    while (mailbox_take(store->orders, &order))
        store_writer_take(&store->writer, order);
}

static void *store_main(void *context)
{
    struct store *store = context;
    (void)pthread_setname_np(pthread_self(), "store");
    struct pollfd wake[] = {
        {.fd = store->stop_descriptor, .events = POLLIN},
        {.fd = mailbox_descriptor(store->orders), .events = POLLIN},
    };
    bool is_last = false;
    while (!is_last) {
        int64_t now_ms = clock_monotonic_ms();
        pulse_give(&store->pulse, now_ms);
        int64_t due_ms = store_writer_turn(&store->writer, now_ms, clock_boot_ms(), false);
        int64_t wait_ms = due_ms <= now_ms                    ? 0
                          : due_ms - now_ms < LONGEST_WAIT_MS ? due_ms - now_ms
                                                              : LONGEST_WAIT_MS;
        pulse_give(&store->pulse, clock_monotonic_ms() + wait_ms);
        mailbox_look_at(store->orders, now_ms + wait_ms);
        (void)poll(wake, ARRAY_LENGTH(wake), (int)wait_ms);
        is_last = wake[0].revents != 0; // what was posted before the stop is in the mailbox
        take_orders(store);
    }
    (void)store_writer_turn(&store->writer, clock_monotonic_ms(), clock_boot_ms(), true);
    pulse_give(&store->pulse, PULSE_NONE);
    (void)eventfd_write(store->done_descriptor, 1);
    return NULL;
}

static void store_free(struct store *store)
{
    struct store_order *order = NULL;
    while (mailbox_take(store->orders, &order))
        store_order_free(order);
    while (store->waiting) {
        order = store->waiting;
        store->waiting = order->next;
        store_order_free(order);
    }
    store_writer_done(&store->writer);
    mailbox_free(store->orders);
    if (store->stop_descriptor >= 0)
        (void)close(store->stop_descriptor);
    if (store->done_descriptor >= 0)
        (void)close(store->done_descriptor);
    free(store);
}

struct store *store_open(const struct site *site, struct mailbox *to_main, struct error *err)
{
    struct store *store = mem_new(1, sizeof *store);
    store->waiting_end = &store->waiting;
    store->to_main = to_main;
    store->orders = mailbox_new(sizeof(struct store_order *), 0, ORDER_SLOTS);
    store->stop_descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    store->done_descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!store->orders || store->stop_descriptor < 0 || store->done_descriptor < 0) {
        (void)error_set_errno(err, "cannot start the store");
    } else if (store_file_open(&store->writer.file, site->state_path, site->outbox.max_bytes,
                               err) == 0) {
        store_writer_init(&store->writer, site, post_event, store);
        return store;
    }
    store_free(store);
    return NULL;
}

void store_load_notes(struct store *store, const char *kind,
                      void (*take)(void *context, const struct note *note), void *context)
{
    struct store_writer *writer = &store->writer;
    if (store_notes_load(writer->file.sql, kind, take, context) != SQL_DAMAGED)
        return;
    store_writer_replace(writer);
    (void)store_notes_load(writer->file.sql, kind, take, context);
}

int store_start(struct store *store, struct error *err)
{
    pulse_give(&store->pulse, clock_monotonic_ms());
    if (thread_start(&store->thread, THREAD_LIBRARY_STACK_BYTES, store_main, store) != 0)
        return error_set(err, ERROR_FAILED,
                         "cannot start the store: the system has no room for another thread");
    store->is_running = true;
    return 0;
}

struct pulse *store_pulse(struct store *store)
{
    return &store->pulse;
}

// Until when the store need not know of it.
static int64_t due_of(const struct store_order *order)
{
    if (order->kind == ORDER_WISH || order->kind == ORDER_NAME_CLOUD)
        return MAILBOX_AT_ONCE;
    return store_batch_wanted_ms(order->urgency, order->posted_ms);
}

static bool hand_over(struct store *store, struct store_order *order)
{
    return mailbox_post_by(store->orders, &order, due_of(order));
}

static uint64_t post_order(struct store *store, struct store_order *order)
{
    uint64_t ticket = ++store->ticket;
    order->ticket = ticket;
    order->posted_ms = clock_monotonic_ms();
    if (store->waiting || !hand_over(store, order)) {
        *store->waiting_end = order;
        store->waiting_end = &order->next;
    }
    return ticket;
}

void store_pump(struct store *store)
{
    while (store->waiting) {
        struct store_order *order = store->waiting;
        struct store_order *next = order->next;
        if (!hand_over(store, order))
            return;
        store->waiting = next; // the order is the store's now
        if (!next)
            store->waiting_end = &store->waiting;
    }
}

uint64_t store_put_note(struct store *store, const struct note *note, bool is_urgent)
{
    return post_order(store, store_order_put_note(note, is_urgent));
}

uint64_t store_delete_note(struct store *store, const char *kind, const char *device,
                           const char *key, bool is_urgent)
{
    struct note note = {.kind = kind, .device = device, .key = key};
    return post_order(store, store_order_delete_note(&note, is_urgent));
}

int64_t store_last_row(struct store *store)
{
    return store_outbox_last(store->writer.file.sql);
}

uint64_t store_put_row(struct store *store, const struct outbox_row *row, bool is_urgent)
{
    return post_order(store, store_order_put_row(row, is_urgent));
}

void store_delete_row(struct store *store, enum outbox_lane lane, int64_t id)
{
    (void)post_order(store, store_order_delete_row(lane, id));
}

void store_drop_backlog(struct store *store, int connection, int64_t up_to)
{
    (void)post_order(store, store_order_drop_backlog(connection, up_to));
}

void store_name_connection(struct store *store, int connection, const char *name)
{
    (void)post_order(store, store_order_name_connection(connection, name));
}

void store_wish(struct store *store, const struct outbox_wish *wish)
{
    (void)post_order(store, store_order_wish(wish));
}

void store_load_commands(struct store *store,
                         void (*take)(void *context, const struct journal_command *command),
                         void *context)
{
    (void)store_commands_load(store->writer.file.sql, take, context);
}

uint64_t store_begin_command(struct store *store, const struct journal_command *command)
{
    return post_order(store, store_order_begin_command(command));
}

uint64_t store_advance_command(struct store *store, const struct journal_command *command)
{
    return post_order(store, store_order_advance_command(command));
}

uint64_t store_finish_command(struct store *store, const struct journal_command *command,
                              const struct outbox_row *row)
{
    return post_order(store, store_order_finish_command(command, row));
}

void store_set_offset(struct store *store, int64_t offset_ms)
{
    (void)post_order(store, store_order_set_offset(offset_ms));
}

// The thread is gone: what found no room in the mailbox is carried out here.
static void carry_out_waiting(struct store *store)
{
    while (store->waiting) {
        struct store_order *order = store->waiting;
        store->waiting = order->next;
        store_writer_take(&store->writer, order);
    }
    (void)store_writer_turn(&store->writer, clock_monotonic_ms(), clock_boot_ms(), true);
}

bool store_stop(struct store *store, int64_t within_ms)
{
    if (!store)
        return true;
    if (store->is_running) {
        atomic_store(&store->is_abandoned, true);
        store_pump(store);
        (void)eventfd_write(store->stop_descriptor, 1);
        int64_t until_us = clock_monotonic_us() + within_ms * US_PER_MS;
        if (!clock_wait(&store->done_descriptor, 1, until_us))
            return false;
        (void)pthread_join(store->thread, NULL);
        carry_out_waiting(store);
    }
    store_free(store);
    return true;
}
