// SPDX-License-Identifier: MIT
#include "bus/health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static bool note(struct health *health, enum fault fault, int64_t now_ms)
{
    struct health_event event = {
        .fault = fault, .waited_long = true, .link_works = true, .chance = 1};
    return health_note(health, &event, now_ms);
}

static bool note_short(struct health *health, enum fault fault, int64_t now_ms)
{
    struct health_event event = {.fault = fault, .link_works = true, .chance = 1};
    return health_note(health, &event, now_ms);
}

static struct health online_at(int64_t now_ms)
{
    struct health health;
    health_init(&health, 0);
    assert_true(note(&health, FAULT_NONE, now_ms));
    return health;
}

static void test_one_failure_is_forgiven(void **state)
{
    (void)state;
    struct health health = online_at(0);
    assert_false(note(&health, FAULT_TIMEOUT, 10));
    assert_int_equal(health.state, HEALTH_ONLINE);
    assert_false(note(&health, FAULT_NONE, 20));
    assert_false(note(&health, FAULT_GARBLED, 30));
    assert_int_equal(health.state, HEALTH_ONLINE);
}

static void test_who_may_be_asked(void **state)
{
    (void)state;
    struct health health = online_at(0);
    health.retry_at_ms = 5000;
    assert_true(health_may_ask(&health, 10));
    health.state = HEALTH_OFFLINE;
    assert_false(health_may_ask(&health, 4999));
    assert_true(health_may_ask(&health, 5000));
}

static void test_the_last_try_waits_as_long_as_the_map_allows(void **state)
{
    (void)state;
    struct health health = online_at(0);
    assert_false(note_short(&health, FAULT_TIMEOUT, 10));
    assert_true(note(&health, FAULT_TIMEOUT, 20));
    assert_int_equal(health.state, HEALTH_OFFLINE);
    assert_int_equal(health.fault, FAULT_TIMEOUT);
    assert_true(health_is_dead(&health));
    assert_int_equal(health.retry_at_ms, 1020);
    health = online_at(0);
    assert_false(note_short(&health, FAULT_TIMEOUT, 10));
    assert_false(note_short(&health, FAULT_TIMEOUT, 20));
    assert_true(note_short(&health, FAULT_TIMEOUT, 30));
}

static void test_garbage_is_forgiven_twice(void **state)
{
    (void)state;
    struct health health = online_at(0);
    assert_false(note_short(&health, FAULT_GARBLED, 10));
    assert_false(note_short(&health, FAULT_GARBLED, 20));
    assert_true(note_short(&health, FAULT_GARBLED, 30));
    assert_int_equal(health.fault, FAULT_GARBLED);
}

static void test_a_stranger_is_not_forgiven(void **state)
{
    (void)state;
    struct health health;
    health_init(&health, 0);
    assert_false(health_is_dead(&health));
    assert_true(note(&health, FAULT_TIMEOUT, 10));
    assert_true(health_is_dead(&health));
}

static void test_another_device_is_not_accepted(void **state)
{
    (void)state;
    struct health health = online_at(0);
    assert_true(note(&health, FAULT_IDENTITY, 10));
    assert_int_equal(health.fault, FAULT_IDENTITY);
}

static void test_refusal_is_a_sign_of_life(void **state)
{
    (void)state;
    struct health health;
    health_init(&health, 0);
    assert_true(note(&health, FAULT_EXCEPTION, 5));
    assert_int_equal(health.state, HEALTH_ONLINE);
    for (int64_t i = 0; i < 10; i++)
        assert_false(note(&health, FAULT_EXCEPTION, 10 + i));
    assert_int_equal(health.state, HEALTH_ONLINE);
}

static void test_first_answer_brings_it_back(void **state)
{
    (void)state;
    struct health health;
    health_init(&health, 0);
    assert_true(note(&health, FAULT_TIMEOUT, 0));
    assert_true(note(&health, FAULT_NONE, 5000));
    assert_int_equal(health.state, HEALTH_ONLINE);
    assert_int_equal(health.changed_at_ms, 5000);
    assert_int_equal(health.backoff_ms, 0);
}

static void test_backoff_grows_to_its_limit(void **state)
{
    (void)state;
    static const int64_t alone[] = {1000, 2000, 4000, 5000, 5000, 5000};
    static const int64_t among_others[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    struct health health;
    int64_t now_ms = 0;
    health_init(&health, 0);
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++) {
        (void)note(&health, FAULT_TIMEOUT, now_ms);
        assert_int_equal(health.retry_at_ms - now_ms, alone[i]);
        now_ms = health.retry_at_ms;
    }
    health_init(&health, 0);
    for (size_t i = 0; i < sizeof among_others / sizeof among_others[0]; i++) {
        struct health_event event = {.fault = FAULT_TIMEOUT, .others_live = true, .chance = 1};
        (void)health_note(&health, &event, now_ms);
        assert_int_equal(health.retry_at_ms - now_ms, among_others[i]);
    }
}

static void test_jitter_shortens_by_a_quarter_at_most(void **state)
{
    (void)state;
    struct health health;
    health_init(&health, 0);
    struct health_event event = {.fault = FAULT_TIMEOUT, .chance = 0};
    (void)health_note(&health, &event, 0);
    assert_int_equal(health.retry_at_ms, 750);
}

