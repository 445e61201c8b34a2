// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cloud/event.h"

enum { ROOM = 2 };

static void post(struct event_queue *queue, int64_t row)
{
    struct uplink_event event = {.kind = UPLINK_ACKED, .row = row};
    event_post(queue, &event);
}

static int64_t take(const struct event_queue *queue)
{
    struct uplink_event event = {.row = -1};
    (void)mailbox_take(queue->to_main, &event);
    return event.row;
}

static void keeps_what_finds_no_room_in_order(void **state)
{
    (void)state;
    enum { EVENTS = 40 };
    struct event_queue queue = {.to_main = mailbox_new(sizeof(struct uplink_event), 0, ROOM)};
    for (int64_t row = 1; row <= EVENTS; row++)
        post(&queue, row);
    assert_int_equal(queue.count, EVENTS - ROOM);
    assert_false(event_flush(&queue));
    for (int64_t row = 1; row <= EVENTS; row++) {
        assert_int_equal(take(&queue), row);
        assert_int_equal(event_flush(&queue), row >= EVENTS - ROOM);
    }
    assert_int_equal(take(&queue), -1);
    mailbox_free(queue.to_main);
    event_done(&queue);
}

static void tries_only_when_nothing_waits(void **state)
{
    (void)state;
    struct event_queue queue = {.to_main = mailbox_new(sizeof(struct uplink_event), 0, ROOM)};
    struct uplink_event event = {.kind = UPLINK_REQUEST};
    assert_true(event_try(&queue, &event));
    post(&queue, 1);
    assert_false(event_try(&queue, &event));
    post(&queue, 2);
    (void)take(&queue);
    assert_false(event_try(&queue, &event));
    assert_true(event_flush(&queue));
    assert_int_equal(take(&queue), 1);
    assert_true(event_try(&queue, &event));
    assert_int_equal(take(&queue), 2);
    mailbox_free(queue.to_main);
    event_done(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_finds_no_room_in_order),
        cmocka_unit_test(tries_only_when_nothing_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
