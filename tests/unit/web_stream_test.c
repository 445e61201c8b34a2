// SPDX-License-Identifier: MIT
#include "web/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "web/visitors.h"

static void publish(struct broadcast *broadcast, const char *text)
{
    shared_text_unref(broadcast->latest);
    broadcast->latest = shared_text_new(mem_copy_text(text), strlen(text));
    broadcast->count++;
}

// What a client is given next, at most `size` bytes of it.
static const char *next(struct stream *stream, const struct broadcast *broadcast, size_t size,
                        int64_t now_ms)
{
    static char text[64];
    size_t length = stream_read(stream, broadcast, text, size, now_ms);
    text[length] = '\0';
    return text;
}

static void everybody_gets_every_event_once(void **state)
{
    (void)state;
    struct broadcast broadcast = {0};
    struct stream stream = {0};
    assert_string_equal(next(&stream, &broadcast, 60, 0), "");
    publish(&broadcast, "first");
    assert_string_equal(next(&stream, &broadcast, 60, 0), "first");
    assert_string_equal(next(&stream, &broadcast, 60, 0), "");
    publish(&broadcast, "second");
    struct stream late = {0};
    assert_string_equal(next(&stream, &broadcast, 60, 0), "second");
    assert_string_equal(next(&late, &broadcast, 60, 0), "second");
    stream_done(&stream);
    stream_done(&late);
    shared_text_unref(broadcast.latest);
}

static void a_slow_one_misses_events_and_never_half_of_one(void **state)
{
    (void)state;
    struct broadcast broadcast = {0};
    struct stream stream = {0};
    publish(&broadcast, "abcdef");
    assert_string_equal(next(&stream, &broadcast, 4, 0), "abcd");
    publish(&broadcast, "missed");
    publish(&broadcast, "latest");
    assert_string_equal(next(&stream, &broadcast, 4, 0), "ef");
    assert_string_equal(next(&stream, &broadcast, 4, 0), "late");
    assert_string_equal(next(&stream, &broadcast, 4, 0), "st");
    assert_string_equal(next(&stream, &broadcast, 4, 0), "");
    stream_done(&stream);
    shared_text_unref(broadcast.latest);
}

static void one_that_does_not_read_is_stuck(void **state)
{
    (void)state;
    struct broadcast broadcast = {0};
    struct stream stream = {0};
    publish(&broadcast, "abcdef");
    assert_false(stream_is_stuck(&stream, 100000));
    (void)next(&stream, &broadcast, 4, 1000);
    assert_false(stream_is_stuck(&stream, 1000 + STREAM_PATIENCE_MS));
    assert_true(stream_is_stuck(&stream, 1001 + STREAM_PATIENCE_MS));
    (void)next(&stream, &broadcast, 4, 1000);
    assert_false(stream_is_stuck(&stream, 1001 + STREAM_PATIENCE_MS));
    stream_done(&stream);
    shared_text_unref(broadcast.latest);
}

static void slow_visitors_have_had_their_time(void **state)
{
    (void)state;
    static struct visitors visitors;
    size_t index = 0;
    struct visitor *asks = visitors_come(&visitors, 10, 0);
    struct visitor *told = visitors_come(&visitors, 11, 0);
    struct visitor *watches = visitors_come(&visitors, 12, 0);
    struct visitor *waits = visitors_come(&visitors, 13, 0);
    visitor_set(told, VISITOR_IS_TOLD, 5000);
    visitor_set(watches, VISITOR_WATCHES, 0);
    visitor_set(waits, VISITOR_WAITS, 0);
    assert_null(visitors_next_overdue(&visitors, &index, VISITOR_REQUEST_MS));
    index = 0;
    assert_ptr_equal(visitors_next_overdue(&visitors, &index, VISITOR_REQUEST_MS + 1), asks);
    assert_null(visitors_next_overdue(&visitors, &index, VISITOR_REQUEST_MS + 1));
    visitor_set(asks, VISITOR_GONE, 0);
    index = 0;
    assert_ptr_equal(visitors_next_overdue(&visitors, &index, 5001 + VISITOR_ANSWER_MS), told);
    assert_null(visitors_next_overdue(&visitors, &index, 5001 + VISITOR_ANSWER_MS));
    assert_ptr_equal(visitors_come(&visitors, 14, 0), asks); // its place is free again
}

static void there_are_only_so_many_places(void **state)
{
    (void)state;
    static struct visitors visitors;
    for (int i = 0; i < VISITORS_MAX; i++)
        assert_non_null(visitors_come(&visitors, i, 0));
    assert_null(visitors_come(&visitors, VISITORS_MAX, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_gets_every_event_once),
        cmocka_unit_test(a_slow_one_misses_events_and_never_half_of_one),
        cmocka_unit_test(one_that_does_not_read_is_stuck),
        cmocka_unit_test(slow_visitors_have_had_their_time),
        cmocka_unit_test(there_are_only_so_many_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
