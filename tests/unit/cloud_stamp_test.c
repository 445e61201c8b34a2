// SPDX-License-Identifier: MIT
#include "cloud/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cloud/replay.h"

static const int64_t build_ms = 1700000000000;

static void does_not_believe_a_clock_before_the_build(void **state)
{
    (void)state;
    struct stamp_clock clock = {0};
    assert_false(stamp_clock_look(&clock, 5000, 5000, build_ms));
    assert_false(stamp_clock_look(&clock, build_ms - 1, 6000, build_ms));
    struct stamp stamp = {STAMP_PRESENT, 6000};
    assert_false(stamp_is_known(&clock, &stamp));
    assert_true(stamp_is_known(&clock, &(struct stamp){.kind = STAMP_NONE}));
    assert_true(stamp_is_known(&clock, &(struct stamp){STAMP_WALL, 5}));
}

static void dates_what_was_read_before_the_clock_was_set(void **state)
{
    (void)state;
    struct stamp_clock clock = {0};
    struct stamp early = {STAMP_PRESENT, 10500};
    struct stamp next = {STAMP_PRESENT, 11500};
    assert_true(stamp_clock_look(&clock, build_ms + 90000, 90000, build_ms));
    assert_int_equal(stamp_second(&clock, &early), 1700000010);
    assert_int_equal(stamp_second(&clock, &next), 1700000011);
    // Set wrong by a day, and corrected: what was not sent yet comes out right, in order.
    assert_true(stamp_clock_look(&clock, build_ms + 86400000 + 91000, 91000, build_ms));
    assert_int_equal(stamp_second(&clock, &early), 1700086410);
    assert_true(stamp_clock_look(&clock, build_ms + 92000, 92000, build_ms));
    assert_int_equal(stamp_second(&clock, &early), 1700000010);
    assert_int_equal(stamp_second(&clock, &next), 1700000011);
    // A clock that loses its mind changes nothing.
    assert_false(stamp_clock_look(&clock, 1000, 93000, build_ms));
    assert_int_equal(stamp_second(&clock, &early), 1700000010);
}

static void takes_slewing_for_no_step(void **state)
{
    (void)state;
    struct stamp_clock clock = {0};
    assert_true(stamp_clock_look(&clock, build_ms, 0, build_ms));
    assert_false(stamp_clock_look(&clock, build_ms + 1499, 1000, build_ms));
    assert_false(stamp_clock_look(&clock, build_ms + 1000, 1499, build_ms));
    assert_true(stamp_clock_look(&clock, build_ms + 1500, 1000, build_ms));
}

static void stamps_the_middle_of_a_second(void **state)
{
    (void)state;
    struct stamp_clock clock = {0};
    assert_true(stamp_clock_look(&clock, build_ms + 1234, 777, build_ms));
    for (int64_t ms = 0; ms < 3000; ms++) {
        // Whatever the millisecond of the reading, and however the offset jitters.
        struct stamp stamp = {STAMP_PRESENT,
                              stamp_middle_ms(50000 + ms, build_ms + 50457 + ms)};
        struct stamp_clock early = {true, clock.offset_ms - 499};
        struct stamp_clock late = {true, clock.offset_ms + 499};
        int64_t second = (build_ms + 50457 + ms) / 1000;
        assert_int_equal(stamp_second(&clock, &stamp), second);
        assert_int_equal(stamp_second(&early, &stamp), second);
        assert_int_equal(stamp_second(&late, &stamp), second);
    }
}

static void puts_the_timestamp_first(void **state)
{
    (void)state;
    char *text = stamp_payload("{\"power\":1}", 1700000000);
    assert_string_equal(text, "{\"timestamp\":1700000000,\"power\":1}");
    free(text);
    text = stamp_payload("{}", 5);
    assert_string_equal(text, "{\"timestamp\":5}");
    free(text);
}

// Messages of the backlog that are let through in ten seconds, one call each 7 ms.
static int replay_for_ten_seconds(struct replay *replay, int64_t from_ms)
{
    int taken = 0;
    for (int64_t now_ms = from_ms; now_ms < from_ms + 10000; now_ms += 7)
        taken += replay_take(replay, now_ms);
    return taken;
}

static void the_backlog_follows_at_ten_a_second_or_the_live_rate(void **state)
{
    (void)state;
    struct replay replay;
    replay_init(&replay, 0);
    assert_in_range(replay_for_ten_seconds(&replay, 0), 99, 103);
    for (int64_t now_ms = 20000; now_ms < 45000; now_ms += 20)
        replay_note_live(&replay, now_ms); // fifty a second
    assert_in_range(replay_for_ten_seconds(&replay, 45000), 490, 511);
    for (int64_t now_ms = 55000; now_ms < 95000; now_ms += 1000)
        replay_note_live(&replay, now_ms);
    assert_in_range(replay_for_ten_seconds(&replay, 95000), 99, 112);
    int64_t next_ms = replay_next_ms(&replay, 105000);
    assert_in_range(next_ms, 105000, 105100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_not_believe_a_clock_before_the_build),
        cmocka_unit_test(dates_what_was_read_before_the_clock_was_set),
        cmocka_unit_test(takes_slewing_for_no_step),
        cmocka_unit_test(stamps_the_middle_of_a_second),
        cmocka_unit_test(puts_the_timestamp_first),
        cmocka_unit_test(the_backlog_follows_at_ten_a_second_or_the_live_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
