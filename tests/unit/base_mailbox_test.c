// SPDX-License-Identifier: MIT
#include "base/mailbox.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/mem.h"

static bool is_ready(const struct mailbox *mailbox)
{
    struct pollfd descriptor = {.fd = mailbox_descriptor(mailbox), .events = POLLIN};
    return poll(&descriptor, 1, 0) == 1;
}

static void post_readings(struct mailbox *mailbox, int first, int last)
{
    for (int i = first; i <= last; i++)
        mailbox_post_reading(mailbox, &i);
}

static void expect(struct mailbox *mailbox, const int *expected, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int message = -1;
        assert_true(mailbox_take(mailbox, &message));
        assert_int_equal(message, expected[i]);
    }
    int untouched = -7;
    assert_false(mailbox_take(mailbox, &untouched));
    assert_int_equal(untouched, -7);
}

static void keeps_the_order_of_both_kinds(void **state)
{
    (void)state;
    struct mailbox *mailbox = mailbox_new(sizeof(int), 4, 4);
    assert_non_null(mailbox);
    for (int round = 0; round < 5; round++) { // the rings wrap
        post_readings(mailbox, 1, 1);
        assert_true(mailbox_post(mailbox, &(int){2}));
        post_readings(mailbox, 3, 4);
        assert_true(mailbox_post(mailbox, &(int){5}));
        expect(mailbox, (int[]){1, 2, 3, 4, 5}, 5);
    }
    assert_int_equal(mailbox_displaced(mailbox), 0);
    mailbox_free(mailbox);
    mailbox_free(NULL);
}

// Room is taken when it is needed, while the queue begins anywhere in it.
static void keeps_the_order_while_it_grows(void **state)
{
    (void)state;
    enum { ROOM = 100 };
    for (int ahead = 0; ahead < 9; ahead++) {
        struct mailbox *mailbox = mailbox_new(sizeof(int), ROOM, ROOM);
        int next = 0;
        for (int i = 0; i < ahead; i++) { // moves the beginning
            mailbox_post_reading(mailbox, &i);
            assert_true(mailbox_take(mailbox, &next));
            assert_true(mailbox_post(mailbox, &i));
            assert_true(mailbox_take(mailbox, &next));
        }
        for (int i = 0; i < 2 * ROOM; i++) {
            if (i % 2)
                mailbox_post_reading(mailbox, &i);
            else
                assert_true(mailbox_post(mailbox, &i));
        }
        int more = 0;
        assert_false(mailbox_post(mailbox, &more));
        for (int i = 0; i < 2 * ROOM; i++) {
            assert_true(mailbox_take(mailbox, &next));
            assert_int_equal(next, i);
        }
        assert_false(mailbox_take(mailbox, &next));
        assert_int_equal(mailbox_displaced(mailbox), 0);
        mailbox_free(mailbox);
    }
}

static void displaces_the_oldest_reading_only(void **state)
{
    (void)state;
    struct mailbox *mailbox = mailbox_new(sizeof(int), 3, 2);
    assert_true(mailbox_post(mailbox, &(int){100}));
    post_readings(mailbox, 1, 10);
    assert_true(mailbox_post(mailbox, &(int){101}));
    assert_false(mailbox_post(mailbox, &(int){102}));
    assert_int_equal(mailbox_displaced(mailbox), 7);
    expect(mailbox, (int[]){100, 8, 9, 10, 101}, 5);
    mailbox_free(mailbox);
}

static void is_readable_while_there_is_something(void **state)
{
    (void)state;
    static const size_t rooms[] = {1, 2, 3};
    for (size_t i = 0; i < ARRAY_LENGTH(rooms); i++) {
        struct mailbox *mailbox = mailbox_new(sizeof(int), rooms[i], 1);
        int message = 0;
        assert_false(is_ready(mailbox));
        post_readings(mailbox, 1, 9); // displacing keeps it ready, once
        assert_true(is_ready(mailbox));
        for (size_t left = rooms[i]; left > 0; left--) {
            assert_true(is_ready(mailbox));
            assert_true(mailbox_take(mailbox, &message));
        }
        assert_false(is_ready(mailbox));
        assert_false(mailbox_take(mailbox, &message));
        assert_true(mailbox_post(mailbox, &message));
        assert_true(is_ready(mailbox));
        assert_true(mailbox_take(mailbox, &message));
        assert_false(is_ready(mailbox));
        mailbox_free(mailbox);
    }
}

// A taker that looks again by itself is woken only for what cannot wait so long.
static void wakes_nobody_for_what_can_wait(void **state)
{
    (void)state;
    int message = 0;
    struct mailbox *mailbox = mailbox_new(sizeof(int), 80, 80);
    mailbox_look_at(mailbox, 1000);
    mailbox_post_reading_by(mailbox, &message, 1000);
    assert_true(mailbox_post_by(mailbox, &message, 1500));
    assert_false(is_ready(mailbox));
    mailbox_post_reading_by(mailbox, &message, 999);
    assert_true(is_ready(mailbox));
    for (int left = 3; left > 0; left--) {
        assert_true(is_ready(mailbox)); // until all of it was taken
        assert_true(mailbox_take(mailbox, &message));
    }
    assert_false(is_ready(mailbox));
    assert_true(mailbox_post(mailbox, &message)); // at once
    assert_true(is_ready(mailbox));
    mailbox_free(mailbox);
}

