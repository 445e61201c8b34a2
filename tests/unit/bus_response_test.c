// SPDX-License-Identifier: MIT
#include "bus/response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { CEILING_MS = 1000 };

static int64_t wait_of(const struct response *response)
{
    return response_timeout_ms(response, TRANSPORT_RTU, CEILING_MS);
}

static struct response after(int answers, int64_t taken_us)
{
    struct response response = {0};
    for (int i = 0; i < answers; i++)
        response_note(&response, taken_us);
    return response;
}

static void test_a_stranger_gets_the_ceiling(void **state)
{
    (void)state;
    struct response response = after(7, 2000);
    assert_int_equal(wait_of(&response), CEILING_MS);
    response_note(&response, 2000);
    assert_true(wait_of(&response) < CEILING_MS);
}

static void test_never_below_what_adapters_and_networks_need(void **state)
{
    (void)state;
    struct response response = after(100, 100);
    assert_int_equal(wait_of(&response), 100);
    assert_int_equal(response_timeout_ms(&response, TRANSPORT_TCP, CEILING_MS), 250);
    assert_int_equal(response_timeout_ms(&response, TRANSPORT_RTU_OVER_TCP, CEILING_MS), 250);
    assert_int_equal(response_timeout_ms(&response, TRANSPORT_RTU, 60), 60);
}

static void test_twice_the_longest_of_late(void **state)
{
    (void)state;
    struct response response = after(20, 50000);
    response_note(&response, 200000);
    for (int i = 0; i < 60; i++) // the smoothed figures have forgotten it
        response_note(&response, 50000);
    assert_int_equal(wait_of(&response), 401);
    for (int i = 0; i < 128; i++) // and so have the windows
        response_note(&response, 50000);
    assert_int_equal(wait_of(&response), 101);
}

static void test_a_slow_unit_is_never_cut_short(void **state)
{
    (void)state;
    struct response response = after(50, 900000);
    assert_int_equal(wait_of(&response), CEILING_MS);
}

static void test_timeouts_double_until_an_answer_comes(void **state)
{
    (void)state;
    struct response response = after(50, 60000);
    int64_t usual_ms = wait_of(&response);
    assert_true(usual_ms >= 120 && usual_ms <= 125);
    response_missed(&response);
    assert_int_equal(wait_of(&response), 2 * usual_ms);
    for (int i = 0; i < 100; i++)
        response_missed(&response);
    assert_int_equal(wait_of(&response), CEILING_MS);
    response_note(&response, 60000);
    assert_int_equal(wait_of(&response), usual_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stranger_gets_the_ceiling),
        cmocka_unit_test(test_never_below_what_adapters_and_networks_need),
        cmocka_unit_test(test_twice_the_longest_of_late),
        cmocka_unit_test(test_a_slow_unit_is_never_cut_short),
        cmocka_unit_test(test_timeouts_double_until_an_answer_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
