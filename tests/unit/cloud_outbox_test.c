// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "cloud/outbox.h"

static const struct outbox_policy always = {
    .save_first = true, .replay = true, .max_rows = 100, .max_bytes = 100000};
static const struct outbox_policy spill = {
    .save_first = false, .replay = true, .max_rows = 100, .max_bytes = 100000};
static const struct outbox_policy no_replay = {
    .save_first = true, .replay = false, .max_rows = 100, .max_bytes = 100000};
static const struct stamp_clock set = {.is_set = true, .offset_ms = 1000};
static const struct stamp_clock unset = {.is_set = false};

static int64_t push_at(struct outbox *outbox, enum outbox_kind kind, int connection,
                       int64_t now_ms)
{
    struct outbox_message message = {
        .kind = kind,
        .connection = connection,
        .stamp = {kind == OUTBOX_RESPONSE ? STAMP_NONE : STAMP_PRESENT, now_ms},
        .topic = mem_copy_text("topic"),
        .payload = mem_copy_text("{}"),
    };
    return outbox_push(outbox, &message, now_ms);
}

static int64_t push(struct outbox *outbox, enum outbox_kind kind, int connection)
{
    return push_at(outbox, kind, connection, 0);
}

static int64_t take_with(struct outbox *outbox, int connection, const struct stamp_clock *clock,
                         bool may_replay)
{
    struct outbox_row row = {0};
    bool was_replayed = false;
    struct outbox_gate gate = {clock, may_replay};
    return outbox_take_next(outbox, connection, &gate, &row, &was_replayed) ? row.id : 0;
}

static int64_t take(struct outbox *outbox, int connection)
{
    return take_with(outbox, connection, &set, true);
}

// Gives everything that is due to a store; returns how many rows that were.
static size_t save(struct outbox *outbox, int64_t now_ms, uint64_t ticket)
{
    struct outbox_row row;
    size_t count = 0;
    for (; outbox_next_unsaved(outbox, now_ms, &row); count++)
        outbox_saving(outbox, row.id, ticket);
    return count;
}

static void save_and_settle(struct outbox *outbox)
{
    static uint64_t ticket;
    (void)save(outbox, 0, ++ticket);
    outbox_settled(outbox, ticket, true);
}

static bool ack(struct outbox *outbox, int64_t id)
{
    enum outbox_lane lane = OUTBOX_LANE_COUNT;
    return outbox_ack(outbox, id, &lane);
}

static void sends_nothing_before_it_is_saved(void **state)
{
    (void)state;
    struct outbox *outbox = outbox_new(1, &always, 41);
    outbox_connected(outbox, 0);
    int64_t telemetry = push(outbox, OUTBOX_TELEMETRY, 0);
    int64_t response = push(outbox, OUTBOX_RESPONSE, 0);
    int64_t properties = push(outbox, OUTBOX_PROPERTIES, 0);
    assert_int_equal(telemetry, 42);
    assert_int_equal(take(outbox, 0), properties); // never on disk
    assert_int_equal(save(outbox, 0, 7), 2);
    assert_int_equal(save(outbox, 0, 8), 0);
    assert_int_equal(take(outbox, 0), 0);
    outbox_settled(outbox, 6, true);
    assert_int_equal(take(outbox, 0), 0);
    outbox_settled(outbox, 7, true);
    assert_int_equal(take(outbox, 0), response);
    assert_int_equal(take(outbox, 0), telemetry);
    assert_int_equal(take(outbox, 0), 0);
    outbox_free(outbox);
}

static void says_where_an_acknowledged_row_is(void **state)
{
    (void)state;
    struct outbox *outbox = outbox_new(1, &always, 0);
    outbox_connected(outbox, 0);
    int64_t telemetry = push(outbox, OUTBOX_TELEMETRY, 0);
    int64_t response = push(outbox, OUTBOX_RESPONSE, 0);
    int64_t properties = push(outbox, OUTBOX_PROPERTIES, 0);
    save_and_settle(outbox);
    for (int i = 0; i < 3; i++)
        assert_int_not_equal(take(outbox, 0), 0);
    enum outbox_lane lane = OUTBOX_LANE_COUNT;
    assert_true(outbox_ack(outbox, telemetry, &lane));
    assert_int_equal(lane, LANE_DATA);
    assert_false(outbox_ack(outbox, telemetry, &lane));
    assert_true(outbox_ack(outbox, response, &lane));
    assert_int_equal(lane, LANE_RESPONSES);
    assert_true(outbox_ack(outbox, properties, &lane));
    assert_int_equal(lane, OUTBOX_LANE_COUNT);
    assert_int_equal(outbox_stats(outbox).rows, 0);
    assert_int_equal(outbox_stats(outbox).bytes, 0);
    assert_int_equal(outbox_stats(outbox).in_flight, 0);
    outbox_free(outbox);
}

