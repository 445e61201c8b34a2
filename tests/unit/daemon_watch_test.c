// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "daemon/watch.h"

static void test_a_thread_may_sleep_as_long_as_it_said(void **state)
{
    (void)state;
    struct pulse pulse = {0};
    pulse_give(&pulse, 60000);
    assert_true(watch_is_alive(&pulse, 0));
    assert_true(watch_is_alive(&pulse, 60000));
    assert_true(watch_is_alive(&pulse, 60000 + WATCH_SLACK_MS));
    assert_false(watch_is_alive(&pulse, 60001 + WATCH_SLACK_MS));
}

static void test_a_thread_that_has_ended_does_not_hang(void **state)
{
    (void)state;
    struct pulse pulse = {0};
    pulse_give(&pulse, PULSE_NONE);
    assert_true(watch_is_alive(&pulse, INT64_MAX / 2));
}

static void test_each_change_is_told_once(void **state)
{
    (void)state;
    struct pulse pulse = {0};
    pulse_give(&pulse, 1000);
    int64_t late_ms = 1001 + WATCH_SLACK_MS;
    assert_int_equal(watch_judge(&pulse, 1000), WATCH_SAME);
    assert_int_equal(watch_judge(&pulse, late_ms), WATCH_HANGS);
    assert_int_equal(watch_judge(&pulse, late_ms + 5000), WATCH_SAME);
    pulse_give(&pulse, late_ms + 6000);
    assert_int_equal(watch_judge(&pulse, late_ms + 5500), WATCH_GOES_ON);
    assert_int_equal(watch_judge(&pulse, late_ms + 5600), WATCH_SAME);
}

// How far apart looks are once it has run for a while.
static int64_t steady_ms(struct watch *watch)
{
    int64_t before_ms = 0;
    for (int i = 0; i < 10; i++) {
        before_ms = watch_next_ms(watch);
        assert_true(watch_begin(watch, before_ms));
    }
    return watch_next_ms(watch) - before_ms;
}

// Most happens in the first seconds: who asks the service manager then sees it.
static void test_it_looks_soon_after_the_start(void **state)
{
    (void)state;
    struct watch watch;
    watch_init(&watch, 30000, 0);
    const int64_t looks_ms[] = {0, 1000, 3000, 7000, 15000, 25000, 35000};
    for (size_t i = 0; i < sizeof looks_ms / sizeof looks_ms[0]; i++) {
        assert_int_equal(watch_next_ms(&watch), looks_ms[i]);
        assert_true(watch_begin(&watch, looks_ms[i]));
    }
}

static void test_it_looks_often_enough_for_the_service_manager(void **state)
{
    (void)state;
    struct watch watch;
    watch_init(&watch, 30000, 7000);
    assert_int_equal(watch_next_ms(&watch), 7000);
    assert_int_equal(steady_ms(&watch), 10000);
    watch_init(&watch, 3000, 7000);
    assert_int_equal(steady_ms(&watch), 1000);
    watch_init(&watch, 0, 7000);
    assert_int_equal(steady_ms(&watch), WATCH_LONGEST_MS);
    watch_init(&watch, 1, 7000); // a manager that wants the impossible gets no storm
    assert_true(steady_ms(&watch) >= 50);
}

static void test_a_looker_that_stood_still_judges_nobody(void **state)
{
    (void)state;
    struct watch watch;
    watch_init(&watch, 30000, 0);
    assert_true(watch_begin(&watch, 10));
    int64_t halted_ms = 10 + 10000 + 3600 * 1000;
    assert_false(watch_begin(&watch, halted_ms));
    assert_true(watch_begin(&watch, watch_next_ms(&watch)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_thread_may_sleep_as_long_as_it_said),
        cmocka_unit_test(test_a_thread_that_has_ended_does_not_hang),
        cmocka_unit_test(test_each_change_is_told_once),
        cmocka_unit_test(test_it_looks_soon_after_the_start),
        cmocka_unit_test(test_it_looks_often_enough_for_the_service_manager),
        cmocka_unit_test(test_a_looker_that_stood_still_judges_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