// It posted between the last take and the promise: the old promise does not count any more.
static void wakes_a_taker_that_would_look_too_late(void **state)
{
    (void)state;
    int message = 0;
    struct mailbox *mailbox = mailbox_new(sizeof(int), 80, 80);
    mailbox_look_at(mailbox, 1000);
    mailbox_post_reading_by(mailbox, &message, 1500);
    assert_false(is_ready(mailbox));
    mailbox_look_at(mailbox, 1500);
    assert_false(is_ready(mailbox));
    mailbox_look_at(mailbox, 60000);
    assert_true(is_ready(mailbox));
    assert_true(mailbox_take(mailbox, &message));
    assert_false(is_ready(mailbox));
    mailbox_look_at(mailbox, INT64_MAX); // there is nothing
    assert_false(is_ready(mailbox));
    assert_true(mailbox_post_by(mailbox, &message, INT64_MAX - 1));
    assert_true(is_ready(mailbox));
    mailbox_free(mailbox);
}

// Not even a taker that never looks by itself; what has a date wakes it for both.
static void wakes_nobody_for_what_never_matters(void **state)
{
    struct mailbox *mailbox = mailbox_new(sizeof(int), 0, 10);
    int message = 1;
    (void)state;
    mailbox_look_at(mailbox, INT64_MAX);
    assert_true(mailbox_post_by(mailbox, &message, MAILBOX_NEVER));
    assert_false(is_ready(mailbox));
    mailbox_look_at(mailbox, INT64_MAX);
    assert_false(is_ready(mailbox));
    assert_true(mailbox_post_by(mailbox, &message, 1000));
    assert_true(is_ready(mailbox));
    assert_true(mailbox_take(mailbox, &message));
    assert_true(is_ready(mailbox));
    assert_true(mailbox_take(mailbox, &message));
    assert_false(is_ready(mailbox));
    mailbox_free(mailbox);
}

static void wakes_when_what_can_wait_becomes_much(void **state)
{
    (void)state;
    enum { ROOM = 80, CROWD = 10 };
    for (int is_sure = 0; is_sure <= 1; is_sure++) {
        struct mailbox *mailbox = mailbox_new(sizeof(int), ROOM, ROOM);
        mailbox_look_at(mailbox, 1000);
        for (int i = 1; i <= CROWD; i++) {
            assert_false(is_ready(mailbox));
            if (is_sure)
                assert_true(mailbox_post_by(mailbox, &i, 5000));
            else
                mailbox_post_reading_by(mailbox, &i, 5000);
        }
        assert_true(is_ready(mailbox));
        mailbox_free(mailbox);
    }
}

static void works_without_room(void **state)
{
    (void)state;
    struct mailbox *mailbox = mailbox_new(sizeof(int), 0, 0);
    post_readings(mailbox, 1, 2);
    assert_false(mailbox_post(mailbox, &(int){3}));
    assert_false(is_ready(mailbox));
    assert_int_equal(mailbox_displaced(mailbox), 2);
    mailbox_free(mailbox);
}

enum { WRITERS = 3, SURE = 2000, READINGS = 2000 };

struct parcel {
    int writer;
    bool is_sure;
    int number;
};

struct writer {
    struct mailbox *mailbox;
    int writer;
};

static void *write_parcels(void *context)
{
    const struct writer *writer = context;
    for (int i = 0; i < SURE; i++) {
        struct parcel reading = {writer->writer, false, i};
        struct parcel sure = {writer->writer, true, i};
        mailbox_post_reading_by(writer->mailbox, &reading, i % 2 ? MAILBOX_AT_ONCE : INT64_MAX);
        while (!mailbox_post(writer->mailbox, &sure))
            (void)sched_yield();
    }
    return NULL;
}

// Every sure message arrives once and in the order of its writer; readings arrive in order or
// are counted as displaced.
static void serves_three_writers(void **state)
{
    (void)state;
    struct mailbox *mailbox = mailbox_new(sizeof(struct parcel), 16, 8);
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    int next_sure[WRITERS] = {0};
    int next_reading[WRITERS] = {0};
    int sure_taken = 0;
    uint64_t readings_taken = 0;
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){mailbox, i};
        assert_int_equal(pthread_create(&threads[i], NULL, write_parcels, &writers[i]), 0);
    }
    while (sure_taken < WRITERS * SURE) {
        struct pollfd descriptor = {.fd = mailbox_descriptor(mailbox), .events = POLLIN};
        struct parcel parcel;
        assert_int_equal(poll(&descriptor, 1, 20000), 1); // a lost wake-up ends here
        while (mailbox_take(mailbox, &parcel)) {
            int *next = parcel.is_sure ? next_sure : next_reading;
            if (parcel.is_sure)
                assert_int_equal(parcel.number, next[parcel.writer]);
            assert_true(parcel.number >= next[parcel.writer]);
            next[parcel.writer] = parcel.number + 1;
            sure_taken += parcel.is_sure;
            readings_taken += !parcel.is_sure;
        }
    }
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_false(is_ready(mailbox));
    assert_int_equal(readings_taken + mailbox_displaced(mailbox), WRITERS * READINGS);
    mailbox_free(mailbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_order_of_both_kinds),
        cmocka_unit_test(keeps_the_order_while_it_grows),
        cmocka_unit_test(displaces_the_oldest_reading_only),
        cmocka_unit_test(is_readable_while_there_is_something),
        cmocka_unit_test(wakes_nobody_for_what_can_wait),
        cmocka_unit_test(wakes_a_taker_that_would_look_too_late),
        cmocka_unit_test(wakes_nobody_for_what_never_matters),
        cmocka_unit_test(wakes_when_what_can_wait_becomes_much),
        cmocka_unit_test(works_without_room),
        cmocka_unit_test(serves_three_writers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
