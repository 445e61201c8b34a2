// SPDX-License-Identifier: MIT
#include "cloud/store_order.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cloud/store.h"

static struct store_order *new_order(enum store_order_kind kind, enum store_urgency urgency)
{
    struct store_order *order = mem_new(1, sizeof *order);
    order->kind = kind;
    order->urgency = urgency;
    return order;
}

static struct store_order *new_note_order(enum store_order_kind kind, const struct note *note,
                                          bool is_urgent)
{
    struct store_order *order = new_order(kind, is_urgent ? STORE_SURE : STORE_LAZY);
    order->note.kind = mem_copy_text(note->kind);
    order->note.device = mem_copy_text(note->device);
    order->note.key = mem_copy_text(note->key);
    return order;
}

struct store_order *store_order_put_note(const struct note *note, bool is_urgent)
{
    struct store_order *order = new_note_order(ORDER_PUT_NOTE, note, is_urgent);
    order->note.text = mem_copy_text(note->text);
    return order;
}

struct store_order *store_order_delete_note(const struct note *note, bool is_urgent)
{
    return new_note_order(ORDER_DELETE_NOTE, note, is_urgent);
}

static void copy_row(struct store_order *order, const struct outbox_row *row)
{
    order->row = (struct store_order_row){
        .id = row->id,
        .kind = row->kind,
        .lane = outbox_lane_of(row->kind),
        .connection = row->connection,
        .stamp = row->stamp,
        .topic = mem_copy_text(row->topic),
        .payload = mem_copy_text(row->payload),
    };
}

struct store_order *store_order_put_row(const struct outbox_row *row, bool is_urgent)
{
    bool is_sure = is_urgent || row->kind == OUTBOX_RESPONSE;
    struct store_order *order = new_order(ORDER_PUT_ROW, is_sure ? STORE_SURE : STORE_GROUP);
    copy_row(order, row);
    return order;
}

struct store_order *store_order_delete_row(enum outbox_lane lane, int64_t id)
{
    struct store_order *order = new_order(ORDER_DELETE_ROW, STORE_LAZY);
    order->row.id = id;
    order->row.lane = lane;
    return order;
}

struct store_order *store_order_drop_backlog(int connection, int64_t up_to)
{
    struct store_order *order = new_order(ORDER_DROP_BACKLOG, STORE_LAZY);
    order->row.id = up_to;
    order->row.connection = connection;
    return order;
}

struct store_order *store_order_name_connection(int connection, const char *name)
{
    struct store_order *order = new_order(ORDER_NAME_CLOUD, STORE_LAZY);
    order->cloud.connection = connection;
    order->cloud.name = mem_copy_text(name);
    return order;
}

struct store_order *store_order_wish(const struct outbox_wish *wish)
{
    struct store_order *order = new_order(ORDER_WISH, STORE_LAZY);
    order->wish = *wish;
    return order;
}

static struct store_order *new_command_order(enum store_order_kind kind,
                                             const struct journal_command *command)
{
    struct store_order *order = new_order(kind, STORE_SURE);
    order->command.device = mem_copy_text(command->device);
    order->command.id = mem_copy_text(command->id);
    order->command.digest = mem_copy_text(command->digest);
    order->command.state = command->state;
    return order;
}

struct store_order *store_order_begin_command(const struct journal_command *command)
{
    struct store_order *order = new_command_order(ORDER_BEGIN_COMMAND, command);
    order->command.request = mem_copy_text(command->request);
    return order;
}

struct store_order *store_order_advance_command(const struct journal_command *command)
{
    return new_command_order(ORDER_ADVANCE_COMMAND, command);
}

struct store_order *store_order_finish_command(const struct journal_command *command,
                                               const struct outbox_row *row)
{
    struct store_order *order = new_command_order(ORDER_FINISH_COMMAND, command);
    order->command.response = mem_copy_text(command->response);
    if (row)
        copy_row(order, row);
    return order;
}

struct store_order *store_order_set_offset(int64_t offset_ms)
{
    struct store_order *order = new_order(ORDER_SET_OFFSET, STORE_LAZY);
    order->offset_ms = offset_ms;
    return order;
}

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