static void spills_what_is_not_acknowledged_in_time(void **state)
{
    (void)state;
    struct outbox *outbox = outbox_new(1, &spill, 0);
    outbox_connected(outbox, 0);
    int64_t first = push_at(outbox, OUTBOX_TELEMETRY, 0, 1000);
    assert_int_equal(save(outbox, 1000, 1), 0);
    assert_int_equal(take(outbox, 0), first);
    assert_int_equal(save(outbox, 1000 + OUTBOX_SPILL_MS - 1, 1), 0);
    assert_int_equal(save(outbox, 1000 + OUTBOX_SPILL_MS, 1), 1);
    outbox_settled(outbox, 1, true);
    (void)push_at(outbox, OUTBOX_TELEMETRY, 0, 9000);
    (void)push_at(outbox, OUTBOX_RESPONSE, 0, 9000); // always at once
    assert_int_equal(save(outbox, 9000, 2), 1);
    outbox_save_all(outbox);
    assert_int_equal(save(outbox, 9000, 3), 1);
    outbox_free(outbox);
}

static void spills_at_once_when_the_link_is_lost(void **state)
{
    (void)state;
    struct outbox *outbox = outbox_new(1, &spill, 0);
    outbox_connected(outbox, 0);
    (void)push(outbox, OUTBOX_TELEMETRY, 0);
    assert_int_not_equal(take(outbox, 0), 0);
    (void)push(outbox, OUTBOX_TELEMETRY, 0);
    outbox_disconnected(outbox, 0);
    assert_int_equal(save(outbox, 0, 1), 2);
    outbox_settled(outbox, 1, true);
    assert_int_equal(outbox_stats(outbox).rows, 0); // left to the disk
    assert_int_equal(outbox_stats(outbox).dropped, 0);
    outbox_free(outbox);
}

static void keeps_nothing_in_memory_while_the_link_is_down(void **state)
{
    (void)state;
    struct outbox *outbox = outbox_new(1, &always, 0);
    for (int i = 0; i < 10000; i++) {
        assert_int_not_equal(push(outbox, OUTBOX_TELEMETRY, 0), 0);
        save_and_settle(outbox);
    }
    assert_int_equal(outbox_stats(outbox).rows, 0);
    assert_int_equal(outbox_stats(outbox).dropped, 0);
    outbox_free(outbox);
}

static void sends_unsaved_when_the_disk_is_bad(void **state)
{
    (void)state;
    struct outbox *outbox = outbox_new(1, &always, 0);
    outbox_connected(outbox, 0);
    int64_t first = push(outbox, OUTBOX_TELEMETRY, 0);
    int64_t response = push(outbox, OUTBOX_RESPONSE, 0);
    struct outbox_row row;
    assert_true(outbox_find_unsaved(outbox, response, &row));
    assert_int_equal(row.id, response);
    (void)save(outbox, 0, 1);
    assert_false(outbox_find_unsaved(outbox, response, &row));
    outbox_set_disk(outbox, false);
    outbox_settled(outbox, 1, false);
    assert_true(outbox_find_unsaved(outbox, response, &row));
    int64_t second = push(outbox, OUTBOX_TELEMETRY, 0);
    assert_int_equal(save(outbox, 0, 2), 0);
    assert_int_equal(take(outbox, 0), response);
    assert_int_equal(take(outbox, 0), first);
    assert_int_equal(take(outbox, 0), second);
    outbox_set_disk(outbox, true);
    assert_int_equal(save(outbox, 0, 3), 3); // in flight, and now on disk too
    outbox_free(outbox);
}

static void bounds_memory_when_neither_disk_nor_link_take_anything(void **state)
{
    (void)state;
    struct outbox *outbox = outbox_new(1, &always, 0);
    outbox_set_disk(outbox, false);
    for (int i = 0; i < 1000; i++)
        assert_int_not_equal(push(outbox, OUTBOX_TELEMETRY, 0), 0);
    size_t most = always.max_rows * OUTBOX_UNSAVED_TIMES;
    assert_int_equal(outbox_stats(outbox).rows, most);
    assert_int_equal(outbox_stats(outbox).dropped, 1000 - most);
    outbox_connected(outbox, 0);
    assert_int_equal(take(outbox, 0), 1000 - (int64_t)most + 1); // the oldest made way
    int64_t response = push(outbox, OUTBOX_RESPONSE, 0);
    assert_int_not_equal(response, 0);
    outbox_free(outbox);
}

