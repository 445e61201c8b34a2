// SPDX-License-Identifier: MIT
// What the outbox does when memory is short: what leaves it, in which order, and what comes
// back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "cloud/outbox.h"

static const struct stamp_clock set = {.is_set = true};

static struct outbox *new_outbox(size_t max_rows, size_t max_bytes)
{
    struct outbox_policy policy = {
        .save_first = true, .replay = true, .max_rows = max_rows, .max_bytes = max_bytes};
    struct outbox *outbox = outbox_new(1, &policy, 100);
    outbox_connected(outbox, 0);
    return outbox;
}

static struct outbox_message message_of(enum outbox_kind kind, const char *topic,
                                        const char *payload)
{
    return (struct outbox_message){
        .kind = kind,
        .stamp = {kind == OUTBOX_RESPONSE ? STAMP_NONE : STAMP_PRESENT, 0},
        .topic = mem_copy_text(topic),
        .payload = mem_copy_text(payload),
    };
}

static int64_t push(struct outbox *outbox, enum outbox_kind kind)
{
    struct outbox_message message = message_of(kind, "topic", "{}");
    return outbox_push(outbox, &message, 0);
}

static int64_t push_saved(struct outbox *outbox, enum outbox_kind kind)
{
    static uint64_t ticket;
    int64_t id = push(outbox, kind);
    outbox_saving(outbox, id, ++ticket);
    outbox_settled(outbox, ticket, true);
    return id;
}

static int64_t take(struct outbox *outbox)
{
    struct outbox_row row = {0};
    bool was_replayed = false;
    struct outbox_gate gate = {&set, true};
    return outbox_take_next(outbox, 0, &gate, &row, &was_replayed) ? row.id : 0;
}

// The wish for telemetry and logs; the one for responses is fulfilled: there are none.
static struct outbox_wish wish_for_data(struct outbox *outbox)
{
    struct outbox_wish wish = {0};
    do {
        assert_true(outbox_next_wish(outbox, 0, 10, &wish));
        if (wish.lane == LANE_RESPONSES)
            outbox_loaded(outbox, &wish, 0, true);
    } while (wish.lane == LANE_RESPONSES);
    return wish;
}

static size_t bytes_of(const char *topic, const char *payload)
{
    struct outbox *outbox = new_outbox(10, 100000);
    struct outbox_message message = message_of(OUTBOX_TELEMETRY, topic, payload);
    (void)outbox_push(outbox, &message, 0);
    size_t bytes = outbox_stats(outbox).bytes;
    outbox_free(outbox);
    return bytes;
}

static void counts_what_a_row_takes(void **state)
{
    (void)state;
    assert_int_equal(bytes_of("topic+", "{}"), bytes_of("topic", "{}") + 1);
    assert_int_equal(bytes_of("topic", "{   }"), bytes_of("topic", "{}") + 3);
    assert_true(bytes_of("", "") >= sizeof(struct outbox_row)); // what it is kept in
}

static void bounds_bytes_as_well_as_rows(void **state)
{
    (void)state;
    size_t bytes = bytes_of("topic", "{}");
    for (size_t less = 0; less < 2; less++) {
        struct outbox *outbox = new_outbox(1000, 10 * bytes - less);
        outbox_set_disk(outbox, false);
        for (int i = 0; i < 200; i++)
            assert_int_not_equal(push(outbox, OUTBOX_TELEMETRY), 0);
        size_t most = 10 * OUTBOX_UNSAVED_TIMES - less;
        assert_int_equal(outbox_stats(outbox).rows, most);
        assert_int_equal(outbox_stats(outbox).bytes, most * bytes);
        assert_int_equal(outbox_stats(outbox).dropped, 200 - most);
        outbox_free(outbox);
    }
}

