// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/mem.h"
#include "cloud/pacing.h"
#include "support/random.h"

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
    pacing_lost(&pacing, PACING_CLOSED, PACING_STEADY_MS - 1);
    assert_int_equal(pacing_delay_ms(&pacing, PACING_FAILED, UINT32_MAX), 32000);
    pacing_lost(&pacing, PACING_CLOSED, PACING_STEADY_MS);
    assert_int_equal(pacing_delay_ms(&pacing, PACING_FAILED, UINT32_MAX), 8000);
}

static void notices_being_thrown_out(void **state)
{
    (void)state;
    struct pacing pacing = {0};
    pacing_lost(&pacing, PACING_CLOSED, 10);
    pacing_lost(&pacing, PACING_CLOSED, PACING_ABRUPT_MS - 1);
    assert_false(pacing_is_thrown_out(&pacing));
    pacing_lost(&pacing, PACING_CLOSED, 0);
    assert_true(pacing_is_thrown_out(&pacing));
    assert_int_equal(pacing_delay_ms(&pacing, PACING_FAILED, 0), 300000);
    assert_false(pacing_is_thrown_out(&pacing));
    assert_int_equal(pacing_delay_ms(&pacing, PACING_FAILED, UINT32_MAX), 8000);
}

// A bad link is no quarrel: its pauses grow from where they were, and no faster.
static void takes_resets_for_no_quarrel(void **state)
{
    (void)state;
    struct pacing pacing = {0};
    for (int64_t ceiling_ms = 8000; ceiling_ms < 300000; ceiling_ms *= 2) {
        pacing_lost(&pacing, PACING_FAILED, 10);
        assert_false(pacing_is_thrown_out(&pacing));
        assert_int_equal(pacing_delay_ms(&pacing, PACING_FAILED, UINT32_MAX), ceiling_ms);
    }
    pacing_lost(&pacing, PACING_CLOSED, 10);
    pacing_lost(&pacing, PACING_CLOSED, 10);
    pacing_lost(&pacing, PACING_FAILED, 10);
    pacing_lost(&pacing, PACING_CLOSED, 10);
    assert_false(pacing_is_thrown_out(&pacing));
}

static void forgives_in_between(void **state)
{
    (void)state;
    struct pacing pacing = {0};
    pacing_lost(&pacing, PACING_CLOSED, 0);
    pacing_lost(&pacing, PACING_CLOSED, 0);
    pacing_lost(&pacing, PACING_CLOSED, PACING_ABRUPT_MS);
    pacing_lost(&pacing, PACING_CLOSED, 0);
    pacing_lost(&pacing, PACING_CLOSED, 0);
    assert_false(pacing_is_thrown_out(&pacing));
}

enum { BRIDGES = 1000, SECONDS = 2 * 3600 };

// What a broker sees that a fleet loses at second 0 and finds again at `back_s`.
struct stampede {
    int attempts[SECONDS]; // in each second
    int peak;              // most in a second
    int peak_after;        // from back_s on
    int64_t last_ms;       // when the last bridge is back, after back_s
};

static void lose_broker(struct stampede *stampede, int64_t back_s, uint64_t seed)
{
    memset(stampede, 0, sizeof *stampede);
    for (int i = 0; i < BRIDGES; i++) {
        struct pacing pacing = {0};
        int64_t now_ms = 0;
        pacing_lost(&pacing, PACING_CLOSED, 3600 * 1000);
        do {
            now_ms +=
                pacing_delay_ms(&pacing, PACING_FAILED, (uint32_t)(random_next(&seed) >> 32));
            assert_in_range(now_ms, 0, (int64_t)SECONDS * 1000 - 1);
            stampede->attempts[now_ms / 1000]++;
        } while (now_ms < back_s * 1000);
        int64_t late_ms = now_ms - back_s * 1000;
        stampede->last_ms = late_ms > stampede->last_ms ? late_ms : stampede->last_ms;
    }
    for (int64_t second = 0; second < SECONDS; second++) {
        int attempts = stampede->attempts[second];
        stampede->peak = attempts > stampede->peak ? attempts : stampede->peak;
        if (second >= back_s && attempts > stampede->peak_after)
            stampede->peak_after = attempts;
    }
}

static void a_thousand_bridges_do_not_stampede_their_broker(void **state)
{
    static const struct {
        int64_t away_s;
        int peak_after;
    } rows[] = {{0, 200}, {2, 200}, {10, 150}, {60, 50}, {600, 20}, {3600, 20}};
    static struct stampede stampede;
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        for (uint64_t seed = 1; seed <= 5; seed++) {
            lose_broker(&stampede, rows[i].away_s, seed);
            assert_in_range(stampede.peak, 1, 250);
            assert_in_range(stampede.peak_after, 1, rows[i].peak_after);
            assert_in_range(stampede.last_ms, 0, PACING_LIMIT_MS);
        }
        print_message("broker away for %4d s: at most %d attempts a second, %d after its "
                      "return; the last is back %d s after it\n",
                      (int)rows[i].away_s, stampede.peak, stampede.peak_after,
                      (int)(stampede.last_ms / 1000));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_the_ceiling_up_to_five_minutes),
        cmocka_unit_test(jitters_over_the_whole_range),
        cmocka_unit_test(waits_five_minutes_after_a_refusal),
        cmocka_unit_test(starts_afresh_after_a_steady_connection_only),
        cmocka_unit_test(notices_being_thrown_out),
        cmocka_unit_test(takes_resets_for_no_quarrel),
        cmocka_unit_test(forgives_in_between),
        cmocka_unit_test(a_thousand_bridges_do_not_stampede_their_broker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
