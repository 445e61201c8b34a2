// SPDX-License-Identifier: MIT
#include "bus/busy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/random.h"

enum { MS = 1000, STEPS = 3000 };

static const int64_t SECOND = 1000 * MS;

static void assert_share(const struct busy *busy, int64_t now_us, double expected)
{
    double share = busy_share(busy, now_us);
    if (fabs(share - expected) > 1e-9)
        fail_msg("share %.9f, expected %.9f", share, expected);
}

static void test_nothing_was_done(void **state)
{
    (void)state;
    struct busy busy;
    busy_init(&busy, 5 * SECOND);
    assert_share(&busy, 5 * SECOND, 0);
    assert_share(&busy, 500 * SECOND, 0);
}

static void test_the_first_minute_is_measured_by_its_length(void **state)
{
    (void)state;
    struct busy busy;
    busy_init(&busy, 7 * SECOND + 500 * MS);
    busy_add(&busy, 8 * SECOND, 8 * SECOND + 250 * MS);
    assert_share(&busy, 8 * SECOND + 500 * MS, 0.25);
    assert_share(&busy, 17 * SECOND + 500 * MS, 0.025);
}

static void test_a_transaction_is_spread_over_the_seconds_it_took(void **state)
{
    (void)state;
    struct busy busy;
    busy_init(&busy, 0);
    busy_add(&busy, 900 * MS, 3 * SECOND + 100 * MS);
    // In second 60 the window begins with second 1: the first 100 ms are behind it.
    assert_share(&busy, 60 * SECOND + 500 * MS, 2.1 / 59.5);
    assert_share(&busy, 61 * SECOND + 500 * MS, 1.1 / 59.5);
    assert_share(&busy, 63 * SECOND + 500 * MS, 0);
}

static void test_a_bus_that_never_rests(void **state)
{
    (void)state;
    struct busy busy;
    int64_t now_us = 1234;
    busy_init(&busy, now_us);
    for (int i = 0; i < STEPS; i++, now_us += 73 * MS) {
        busy_add(&busy, now_us, now_us + 73 * MS);
        assert_share(&busy, now_us + 73 * MS, 1);
    }
}

static void test_a_pause_longer_than_the_window_is_forgotten(void **state)
{
    (void)state;
    struct busy busy;
    busy_init(&busy, 0);
    for (int64_t second = 0; second < 60; second++)
        busy_add(&busy, second * SECOND, (second + 1) * SECOND);
    assert_share(&busy, 1000 * SECOND, 0);
    busy_add(&busy, 1000 * SECOND, 1000 * SECOND + 500 * MS);
    assert_share(&busy, 1001 * SECOND, 0.5 / 59);
    busy_add(&busy, 2000 * SECOND, 2200 * SECOND); // longer than the window itself
    assert_share(&busy, 2200 * SECOND, 1);
}

// Against the sum over every transaction that ever was.
static void test_as_the_plain_sum(void **state)
{
    (void)state;
    static int64_t from[STEPS];
    static int64_t to[STEPS];
    struct busy busy;
    uint64_t seed = 20261126;
    int64_t now_us = 3 * SECOND;
    busy_init(&busy, now_us);
    for (int i = 0; i < STEPS; i++) {
        from[i] = now_us + random_below(&seed, 2) * random_below(&seed, 3000 * MS);
        to[i] = now_us = from[i] + random_below(&seed, 1500 * MS);
        busy_add(&busy, from[i], to[i]);
        int64_t begin_us = (now_us / SECOND - 59) * SECOND;
        begin_us = begin_us > 3 * SECOND ? begin_us : 3 * SECOND;
        int64_t sum_us = 0;
        for (int k = 0; k <= i; k++) {
            int64_t since_us = from[k] > begin_us ? from[k] : begin_us;
            sum_us += to[k] > since_us ? to[k] - since_us : 0;
        }
        double span_us = (double)(now_us - begin_us);
        assert_share(&busy, now_us, span_us > 0 ? (double)sum_us / span_us : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_was_done),
        cmocka_unit_test(test_the_first_minute_is_measured_by_its_length),
        cmocka_unit_test(test_a_transaction_is_spread_over_the_seconds_it_took),
        cmocka_unit_test(test_a_bus_that_never_rests),
        cmocka_unit_test(test_a_pause_longer_than_the_window_is_forgotten),
        cmocka_unit_test(test_as_the_plain_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
