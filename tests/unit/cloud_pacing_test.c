// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cloud/pacing.h"

static void doubles_the_ceiling_up_to_five_minutes(void **state)
{
    (void)state;
    static const int64_t ceilings_ms[] = {1000,  2000,   4000,   8000,   16000, 32000,
                                          64000, 128000, 256000, 300000, 300000};
    struct pacing pacing = {0};
    for (size_t i = 0; i < sizeof ceilings_ms / sizeof ceilings_ms[0]; i++)
        assert_int_equal(pacing_delay_ms(&pacing, PACING_FAILED, UINT32_MAX), ceilings_ms[i]);
}

static void jitters_over_the_whole_range(void **state)
{
    (void)state;
    static const struct {
        uint32_t random;
        int64_t delay_ms;
    } rows[] = {{0, 0}, {UINT32_MAX / 4, 1999}, {UINT32_MAX / 2, 3999}, {UINT32_MAX, 8000}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pacing pacing = {.failures = 3};
        assert_int_equal(pacing_delay_ms(&pacing, PACING_FAILED, rows[i].random),
                         rows[i].delay_ms);
    }
}

static void waits_five_minutes_after_a_refusal(void **state)
{
    (void)state;
    struct pacing pacing = {0};
    assert_int_equal(pacing_delay_ms(&pacing, PACING_REFUSED, 0), 300000);
    assert_int_equal(pacing_delay_ms(&pacing, PACING_FAILED, UINT32_MAX), 1000);
}

static void starts_afresh_after_a_steady_connection_only(void **state)
{
    (void)state;
    struct pacing pacing = {.failures = 5};
    pacing_lost(&pacing, PACING_STEADY_MS - 1);
    assert_int_equal(pacing_delay_ms(&pacing, PACING_FAILED, UINT32_MAX), 32000);
    pacing_lost(&pacing, PACING_STEADY_MS);
    assert_int_equal(pacing_delay_ms(&pacing, PACING_FAILED, UINT32_MAX), 1000);
}

static void notices_being_thrown_out(void **state)
{
    (void)state;
    struct pacing pacing = {0};
    pacing_lost(&pacing, 10);
    pacing_lost(&pacing, PACING_ABRUPT_MS - 1);
    assert_false(pacing_is_thrown_out(&pacing));
    pacing_lost(&pacing, 0);
    assert_true(pacing_is_thrown_out(&pacing));
    assert_int_equal(pacing_delay_ms(&pacing, PACING_FAILED, 0), 300000);
    assert_false(pacing_is_thrown_out(&pacing));
    assert_int_equal(pacing_delay_ms(&pacing, PACING_FAILED, UINT32_MAX), 1000);
}

static void forgives_in_between(void **state)
{
    (void)state;
    struct pacing pacing = {0};
    pacing_lost(&pacing, 0);
    pacing_lost(&pacing, 0);
    pacing_lost(&pacing, PACING_ABRUPT_MS);
    pacing_lost(&pacing, 0);
    pacing_lost(&pacing, 0);
    assert_false(pacing_is_thrown_out(&pacing));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_the_ceiling_up_to_five_minutes),
        cmocka_unit_test(jitters_over_the_whole_range),
        cmocka_unit_test(waits_five_minutes_after_a_refusal),
        cmocka_unit_test(starts_afresh_after_a_steady_connection_only),
        cmocka_unit_test(notices_being_thrown_out),
        cmocka_unit_test(forgives_in_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
