// SPDX-License-Identifier: MIT
// The store's thread without the thread: gathers orders, commits them together, and lives with
// a disk that is full, refuses to write or garbles the file. Owned by the store's thread.
#ifndef CLOUD_STORE_WRITER_H
#define CLOUD_STORE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mailbox.h"
#include "cloud/store.h"
#include "cloud/store_batch.h"
#include "cloud/store_file.h"
#include "cloud/store_order.h"
#include "cloud/store_rows.h"

enum {
    STORE_RETRY_MS = 10 * 1000,  // between looks whether the disk is well again
    STORE_EXPIRE_MS = 60 * 1000, // between looks for what is too old
    STORE_EXPIRE_MORE_MS = 1000, // the same while there is more of it
};

struct store_writer {
    struct store_file file;
    struct store_outbox outbox;
    bool has_numbers; // of the present start and the connections, as the file has them
    bool is_counted;
    int64_t expire_ms; // when to look for what is too old
    struct store_batch batch;
    struct store_order *first; // those gathered
    struct store_order **end;
    int64_t retry_ms;         // while full: when to look again
    char why[SQL_ERROR_SIZE]; // the last commit failed
    struct store_stats stats;
    // Where events go: returns once the event is taken.
    void (*post)(void *context, const struct store_event *event);
    void *context;
};

// Takes over an open file. A trouble of opening it is the first event.
void store_writer_init(struct store_writer *writer, const struct site *site,
                       void (*post)(void *context, const struct store_event *event),
                       void *context);
void store_writer_done(struct store_writer *writer);

// Sets a damaged file aside.
void store_writer_replace(struct store_writer *writer);

// Takes an order over, to be carried out with others.
void store_writer_take(struct store_writer *writer, struct store_order *order);

// Commits what is due, all of it when `is_last`; `boot_ms` is now on the clock of stamps.
// Returns when it wants to be called again.
int64_t store_writer_turn(struct store_writer *writer, int64_t now_ms, int64_t boot_ms,
                          bool is_last);

#endif