static void drops_telemetry_before_logs_before_properties(void **state)
{
    (void)state;
    struct outbox *outbox = new_outbox(1, 100000);
    outbox_set_disk(outbox, false);
    int64_t properties = push(outbox, OUTBOX_PROPERTIES);
    int64_t log = push(outbox, OUTBOX_LOG);
    for (size_t i = 2; i < OUTBOX_UNSAVED_TIMES; i++)
        assert_int_not_equal(push(outbox, OUTBOX_TELEMETRY), 0);
    for (size_t i = 2; i < OUTBOX_UNSAVED_TIMES; i++) { // each takes the place of one
        assert_int_not_equal(push(outbox, OUTBOX_RESPONSE), 0);
        assert_int_equal(outbox_stats(outbox).rows, OUTBOX_UNSAVED_TIMES);
        assert_int_equal(outbox_stats(outbox).dropped, i - 1);
    }
    struct outbox_row row;
    assert_true(outbox_find_unsaved(outbox, log, &row));
    assert_int_not_equal(push(outbox, OUTBOX_RESPONSE), 0);
    assert_false(outbox_find_unsaved(outbox, log, &row));
    assert_int_equal(take(outbox), properties);
    assert_int_equal(push(outbox, OUTBOX_TELEMETRY), 0); // nothing is left that could make way
    uint64_t dropped = outbox_stats(outbox).dropped;
    assert_int_equal(push(outbox, OUTBOX_PROPERTIES), 0);
    assert_int_equal(outbox_stats(outbox).dropped, dropped); // sent anew, not lost
    assert_int_not_equal(push(outbox, OUTBOX_RESPONSE), 0);
    outbox_free(outbox);
}

static void leaves_the_oldest_saved_rows_to_the_disk(void **state)
{
    (void)state;
    struct outbox *outbox = new_outbox(3, 100000);
    struct outbox_wish wish = wish_for_data(outbox);
    assert_int_equal(wish.before, 101); // nothing is live
    outbox_loaded(outbox, &wish, 0, true);
    int64_t first = push_saved(outbox, OUTBOX_TELEMETRY);
    (void)push_saved(outbox, OUTBOX_TELEMETRY);
    int64_t third = push_saved(outbox, OUTBOX_TELEMETRY);
    assert_true(outbox_stats(outbox).is_all);
    (void)push_saved(outbox, OUTBOX_TELEMETRY);
    (void)push_saved(outbox, OUTBOX_TELEMETRY);
    assert_int_equal(outbox_stats(outbox).rows, 3);
    assert_int_equal(outbox_stats(outbox).dropped, 0);
    assert_false(outbox_stats(outbox).is_all);
    wish = wish_for_data(outbox);
    assert_true(wish.after < first);
    assert_int_equal(wish.before, third);
    outbox_free(outbox);
}

// A row in flight that was given back after the disk was read past it.
static void asks_again_for_a_row_left_to_the_disk_behind_what_was_read(void **state)
{
    (void)state;
    struct outbox *outbox = new_outbox(2, 100000);
    int64_t first = push_saved(outbox, OUTBOX_TELEMETRY);
    int64_t second = push_saved(outbox, OUTBOX_TELEMETRY);
    assert_int_equal(take(outbox), first);
    assert_int_equal(take(outbox), second);
    struct outbox_wish wish = wish_for_data(outbox);
    outbox_loaded(outbox, &wish, second, true);
    assert_true(outbox_release(outbox, second));
    (void)push(outbox, OUTBOX_TELEMETRY);
    wish = wish_for_data(outbox);
    assert_int_equal(wish.after, second - 1);
    outbox_free(outbox);
}

static void asks_again_for_a_row_left_to_the_disk_while_it_is_read(void **state)
{
    (void)state;
    struct outbox *outbox = new_outbox(2, 100000);
    int64_t first = push_saved(outbox, OUTBOX_TELEMETRY);
    int64_t second = push_saved(outbox, OUTBOX_TELEMETRY);
    assert_int_equal(take(outbox), first);
    assert_int_equal(take(outbox), second);
    struct outbox_wish wish = wish_for_data(outbox);
    assert_true(outbox_release(outbox, second));
    (void)push(outbox, OUTBOX_TELEMETRY); // the second leaves memory while the disk is read
    outbox_loaded(outbox, &wish, second, true);
    assert_false(outbox_stats(outbox).is_all);
    wish = wish_for_data(outbox);
    assert_int_equal(wish.after, second - 1);
    outbox_free(outbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_what_a_row_takes),
        cmocka_unit_test(bounds_bytes_as_well_as_rows),
        cmocka_unit_test(drops_telemetry_before_logs_before_properties),
        cmocka_unit_test(leaves_the_oldest_saved_rows_to_the_disk),
        cmocka_unit_test(asks_again_for_a_row_left_to_the_disk_behind_what_was_read),
        cmocka_unit_test(asks_again_for_a_row_left_to_the_disk_while_it_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
