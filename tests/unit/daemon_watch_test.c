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

static void test_it_looks_often_enough_for_the_service_manager(void **state)
{
    (void)state;
    struct watch watch;
    watch_init(&watch, 30000, 7000);
    assert_int_equal(watch_next_ms(&watch), 7000);
    assert_true(watch_begin(&watch, 7000));
    assert_int_equal(watch_next_ms(&watch), 17000);
    watch_init(&watch, 3000, 7000);
    (void)watch_begin(&watch, 7000);
    assert_int_equal(watch_next_ms(&watch), 8000);
    watch_init(&watch, 0, 7000);
    (void)watch_begin(&watch, 7000);
    assert_int_equal(watch_next_ms(&watch), 7000 + WATCH_LONGEST_MS);
    watch_init(&watch, 1, 7000); // a manager that wants the impossible gets no storm
    (void)watch_begin(&watch, 7000);
    assert_true(watch_next_ms(&watch) >= 7050);
}

static void test_a_looker_that_stood_still_judges_nobody(void **state)
{
    (void)state;
    struct watch watch;
    watch_init(&watch, 30000, 0);
    assert_true(watch_begin(&watch, 10));
    int64_t halted_ms = 10 + 10000 + 3600 * 1000;
    assert_false(watch_begin(&watch, halted_ms));
    assert_true(watch_begin(&watch, halted_ms + 10000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_thread_may_sleep_as_long_as_it_said),
        cmocka_unit_test(test_a_thread_that_has_ended_does_not_hang),
        cmocka_unit_test(test_each_change_is_told_once),
        cmocka_unit_test(test_it_looks_often_enough_for_the_service_manager),
        cmocka_unit_test(test_a_looker_that_stood_still_judges_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