static void waits_for_the_clock_with_all_but_responses(void **state)
{
    (void)state;
    struct outbox *outbox = outbox_new(1, &always, 0);
    outbox_connected(outbox, 0);
    int64_t telemetry = push(outbox, OUTBOX_TELEMETRY, 0);
    int64_t properties = push(outbox, OUTBOX_PROPERTIES, 0);
    int64_t response = push(outbox, OUTBOX_RESPONSE, 0);
    save_and_settle(outbox);
    assert_int_equal(take_with(outbox, 0, &unset, true), response);
    assert_int_equal(take_with(outbox, 0, &unset, true), 0);
    assert_int_equal(take_with(outbox, 0, &set, true), telemetry);
    assert_int_equal(take_with(outbox, 0, &set, true), properties);
    outbox_free(outbox);
}

static void drops_what_was_not_sent_at_once_without_replay(void **state)
{
    (void)state;
    struct outbox *outbox = outbox_new(1, &no_replay, 0);
    assert_int_equal(push(outbox, OUTBOX_TELEMETRY, 0), 0);
    int64_t response = push(outbox, OUTBOX_RESPONSE, 0);
    assert_int_equal(outbox_stats(outbox).dropped, 1);
    outbox_connected(outbox, 0);
    int64_t live = push(outbox, OUTBOX_TELEMETRY, 0);
    assert_int_equal(save(outbox, 0, 1), 1); // the response
    outbox_settled(outbox, 1, true);
    assert_int_equal(take(outbox, 0), response);
    assert_int_equal(take(outbox, 0), live); // without waiting for a disk
    outbox_disconnected(outbox, 0);
    assert_int_equal(outbox_stats(outbox).dropped, 2);
    outbox_connected(outbox, 0);
    struct outbox_wish wish;
    while (outbox_next_wish(outbox, 0, 10, &wish))
        assert_int_equal(wish.lane, LANE_RESPONSES);
    outbox_free(outbox);
}

static void gives_rows_back_in_their_old_place(void **state)
{
    (void)state;
    struct outbox *outbox = outbox_new(2, &always, 0);
    outbox_connected(outbox, 0);
    int64_t ids[4];
    for (size_t i = 0; i < ARRAY_LENGTH(ids); i++)
        ids[i] = push(outbox, OUTBOX_TELEMETRY, 0);
    save_and_settle(outbox);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(take(outbox, 0), ids[i]);
    assert_int_equal(take(outbox, 1), 0);
    assert_int_equal(outbox_in_flight(outbox, 0), 3);
    assert_true(ack(outbox, ids[1]));
    assert_true(outbox_release(outbox, ids[2]));
    assert_false(outbox_release(outbox, ids[2]));
    assert_true(outbox_release(outbox, ids[0]));
    assert_int_equal(take(outbox, 0), ids[0]);
    assert_int_equal(take(outbox, 0), ids[2]);
    assert_int_equal(take(outbox, 0), ids[3]);
    outbox_free(outbox);
}

static void load_one(struct outbox *outbox, const struct outbox_wish *wish, int64_t id)
{
    struct outbox_message message = {
        .kind = wish->lane == LANE_RESPONSES ? OUTBOX_RESPONSE : OUTBOX_TELEMETRY,
        .connection = wish->connection,
        .topic = mem_copy_text("topic"),
        .payload = mem_copy_text("{}"),
    };
    outbox_load(outbox, wish, id, &message);
}

