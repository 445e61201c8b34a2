// SPDX-License-Identifier: MIT
// Waiting ends at a time or at a descriptor, whichever comes first, and never before.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

static void a_wait_ends_at_its_time_and_not_before(void **state)
{
    (void)state;
    const int none = -1;
    int64_t until_us = clock_monotonic_us() + 3000;
    assert_false(clock_wait(NULL, 0, until_us));
    assert_true(clock_monotonic_us() >= until_us);
    until_us = clock_monotonic_us() + 1500;
    assert_false(clock_wait(&none, 1, until_us));
    assert_true(clock_monotonic_us() >= until_us);
    assert_false(clock_wait(NULL, 0, 0)); // long past
}

static void a_readable_descriptor_ends_a_wait(void **state)
{
    (void)state;
    int descriptors[] = {-1, eventfd(0, EFD_CLOEXEC)};
    assert_true(descriptors[1] >= 0);
    assert_false(clock_wait(descriptors, 2, 0));
    assert_int_equal(eventfd_write(descriptors[1], 1), 0);
    assert_true(clock_wait(descriptors, 2, 0));
    assert_true(clock_wait(descriptors, 2, INT64_MAX / 2)); // would hang
    (void)close(descriptors[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_ends_at_its_time_and_not_before),
        cmocka_unit_test(a_readable_descriptor_ends_a_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
