// SPDX-License-Identifier: MIT
#include "registers/forecast.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MS = 1000000 };

static void test_what_fits_keeps_its_periods(void **state)
{
    (void)state;
    const struct load loads[] = {
        {50 * MS, 1000 * MS}, {100 * MS, 1000 * MS}, {20 * MS, 100 * MS}};
    struct forecast forecast = forecast_of(loads, 3, 1);
    assert_float_equal(forecast.utilisation, 0.35, 1e-9);
    assert_int_equal(forecast.cycle_ns, 170 * MS);
    assert_int_equal(forecast.interval_ns, 0);
    assert_int_equal(forecast_refresh_ns(&forecast, 100 * MS), 100 * MS);
}

static void test_what_does_not_fit_comes_as_often_as_it_can(void **state)
{
    (void)state;
    // Ten at 100 ms ask for twice the time; the slow one keeps its period.
    struct load loads[11];
    for (size_t i = 0; i < 10; i++)
        loads[i] = (struct load){20 * MS, 100 * MS};
    loads[10] = (struct load){100 * MS, 1000 * MS};
    struct forecast forecast = forecast_of(loads, 11, 1);
    assert_float_equal(forecast.utilisation, 2.1, 1e-9);
    // 200 ms of requests in nine tenths of the time.
    assert_in_range(forecast.interval_ns, 222222222, 222222224);
    assert_int_equal(forecast_refresh_ns(&forecast, 1000 * MS), 1000 * MS);
    assert_int_equal(forecast_refresh_ns(&forecast, 100 * MS), forecast.interval_ns);
}

static void test_requests_without_period_take_what_is_left(void **state)
{
    (void)state;
    const struct load loads[] = {{50 * MS, 0}, {50 * MS, 0}, {500 * MS, 1000 * MS}};
    struct forecast forecast = forecast_of(loads, 3, 1);
    assert_float_equal(forecast.utilisation, 0.5, 1e-9);
    assert_in_range(forecast.interval_ns, 200 * MS, 200 * MS + 2);
    // Alone they follow each other.
    assert_in_range(forecast_of(loads, 2, 1).interval_ns, 100 * MS, 100 * MS + 2);
}

static void test_the_dead_take_their_share(void **state)
{
    (void)state;
    const struct load loads[] = {{960 * MS, 1000 * MS}};
    assert_int_equal(forecast_of(loads, 1, 1).interval_ns, 0);
    assert_in_range(forecast_of(loads, 1, FORECAST_BESIDE_DEAD).interval_ns, 1010 * MS,
                    1011 * MS);
    assert_int_equal(forecast_of(loads, 0, 1).cycle_ns, 0);
    assert_int_equal(forecast_of(loads, 0, 1).interval_ns, 0);
}

static void test_longer_periods_are_figures_people_write(void **state)
{
    (void)state;
    assert_int_equal(forecast_longer_ms(1.5, 0, 1000), 2000);
    assert_int_equal(forecast_longer_ms(1.0, 0.5, 1000), 3000);
    assert_int_equal(forecast_longer_ms(1.0, 0.9, 1000), 20000);
    assert_int_equal(forecast_longer_ms(40, 0, 1000), 60000);
    assert_int_equal(forecast_longer_ms(1.5, 0, 100), 200);
    assert_int_equal(forecast_longer_ms(0.5, 0.95, 1000), 0);
    // What fits fits.
    assert_int_equal(forecast_longer_ms(0.95, 0, 1000), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_fits_keeps_its_periods),
        cmocka_unit_test(test_what_does_not_fit_comes_as_often_as_it_can),
        cmocka_unit_test(test_requests_without_period_take_what_is_left),
        cmocka_unit_test(test_the_dead_take_their_share),
        cmocka_unit_test(test_longer_periods_are_figures_people_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
