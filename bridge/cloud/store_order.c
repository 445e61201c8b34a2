// SPDX-License-Identifier: MIT
#include "cloud/store_order.h"

#include <stdlib.h>

void store_order_free(struct store_order *order)
{
    if (!order)
        return;
    switch (order->kind) {
    case ORDER_PUT_NOTE:
    case ORDER_DELETE_NOTE:
        free(order->note.kind);
        free(order->note.device);
        free(order->note.key);
        free(order->note.text);
        break;
    case ORDER_KIND_COUNT:
        break;
    }
    free(order);
}