static void sends_live_rows_before_the_backlog(void **state)
{
    (void)state;
    struct outbox *outbox = outbox_new(1, &always, 100);
    outbox_connected(outbox, 0);
    int64_t live = push(outbox, OUTBOX_TELEMETRY, 0);
    save_and_settle(outbox);
    struct outbox_wish wishes[2];
    assert_true(outbox_next_wish(outbox, 0, 10, &wishes[0]));
    assert_true(outbox_next_wish(outbox, 0, 10, &wishes[1]));
    assert_false(outbox_next_wish(outbox, 0, 10, &wishes[1]));
    assert_int_equal(wishes[0].lane, LANE_RESPONSES);
    assert_int_equal(wishes[1].before, live);
    load_one(outbox, &wishes[1], 3);
    load_one(outbox, &wishes[1], 5);
    outbox_loaded(outbox, &wishes[1], 5, true);
    load_one(outbox, &wishes[0], 4);
    outbox_loaded(outbox, &wishes[0], 4, true);
    assert_int_equal(take_with(outbox, 0, &set, false), 4); // a response
    assert_int_equal(take_with(outbox, 0, &set, false), live);
    assert_int_equal(take_with(outbox, 0, &set, false), 0);
    assert_int_equal(outbox_replaying(outbox, 0), 0);
    assert_true(outbox_has_backlog(outbox, 0));
    assert_int_equal(take_with(outbox, 0, &set, true), 3);
    assert_int_equal(outbox_replaying(outbox, 0), 1);
    assert_false(outbox_next_wish(outbox, 0, 10, &wishes[0])); // there is no more
    outbox_free(outbox);
}

static void tells_the_time_of_the_oldest_row(void **state)
{
    (void)state;
    struct outbox *outbox = outbox_new(2, &spill, 0);
    assert_int_equal(outbox_stats(outbox).oldest.kind, STAMP_NONE);
    outbox_connected(outbox, 0);
    outbox_connected(outbox, 1);
    (void)push_at(outbox, OUTBOX_RESPONSE, 0, 500); // without a time
    assert_int_equal(outbox_stats(outbox).oldest.kind, STAMP_NONE);
    int64_t first = push_at(outbox, OUTBOX_TELEMETRY, 1, 1000);
    (void)push_at(outbox, OUTBOX_LOG, 0, 2000);
    assert_int_equal(take(outbox, 1), first); // in flight, it counts all the same
    assert_int_equal(outbox_stats(outbox).oldest.kind, STAMP_PRESENT);
    assert_int_equal(outbox_stats(outbox).oldest.ms, 1000);
    assert_true(ack(outbox, first));
    assert_int_equal(outbox_stats(outbox).oldest.ms, 2000);
    outbox_free(outbox);
}

static void ignores_answers_to_an_earlier_connection(void **state)
{
    (void)state;
    struct outbox *outbox = outbox_new(1, &always, 100);
    outbox_connected(outbox, 0);
    struct outbox_wish old;
    assert_true(outbox_next_wish(outbox, 0, 10, &old));
    outbox_disconnected(outbox, 0);
    outbox_connected(outbox, 0);
    load_one(outbox, &old, 3);
    outbox_loaded(outbox, &old, 3, true);
    assert_int_equal(take(outbox, 0), 0);
    struct outbox_wish again;
    assert_true(outbox_next_wish(outbox, 0, 10, &again));
    assert_int_equal(again.after, 0);
    outbox_free(outbox);
}

static void takes_connections_that_come_later(void **state)
{
    (void)state;
    struct outbox *outbox = outbox_new(1, &always, 0);
    outbox_connected(outbox, 0);
    int64_t first = push(outbox, OUTBOX_TELEMETRY, 0);
    outbox_widen(outbox, 3);
    outbox_widen(outbox, 2); // there are more already
    int64_t second = push(outbox, OUTBOX_TELEMETRY, 2);
    outbox_connected(outbox, 2);
    save_and_settle(outbox);
    assert_int_equal(take(outbox, 2), second);
    assert_int_equal(take(outbox, 0), first);
    assert_int_equal(take(outbox, 1), 0);
    outbox_free(outbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_nothing_before_it_is_saved),
        cmocka_unit_test(takes_connections_that_come_later),
        cmocka_unit_test(says_where_an_acknowledged_row_is),
        cmocka_unit_test(spills_what_is_not_acknowledged_in_time),
        cmocka_unit_test(spills_at_once_when_the_link_is_lost),
        cmocka_unit_test(keeps_nothing_in_memory_while_the_link_is_down),
        cmocka_unit_test(sends_unsaved_when_the_disk_is_bad),
        cmocka_unit_test(bounds_memory_when_neither_disk_nor_link_take_anything),
        cmocka_unit_test(waits_for_the_clock_with_all_but_responses),
        cmocka_unit_test(drops_what_was_not_sent_at_once_without_replay),
        cmocka_unit_test(gives_rows_back_in_their_old_place),
        cmocka_unit_test(sends_live_rows_before_the_backlog),
        cmocka_unit_test(tells_the_time_of_the_oldest_row),
        cmocka_unit_test(ignores_answers_to_an_earlier_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
