// SPDX-License-Identifier: MIT
// What the main thread asks the store for: heap, handed over through the mailbox.
#ifndef CLOUD_STORE_ORDER_H
#define CLOUD_STORE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/store_batch.h"

enum store_order_kind {
    ORDER_PUT_NOTE,
    ORDER_DELETE_NOTE,
    ORDER_KIND_COUNT,
};

// Texts are heap and belong to the order.
struct store_order {
    struct store_order *next;
    uint64_t ticket;
    enum store_order_kind kind;
    enum store_urgency urgency;
    bool is_saved; // by the commit; the store's thread
    union {
        struct {
            char *kind;
            char *device;
            char *key;
            char *text; // NULL to delete
        } note;
    };
};

// NULL is allowed.
void store_order_free(struct store_order *order);

#endif
