// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cloud/store_batch.h"

static void has_nothing_due_when_empty(void **state)
{
    (void)state;
    struct store_batch batch = {0};
    assert_int_equal(store_batch_due_ms(&batch), INT64_MAX);
    store_batch_settle(&batch, 100);
    assert_int_equal(store_batch_due_ms(&batch), INT64_MAX);
}

static void commits_a_sure_order_at_once(void **state)
{
    (void)state;
    struct store_batch batch = {0};
    store_batch_add(&batch, STORE_GROUP, 1000);
    assert_int_equal(store_batch_due_ms(&batch), 1000 + STORE_LINGER_MS);
    store_batch_add(&batch, STORE_SURE, 1010);
    assert_int_equal(store_batch_due_ms(&batch), 1010);
}

// The store's thread is woken for an order no later than it would commit it.
static void tells_how_long_an_order_may_wait_to_be_seen(void **state)
{
    (void)state;
    assert_int_equal(store_batch_wanted_ms(STORE_SURE, 1000), 1000);
    assert_int_equal(store_batch_wanted_ms(STORE_GROUP, 1000), 1000 + STORE_LINGER_MS);
    assert_int_equal(store_batch_wanted_ms(STORE_LAZY, 1000), 1000 + STORE_LAZY_MS);
}

static void shares_one_commit_a_second(void **state)
{
    (void)state;
    struct store_batch batch = {0};
    int commits = 0;
    for (int64_t now_ms = 0; now_ms < 10000; now_ms++) {
        bool is_second = now_ms % 1000 < 5; // five devices, a millisecond apart
        if (is_second)
            store_batch_add(&batch, STORE_GROUP, now_ms);
        if (store_batch_due_ms(&batch) <= now_ms) {
            assert_int_equal(batch.count, 5);
            assert_true(now_ms % 1000 <= STORE_LINGER_MS);
            store_batch_settle(&batch, now_ms);
            commits++;
        }
    }
    assert_int_equal(commits, 10);
}

static void keeps_a_trickle_to_about_one_commit_a_second(void **state)
{
    (void)state;
    struct store_batch batch = {0};
    int commits = 0;
    for (int64_t now_ms = 0; now_ms < 10000; now_ms++) {
        if (now_ms % 7 == 0)
            store_batch_add(&batch, STORE_GROUP, now_ms);
        if (store_batch_due_ms(&batch) <= now_ms) {
            store_batch_settle(&batch, now_ms);
            commits++;
        }
    }
    assert_in_range(commits, 10, 11);
}

static void takes_lazy_orders_along(void **state)
{
    (void)state;
    struct store_batch batch = {0};
    store_batch_add(&batch, STORE_LAZY, 500);
    assert_int_equal(store_batch_due_ms(&batch), 500 + STORE_LAZY_MS);
    store_batch_add(&batch, STORE_GROUP, 1000);
    assert_int_equal(store_batch_due_ms(&batch), 1000 + STORE_LINGER_MS);
    store_batch_settle(&batch, 1050);
    assert_int_equal(batch.count, 0);
    // Lazy orders alone do not make the next group wait.
    store_batch_add(&batch, STORE_LAZY, 1060);
    store_batch_settle(&batch, 7000);
    store_batch_add(&batch, STORE_GROUP, 7010);
    assert_int_equal(store_batch_due_ms(&batch), 7010 + STORE_LINGER_MS);
}

static void does_not_grow_without_limit(void **state)
{
    (void)state;
    struct store_batch batch = {0};
    for (int i = 0; i < STORE_BATCH_ORDERS - 1; i++)
        store_batch_add(&batch, STORE_LAZY, 0);
    assert_int_equal(store_batch_due_ms(&batch), STORE_LAZY_MS);
    store_batch_add(&batch, STORE_LAZY, 0);
    assert_true(store_batch_due_ms(&batch) <= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_nothing_due_when_empty),
        cmocka_unit_test(commits_a_sure_order_at_once),
        cmocka_unit_test(tells_how_long_an_order_may_wait_to_be_seen),
        cmocka_unit_test(shares_one_commit_a_second),
        cmocka_unit_test(keeps_a_trickle_to_about_one_commit_a_second),
        cmocka_unit_test(takes_lazy_orders_along),
        cmocka_unit_test(does_not_grow_without_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
