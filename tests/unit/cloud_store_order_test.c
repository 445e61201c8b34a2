// SPDX-License-Identifier: MIT
// How soon an order must be on disk, and that it has what it was made of, with texts of its
// own.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "cloud/store.h"
#include "cloud/store_order.h"

static void assert_urgency(struct store_order *order, enum store_order_kind kind,
                           enum store_urgency urgency)
{
    assert_int_equal(order->kind, kind);
    assert_int_equal(order->urgency, urgency);
    store_order_free(order);
}

// A response is sent when it is on disk, and a command is carried out when it is there.
static void tells_what_is_waited_for_from_what_is_not(void **state)
{
    (void)state;
    const struct note note = {.kind = "k", .device = "d", .key = "y", .text = "t"};
    const struct journal_command command = {
        .device = "d", .id = "1", .digest = "x", .request = "q", .response = "r"};
    const struct outbox_wish wish = {.count = 1};
    struct outbox_row row = {.kind = OUTBOX_TELEMETRY, .topic = "t", .payload = "{}"};
    assert_urgency(store_order_put_row(&row, false), ORDER_PUT_ROW, STORE_GROUP);
    assert_urgency(store_order_put_row(&row, true), ORDER_PUT_ROW, STORE_SURE);
    row.kind = OUTBOX_LOG;
    assert_urgency(store_order_put_row(&row, false), ORDER_PUT_ROW, STORE_GROUP);
    row.kind = OUTBOX_RESPONSE;
    assert_urgency(store_order_put_row(&row, false), ORDER_PUT_ROW, STORE_SURE);
    assert_urgency(store_order_begin_command(&command), ORDER_BEGIN_COMMAND, STORE_SURE);
    assert_urgency(store_order_advance_command(&command), ORDER_ADVANCE_COMMAND, STORE_SURE);
    assert_urgency(store_order_finish_command(&command, NULL), ORDER_FINISH_COMMAND,
                   STORE_SURE);
    assert_urgency(store_order_put_note(&note, true), ORDER_PUT_NOTE, STORE_SURE);
    assert_urgency(store_order_put_note(&note, false), ORDER_PUT_NOTE, STORE_LAZY);
    assert_urgency(store_order_delete_note(&note, true), ORDER_DELETE_NOTE, STORE_SURE);
    assert_urgency(store_order_delete_note(&note, false), ORDER_DELETE_NOTE, STORE_LAZY);
    assert_urgency(store_order_delete_row(LANE_DATA, 1), ORDER_DELETE_ROW, STORE_LAZY);
    assert_urgency(store_order_drop_backlog(0, 1), ORDER_DROP_BACKLOG, STORE_LAZY);
    assert_urgency(store_order_set_offset(1), ORDER_SET_OFFSET, STORE_LAZY);
    assert_urgency(store_order_name_connection(0, "n"), ORDER_NAME_CLOUD, STORE_LAZY);
    assert_urgency(store_order_wish(&wish), ORDER_WISH, STORE_LAZY);
}

static void has_a_row_of_its_own(void **state)
{
    (void)state;
    char topic[] = "topic";
    char payload[] = "{}";
    const struct outbox_row row = {.id = 7,
                                   .kind = OUTBOX_RESPONSE,
                                   .connection = 2,
                                   .stamp = {STAMP_PRESENT, 5},
                                   .topic = topic,
                                   .payload = payload};
    const struct journal_command command = {
        .device = "d", .id = "1", .digest = "x", .response = "r"};
    struct store_order *orders[] = {store_order_put_row(&row, false),
                                    store_order_finish_command(&command, &row)};
    topic[0] = payload[0] = 'X';
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(orders[i]->row.id, 7);
        assert_int_equal(orders[i]->row.kind, OUTBOX_RESPONSE);
        assert_int_equal(orders[i]->row.lane, LANE_RESPONSES);
        assert_int_equal(orders[i]->row.connection, 2);
        assert_int_equal(orders[i]->row.stamp.kind, STAMP_PRESENT);
        assert_int_equal(orders[i]->row.stamp.ms, 5);
        assert_string_equal(orders[i]->row.topic, "topic");
        assert_string_equal(orders[i]->row.payload, "{}");
    }
    assert_string_equal(orders[1]->command.response, "r");
    store_order_free(orders[0]);
    store_order_free(orders[1]);
    struct store_order *without = store_order_finish_command(&command, NULL);
    assert_int_equal(without->row.id, 0);
    store_order_free(without);
}

static void has_a_note_and_a_command_of_its_own(void **state)
{
    (void)state;
    char text[] = "text";
    const struct note note = {.kind = "kind", .device = "device", .key = "key", .text = text};
    struct store_order *order = store_order_put_note(&note, false);
    text[0] = 'X';
    assert_string_equal(order->note.kind, "kind");
    assert_string_equal(order->note.device, "device");
    assert_string_equal(order->note.key, "key");
    assert_string_equal(order->note.text, "text");
    store_order_free(order);
    order = store_order_delete_note(&note, false);
    assert_string_equal(order->note.device, "device");
    assert_null(order->note.text);
    store_order_free(order);
    const struct journal_command command = {.device = "device",
                                            .id = "1",
                                            .digest = "digest",
                                            .state = JOURNAL_EXECUTING,
                                            .request = "request"};
    order = store_order_begin_command(&command);
    assert_string_equal(order->command.device, "device");
    assert_string_equal(order->command.id, "1");
    assert_string_equal(order->command.digest, "digest");
    assert_string_equal(order->command.request, "request");
    assert_int_equal(order->command.state, JOURNAL_EXECUTING);
    store_order_free(order);
}

static void names_the_rows_that_leave_the_disk(void **state)
{
    (void)state;
    struct store_order *order = store_order_delete_row(LANE_DATA, 9);
    assert_int_equal(order->row.id, 9);
    assert_int_equal(order->row.lane, LANE_DATA);
    store_order_free(order);
    order = store_order_drop_backlog(3, 11);
    assert_int_equal(order->row.id, 11);
    assert_int_equal(order->row.connection, 3);
    store_order_free(order);
    order = store_order_set_offset(-4);
    assert_int_equal(order->offset_ms, -4);
    store_order_free(order);
    const struct outbox_wish wish = {
        .connection = 2, .lane = LANE_DATA, .after = 5, .count = 3};
    order = store_order_wish(&wish);
    assert_int_equal(order->wish.connection, 2);
    assert_int_equal(order->wish.lane, LANE_DATA);
    assert_int_equal(order->wish.after, 5);
    assert_int_equal(order->wish.count, 3);
    store_order_free(order);
    order = store_order_name_connection(4, "plant");
    assert_int_equal(order->cloud.connection, 4);
    assert_string_equal(order->cloud.name, "plant");
    store_order_free(order);
    store_order_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_is_waited_for_from_what_is_not),
        cmocka_unit_test(has_a_row_of_its_own),
        cmocka_unit_test(has_a_note_and_a_command_of_its_own),
        cmocka_unit_test(names_the_rows_that_leave_the_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
