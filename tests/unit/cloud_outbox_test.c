// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "cloud/outbox.h"

static const struct outbox_limits roomy = {.max_rows = 100, .max_bytes = 10000};

// A row of 10 bytes.
static int64_t push(struct outbox *outbox, enum outbox_kind kind, int connection)
{
    struct outbox_message message = {
        .kind = kind,
        .connection = connection,
        .topic = mem_copy_text("topic"),
        .payload = mem_copy_text("12345"),
    };
    return outbox_push(outbox, &message);
}

static int64_t take(struct outbox *outbox, int connection)
{
    struct outbox_row row = {0};
    return outbox_take_next(outbox, connection, &row) ? row.id : 0;
}

static void sends_responses_first_then_the_oldest(void **state)
{
    (void)state;
    struct outbox *outbox = outbox_new(1, &roomy);
    int64_t telemetry = push(outbox, OUTBOX_TELEMETRY, 0);
    int64_t properties = push(outbox, OUTBOX_PROPERTIES, 0);
    int64_t later = push(outbox, OUTBOX_TELEMETRY, 0);
    int64_t log = push(outbox, OUTBOX_LOG, 0);
    int64_t response = push(outbox, OUTBOX_RESPONSE, 0);
    assert_int_equal(take(outbox, 0), response);
    assert_int_equal(take(outbox, 0), telemetry);
    assert_int_equal(take(outbox, 0), properties);
    assert_int_equal(take(outbox, 0), later);
    assert_int_equal(take(outbox, 0), log);
    assert_int_equal(take(outbox, 0), 0);
    assert_int_equal(outbox_in_flight(outbox, 0), 5);
    outbox_free(outbox);
}

static void shows_the_row_as_it_was_pushed(void **state)
{
    (void)state;
    struct outbox *outbox = outbox_new(1, &roomy);
    int64_t id = push(outbox, OUTBOX_LOG, 0);
    struct outbox_row row;
    assert_true(outbox_take_next(outbox, 0, &row));
    assert_int_equal(row.id, id);
    assert_int_equal(row.kind, OUTBOX_LOG);
    assert_string_equal(row.topic, "topic");
    assert_string_equal(row.payload, "12345");
    outbox_free(outbox);
}

static void keeps_connections_apart(void **state)
{
    (void)state;
    struct outbox *outbox = outbox_new(2, &roomy);
    int64_t here = push(outbox, OUTBOX_TELEMETRY, 0);
    int64_t there = push(outbox, OUTBOX_TELEMETRY, 1);
    assert_int_equal(take(outbox, 1), there);
    assert_int_equal(take(outbox, 1), 0);
    assert_int_equal(take(outbox, 0), here);
    assert_int_equal(outbox_release_in_flight(outbox, 1), 1);
    assert_int_equal(outbox_in_flight(outbox, 0), 1);
    assert_int_equal(outbox_in_flight(outbox, 1), 0);
    outbox_free(outbox);
}

static void keeps_a_row_until_it_is_acknowledged(void **state)
{
    (void)state;
    struct outbox *outbox = outbox_new(1, &roomy);
    int64_t id = push(outbox, OUTBOX_TELEMETRY, 0);
    assert_false(outbox_ack(outbox, id));
    assert_int_equal(take(outbox, 0), id);
    assert_int_equal(outbox_stats(outbox).rows, 1);
    assert_int_equal(outbox_stats(outbox).bytes, 10);
    assert_true(outbox_ack(outbox, id));
    assert_false(outbox_ack(outbox, id));
    assert_int_equal(outbox_stats(outbox).rows, 0);
    assert_int_equal(outbox_stats(outbox).bytes, 0);
    assert_int_equal(outbox_stats(outbox).in_flight, 0);
    outbox_free(outbox);
}

static void gives_rows_back_in_their_old_place(void **state)
{
    (void)state;
    struct outbox *outbox = outbox_new(1, &roomy);
    int64_t ids[4];
    for (size_t i = 0; i < ARRAY_LENGTH(ids); i++)
        ids[i] = push(outbox, OUTBOX_TELEMETRY, 0);
    assert_int_equal(take(outbox, 0), ids[0]);
    assert_int_equal(take(outbox, 0), ids[1]);
    assert_int_equal(take(outbox, 0), ids[2]);
    assert_true(outbox_ack(outbox, ids[1]));
    assert_true(outbox_release(outbox, ids[2]));
    assert_false(outbox_release(outbox, ids[2]));
    assert_int_equal(outbox_release_in_flight(outbox, 0), 1);
    assert_int_equal(outbox_release_in_flight(outbox, 0), 0);
    assert_int_equal(take(outbox, 0), ids[0]);
    assert_int_equal(take(outbox, 0), ids[2]);
    assert_int_equal(take(outbox, 0), ids[3]);
    outbox_free(outbox);
}

