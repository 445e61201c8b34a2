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
    case ORDER_BEGIN_COMMAND:
    case ORDER_ADVANCE_COMMAND:
    case ORDER_FINISH_COMMAND:
        free(order->command.device);
        free(order->command.id);
        free(order->command.digest);
        free(order->command.request);
        free(order->command.response);
        break;
    case ORDER_NAME_CLOUD:
        free(order->cloud.name);
        break;
    case ORDER_PUT_ROW:
    case ORDER_DELETE_ROW:
    case ORDER_DROP_BACKLOG:
    case ORDER_SET_OFFSET:
    case ORDER_WISH:
        break;
    }
    free(order->row.topic);
    free(order->row.payload);
    free(order);
}
