// SPDX-License-Identifier: MIT
// What the main thread asks the store for: heap, handed over through the mailbox.
#ifndef CLOUD_STORE_ORDER_H
#define CLOUD_STORE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/journal.h"
#include "cloud/outbox.h"
#include "cloud/store_batch.h"

enum store_order_kind {
    ORDER_PUT_NOTE,
    ORDER_DELETE_NOTE,
    ORDER_PUT_ROW,
    ORDER_DELETE_ROW,
    ORDER_DROP_BACKLOG,
    ORDER_SET_OFFSET,
    ORDER_BEGIN_COMMAND,
    ORDER_ADVANCE_COMMAND,
    ORDER_FINISH_COMMAND, // with the row of its response, when that has an id
    ORDER_WISH,           // answered at once, not part of a commit
    ORDER_NAME_CLOUD,     // the same
};

// Texts are heap and belong to the order.
struct store_order {
    struct store_order *next;
    uint64_t ticket;
    int64_t posted_ms; // on the monotonic clock
    enum store_order_kind kind;
    enum store_urgency urgency;
    bool is_saved; // by the commit; the store's thread
    struct store_order_row {
        int64_t id;
        enum outbox_kind kind; // put
        enum outbox_lane lane;
        int connection; // put, drop backlog
        struct stamp stamp;
        char *topic;
        char *payload;
    } row;
    union {
        struct {
            char *kind;
            char *device;
            char *key;
            char *text; // NULL to delete
        } note;
        struct {
            char *device;
            char *id;
            char *digest;
            char *request;  // begin
            char *response; // finish; begin: what was found
            enum journal_state state;
            enum journal_verdict verdict; // begin: what was found
        } command;
        int64_t offset_ms;
        struct outbox_wish wish;
        struct {
            int connection;
            char *name;
        } cloud;
    };
};

// New orders, without a ticket; texts are copied. What each asks for stands in cloud/store.h.
struct note;
struct store_order *store_order_put_note(const struct note *note, bool is_urgent);
struct store_order *store_order_delete_note(const struct note *note, bool is_urgent);
struct store_order *store_order_put_row(const struct outbox_row *row, bool is_urgent);
struct store_order *store_order_delete_row(enum outbox_lane lane, int64_t id);
struct store_order *store_order_drop_backlog(int connection, int64_t up_to);
struct store_order *store_order_name_connection(int connection, const char *name);
struct store_order *store_order_wish(const struct outbox_wish *wish);
struct store_order *store_order_begin_command(const struct journal_command *command);
struct store_order *store_order_advance_command(const struct journal_command *command);
struct store_order *store_order_finish_command(const struct journal_command *command,
                                               const struct outbox_row *row);
struct store_order *store_order_set_offset(int64_t offset_ms);

// NULL is allowed.
void store_order_free(struct store_order *order);

#endif
