// SPDX-License-Identifier: MIT
#include "bus/breaks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/random.h"

enum { HOUR_MS = 3600 * 1000, BEGIN_MS = 100 };

static void test_a_rare_break_is_mended_at_once(void **state)
{
    (void)state;
    struct breaks breaks = {0};
    for (int64_t now_ms = BEGIN_MS; now_ms < 24 * (int64_t)HOUR_MS; now_ms += HOUR_MS)
        assert_int_equal(breaks_note(&breaks, now_ms), now_ms);
    assert_false(breaks.are_many);
}

static void test_a_few_in_a_row_are_mended_at_once(void **state)
{
    (void)state;
    struct breaks breaks = {0};
    for (int64_t now_ms = BEGIN_MS; now_ms < BEGIN_MS + BREAKS_AT_ONCE; now_ms++)
        assert_int_equal(breaks_note(&breaks, now_ms), now_ms);
    assert_false(breaks.are_many);
    assert_int_equal(breaks_note(&breaks, BEGIN_MS), BEGIN_MS + BREAKS_PAUSE_MS);
    assert_true(breaks.are_many);
}

// Each connection breaks as soon as it was made.
static void test_a_storm_becomes_one_connection_a_pause(void **state)
{
    (void)state;
    struct breaks breaks = {0};
    int64_t now_ms = BEGIN_MS;
    int connections = 0;
    while (now_ms < BEGIN_MS + HOUR_MS) {
        now_ms = breaks_note(&breaks, now_ms);
        connections++;
    }
    assert_int_equal(connections, BREAKS_AT_ONCE + HOUR_MS / BREAKS_PAUSE_MS);
}

static void test_the_allowance_comes_back(void **state)
{
    (void)state;
    struct breaks breaks = {0};
    int64_t now_ms = BEGIN_MS;
    for (int i = 0; i < 10; i++)
        now_ms = breaks_note(&breaks, now_ms);
    now_ms += (int64_t)BREAKS_AT_ONCE * BREAKS_PAUSE_MS;
    for (int i = 0; i < BREAKS_AT_ONCE; i++)
        assert_int_equal(breaks_note(&breaks, now_ms), now_ms);
    assert_int_equal(breaks_note(&breaks, now_ms), now_ms + BREAKS_PAUSE_MS);
}

static void test_many_are_over_after_a_calm(void **state)
{
    (void)state;
    struct breaks breaks = {0};
    for (int i = 0; i <= BREAKS_AT_ONCE; i++)
        (void)breaks_note(&breaks, BEGIN_MS);
    assert_true(breaks.are_many);
    // One that is mended at once disturbs the calm as well.
    assert_int_equal(breaks_note(&breaks, BEGIN_MS + 60000), BEGIN_MS + 60000);
    breaks_look(&breaks, BEGIN_MS + 60000 + BREAKS_CALM_MS - 1);
    assert_true(breaks.are_many);
    breaks_look(&breaks, BEGIN_MS + 60000 + BREAKS_CALM_MS);
    assert_false(breaks.are_many);
}

// However breaks come: none waits longer than it takes to earn one connection, and in no time
// are there more connections than the allowance and one a pause.
static void test_any_breaks(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    static int64_t made_ms[COUNT];
    uint64_t random = 7;
    struct breaks breaks = {0};
    int64_t now_ms = BEGIN_MS;
    for (int i = 0; i < COUNT; i++) {
        now_ms += random_below(&random, random_below(&random, 3) ? 3000 : 60000);
        made_ms[i] = breaks_note(&breaks, now_ms);
        assert_in_range(made_ms[i] - now_ms, 0, BREAKS_PAUSE_MS);
        now_ms = made_ms[i];
        for (int first = i > 50 ? i - 50 : 0; first <= i; first++)
            assert_true(i - first + 1 <=
                        BREAKS_AT_ONCE + (now_ms - made_ms[first]) / BREAKS_PAUSE_MS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_rare_break_is_mended_at_once),
        cmocka_unit_test(test_a_few_in_a_row_are_mended_at_once),
        cmocka_unit_test(test_a_storm_becomes_one_connection_a_pause),
        cmocka_unit_test(test_the_allowance_comes_back),
        cmocka_unit_test(test_many_are_over_after_a_calm),
        cmocka_unit_test(test_any_breaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