static void test_stopping_says_nothing_about_the_unit(void **state)
{
    (void)state;
    struct health health = online_at(0);
    for (int64_t i = 0; i < 5; i++)
        assert_false(note(&health, FAULT_STOPPED, i));
    assert_int_equal(health.state, HEALTH_ONLINE);
    assert_int_equal(health.failures, 0);
}

static void test_a_connection_that_never_worked_is_final(void **state)
{
    (void)state;
    struct health health = online_at(0);
    assert_false(note(&health, FAULT_LINK, 10)); // closed while idle, say
    struct health_event event = {.fault = FAULT_LINK, .chance = 1};
    assert_true(health_note(&health, &event, 20));
    assert_int_equal(health.state, HEALTH_OFFLINE);
}

static void test_a_lost_link_takes_all_and_gives_them_back(void **state)
{
    (void)state;
    struct health health = online_at(0);
    assert_true(health_lose_link(&health, 10));
    assert_int_equal(health.state, HEALTH_OFFLINE);
    assert_true(health_is_dead(&health));
    assert_false(health_lose_link(&health, 20));
    health_link_back(&health);
    assert_false(health_is_dead(&health)); // asked at once
    assert_false(health_lose_link(&health, 30));
    assert_true(health_is_dead(&health)); // not while the link is gone again
    health_link_back(&health);
    assert_true(note(&health, FAULT_TIMEOUT, 40)); // news: it is not the link
    assert_true(health_is_dead(&health));
    assert_false(note(&health, FAULT_TIMEOUT, 50));
    assert_true(note(&health, FAULT_NONE, 60));
}

// What a probe found out is about the unit: the link that comes back is no reason to ask again.
static void test_silence_after_the_link_was_lost_is_the_units_own(void **state)
{
    (void)state;
    struct health health = online_at(0);
    assert_true(health_lose_link(&health, 10));
    assert_true(note(&health, FAULT_TIMEOUT, 20));
    health_link_back(&health);
    assert_true(health_is_dead(&health));
    assert_false(health_may_ask(&health, 1019));
}

// A gateway may close the connection after each answer: who was not asked over it is tried all
// the same.
static void test_who_was_not_asked_yet_is_tried_over_the_next_connection(void **state)
{
    (void)state;
    struct health health = online_at(0);
    assert_true(health_lose_link(&health, 10));
    health_link_back(&health);
    health_link_back(&health);
    assert_false(health_is_dead(&health));
    assert_true(note(&health, FAULT_TIMEOUT, 20));
    health_link_back(&health);
    assert_true(health_is_dead(&health));
}

static void test_who_answers_has_no_fault(void **state)
{
    (void)state;
    struct health health = online_at(0);
    assert_true(health_lose_link(&health, 10));
    health_link_back(&health);
    assert_true(note(&health, FAULT_NONE, 20));
    assert_int_equal(health.fault, FAULT_NONE);
    assert_true(note(&health, FAULT_IDENTITY, 30));
    assert_true(note(&health, FAULT_EXCEPTION, 40));
    assert_int_equal(health.fault, FAULT_NONE);
}

static void test_a_dead_unit_stays_dead_when_the_link_comes_and_goes(void **state)
{
    (void)state;
    struct health health;
    health_init(&health, 0);
    (void)note(&health, FAULT_TIMEOUT, 0);
    assert_false(health_lose_link(&health, 10));
    health_link_back(&health);
    assert_true(health_is_dead(&health));
    assert_int_equal(health.fault, FAULT_TIMEOUT);
}

static void test_dead_units_share_a_twentieth(void **state)
{
    (void)state;
    struct probing probing = {0};
    assert_int_equal(probing_from_ms(&probing, true), 0);
    probing_note(&probing, 100, 600);
    assert_int_equal(probing_from_ms(&probing, true), 10100);
    assert_int_equal(probing_from_ms(&probing, false), 0); // nobody is kept waiting
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_failure_is_forgiven),
        cmocka_unit_test(test_who_may_be_asked),
        cmocka_unit_test(test_the_last_try_waits_as_long_as_the_map_allows),
        cmocka_unit_test(test_garbage_is_forgiven_twice),
        cmocka_unit_test(test_a_stranger_is_not_forgiven),
        cmocka_unit_test(test_another_device_is_not_accepted),
        cmocka_unit_test(test_refusal_is_a_sign_of_life),
        cmocka_unit_test(test_first_answer_brings_it_back),
        cmocka_unit_test(test_backoff_grows_to_its_limit),
        cmocka_unit_test(test_jitter_shortens_by_a_quarter_at_most),
        cmocka_unit_test(test_stopping_says_nothing_about_the_unit),
        cmocka_unit_test(test_a_connection_that_never_worked_is_final),
        cmocka_unit_test(test_a_lost_link_takes_all_and_gives_them_back),
        cmocka_unit_test(test_silence_after_the_link_was_lost_is_the_units_own),
        cmocka_unit_test(test_who_was_not_asked_yet_is_tried_over_the_next_connection),
        cmocka_unit_test(test_who_answers_has_no_fault),
        cmocka_unit_test(test_a_dead_unit_stays_dead_when_the_link_comes_and_goes),
        cmocka_unit_test(test_dead_units_share_a_twentieth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