static void drops_the_oldest_telemetry_of_all_connections(void **state)
{
    (void)state;
    static const struct outbox_limits limits = {.max_rows = 3, .max_bytes = 1000};
    struct outbox *outbox = outbox_new(2, &limits);
    int64_t properties = push(outbox, OUTBOX_PROPERTIES, 0);
    (void)push(outbox, OUTBOX_TELEMETRY, 1);
    int64_t kept = push(outbox, OUTBOX_TELEMETRY, 0);
    int64_t newest = push(outbox, OUTBOX_TELEMETRY, 1);
    assert_int_equal(outbox_stats(outbox).dropped, 1);
    assert_int_equal(outbox_stats(outbox).rows, 3);
    assert_int_equal(take(outbox, 0), properties);
    assert_int_equal(take(outbox, 0), kept);
    assert_int_equal(take(outbox, 1), newest);
    outbox_free(outbox);
}

static void bounds_bytes(void **state)
{
    (void)state;
    static const struct outbox_limits limits = {.max_rows = 100, .max_bytes = 25};
    struct outbox *outbox = outbox_new(1, &limits);
    (void)push(outbox, OUTBOX_TELEMETRY, 0);
    int64_t second = push(outbox, OUTBOX_TELEMETRY, 0);
    (void)push(outbox, OUTBOX_TELEMETRY, 0);
    assert_int_equal(outbox_stats(outbox).bytes, 20);
    assert_int_equal(outbox_stats(outbox).dropped, 1);
    assert_int_equal(take(outbox, 0), second);
    outbox_free(outbox);
}

static void never_drops_responses_or_rows_in_flight(void **state)
{
    (void)state;
    static const struct outbox_limits limits = {.max_rows = 2, .max_bytes = 1000};
    struct outbox *outbox = outbox_new(1, &limits);
    int64_t sent = push(outbox, OUTBOX_TELEMETRY, 0);
    assert_int_equal(take(outbox, 0), sent);
    int64_t first = push(outbox, OUTBOX_RESPONSE, 0);
    int64_t second = push(outbox, OUTBOX_RESPONSE, 0);
    assert_int_equal(push(outbox, OUTBOX_TELEMETRY, 0), 0);
    assert_int_equal(outbox_stats(outbox).rows, 3);
    assert_int_equal(outbox_stats(outbox).dropped, 1);
    assert_int_equal(take(outbox, 0), first);
    assert_int_equal(take(outbox, 0), second);
    assert_true(outbox_ack(outbox, sent));
    outbox_free(outbox);
}

static void drops_logs_then_properties_when_telemetry_is_gone(void **state)
{
    (void)state;
    static const struct outbox_limits limits = {.max_rows = 2, .max_bytes = 1000};
    struct outbox *outbox = outbox_new(1, &limits);
    int64_t properties = push(outbox, OUTBOX_PROPERTIES, 0);
    (void)push(outbox, OUTBOX_LOG, 0);
    int64_t response = push(outbox, OUTBOX_RESPONSE, 0);
    assert_int_equal(take(outbox, 0), response);
    assert_int_equal(take(outbox, 0), properties);
    assert_int_equal(take(outbox, 0), 0);
    outbox_free(outbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_responses_first_then_the_oldest),
        cmocka_unit_test(shows_the_row_as_it_was_pushed),
        cmocka_unit_test(keeps_connections_apart),
        cmocka_unit_test(keeps_a_row_until_it_is_acknowledged),
        cmocka_unit_test(gives_rows_back_in_their_old_place),
        cmocka_unit_test(drops_the_oldest_telemetry_of_all_connections),
        cmocka_unit_test(bounds_bytes),
        cmocka_unit_test(never_drops_responses_or_rows_in_flight),
        cmocka_unit_test(drops_logs_then_properties_when_telemetry_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
