// SPDX-License-Identifier: MIT
#include "bus/health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct health_line alone = {
    .dead_units = 1, .others_live = false, .cost_ms = 1000};
static const struct health_line among_eight = {
    .dead_units = 1, .others_live = true, .cost_ms = 500};

static struct health online_at(int64_t now_ms)
{
    struct health health;
    health_init(&health, 0);
    assert_true(health_note(&health, FAULT_NONE, &alone, now_ms, 1));
    return health;
}

static void test_one_failure_is_forgiven(void **state)
{
    (void)state;
    struct health health = online_at(0);
    assert_false(health_note(&health, FAULT_TIMEOUT, &alone, 10, 1));
    assert_int_equal(health.state, HEALTH_ONLINE);
    assert_true(health_may_ask(&health, 10));
    assert_false(health_note(&health, FAULT_NONE, &alone, 20, 1));
    assert_false(health_note(&health, FAULT_GARBLED, &alone, 30, 1));
    assert_int_equal(health.state, HEALTH_ONLINE);
}

static void test_two_failures_take_it_offline(void **state)
{
    (void)state;
    struct health health = online_at(0);
    (void)health_note(&health, FAULT_TIMEOUT, &alone, 10, 1);
    assert_true(health_note(&health, FAULT_TIMEOUT, &alone, 20, 1));
    assert_int_equal(health.state, HEALTH_OFFLINE);
    assert_int_equal(health.fault, FAULT_TIMEOUT);
    assert_false(health_may_ask(&health, 21));
    assert_false(health_may_ask(&health, 1019));
    assert_true(health_may_ask(&health, 1020));
}

static void test_refusal_is_a_sign_of_life(void **state)
{
    (void)state;
    struct health health;
    health_init(&health, 0);
    assert_true(health_note(&health, FAULT_EXCEPTION, &alone, 5, 1));
    assert_int_equal(health.state, HEALTH_ONLINE);
    for (int64_t i = 0; i < 10; i++)
        assert_false(health_note(&health, FAULT_EXCEPTION, &alone, 10 + i, 1));
    assert_int_equal(health.state, HEALTH_ONLINE);
}

static void test_first_answer_brings_it_back(void **state)
{
    (void)state;
    struct health health;
    health_init(&health, 0);
    assert_true(health_note(&health, FAULT_LINK, &alone, 0, 1));
    assert_int_equal(health.state, HEALTH_OFFLINE);
    assert_true(health_note(&health, FAULT_NONE, &alone, 5000, 1));
    assert_int_equal(health.state, HEALTH_ONLINE);
    assert_int_equal(health.changed_at_ms, 5000);
    assert_true(health_may_ask(&health, 5000));
}

static void test_backoff_grows_to_its_limit(void **state)
{
    (void)state;
    struct health health;
    health_init(&health, 0);
    int64_t now_ms = 0;
    static const int64_t pauses[] = {1000, 2000, 4000, 5000, 5000, 5000};
    for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
        (void)health_note(&health, FAULT_TIMEOUT, &alone, now_ms, 1);
        assert_int_equal(health.retry_at_ms - now_ms, pauses[i]);
        now_ms = health.retry_at_ms;
    }
}

static void test_dead_units_share_a_twentieth(void **state)
{
    (void)state;
    // Among others: a probe costs 500 ms, so the next may come after 10 s at the earliest.
    struct health health;
    health_init(&health, 0);
    (void)health_note(&health, FAULT_TIMEOUT, &among_eight, 0, 0);
    assert_int_equal(health.retry_at_ms, 10 * 1000);
    struct health_line four_dead = {.dead_units = 4, .others_live = true, .cost_ms = 500};
    (void)health_note(&health, FAULT_TIMEOUT, &four_dead, 10 * 1000, 0);
    assert_int_equal(health.retry_at_ms, 10 * 1000 + 40 * 1000);
}

static void test_jitter_shortens_by_a_quarter_at_most(void **state)
{
    (void)state;
    struct health health;
    health_init(&health, 0);
    (void)health_note(&health, FAULT_TIMEOUT, &alone, 0, 0);
    assert_int_equal(health.retry_at_ms, 750);
}

static void test_stopping_says_nothing_about_the_unit(void **state)
{
    (void)state;
    struct health health = online_at(0);
    for (int64_t i = 0; i < 5; i++)
        assert_false(health_note(&health, FAULT_STOPPED, &alone, i, 1));
    assert_int_equal(health.state, HEALTH_ONLINE);
    assert_int_equal(health.failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_failure_is_forgiven),
        cmocka_unit_test(test_two_failures_take_it_offline),
        cmocka_unit_test(test_refusal_is_a_sign_of_life),
        cmocka_unit_test(test_first_answer_brings_it_back),
        cmocka_unit_test(test_backoff_grows_to_its_limit),
        cmocka_unit_test(test_dead_units_share_a_twentieth),
        cmocka_unit_test(test_jitter_shortens_by_a_quarter_at_most),
        cmocka_unit_test(test_stopping_says_nothing_about_the_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
