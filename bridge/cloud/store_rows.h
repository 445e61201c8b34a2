// SPDX-License-Identifier: MIT
// The outbox in the store's file. The store's thread; before that starts, the main thread.
#ifndef CLOUD_STORE_ROWS_H
#define CLOUD_STORE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud/sql.h"
#include "cloud/store.h"
#include "cloud/store_order.h"

struct store_outbox {
    int64_t max_bytes;
    int64_t max_age_ms;
    int64_t boot; // number of the present start of the system
    struct store_cloud {
        char *name;
        int64_t number;
    } * clouds; // as the connections of the site
    size_t cloud_count;
    struct stamp_clock clock;
};

// Says what a connection of the site is called; its number in the file is found out with
// store_outbox_init.
void store_outbox_name(struct store_outbox *outbox, size_t connection, const char *name);

// Finds the numbers of the present start and of the connections; again after the file was
// replaced, and after a connection was named.
enum sql_result store_outbox_init(struct store_outbox *outbox, struct sql *sql);
void store_outbox_done(struct store_outbox *outbox);

// The id of the last row that is kept, or one that is beyond all rows when the disk does not
// tell.
int64_t store_outbox_last(struct sql *sql);

// Orders, inside a transaction. What is counted goes to `stats`.
enum sql_result store_outbox_put(const struct store_outbox *outbox, struct sql *sql,
                                 const struct store_order *order, struct store_stats *stats);
enum sql_result store_outbox_delete(struct sql *sql, const struct store_order *order,
                                    struct store_stats *stats);
enum sql_result store_outbox_drop_backlog(const struct store_outbox *outbox, struct sql *sql,
                                          const struct store_order *order,
                                          struct store_stats *stats);
enum sql_result store_outbox_set_offset(struct store_outbox *outbox, struct sql *sql,
                                        int64_t offset_ms);

// Makes the oldest rows make way until `bytes` more fit, inside a transaction.
enum sql_result store_outbox_make_room(const struct store_outbox *outbox, struct sql *sql,
                                       int64_t bytes, struct store_stats *stats);

// Drops rows older than max_age and rows that can never be dated, some at a time: true in
// `ret_more` when there may be more. Inside a transaction.
enum sql_result store_outbox_expire(const struct store_outbox *outbox, struct sql *sql,
                                    int64_t boot_ms, bool *ret_more, struct store_stats *stats);

// Counts what is there: rows, bytes in use, the oldest.
enum sql_result store_outbox_count(struct sql *sql, struct store_stats *stats);
enum sql_result store_outbox_measure(const struct store_outbox *outbox, struct sql *sql,
                                     struct store_stats *stats);

// Fulfils a wish. Rows of `deleted` (orders not committed yet) are left out. Those that are
// damaged or can never be dated have NULL texts, are counted, and are to be deleted. Heap.
enum sql_result store_outbox_load(const struct store_outbox *outbox, struct sql *sql,
                                  const struct outbox_wish *wish,
                                  const struct store_order *deleted, struct store_stats *stats,
                                  struct store_rows **ret_rows);

#endif
