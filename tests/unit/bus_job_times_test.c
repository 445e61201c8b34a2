// SPDX-License-Identifier: MIT
// When the frames of a command leave, to the millisecond: how often something is looked at
// again, and that the last look is at the very end of its time.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "support/job_world.h"

// Frames from the so-manieth on left at these times.
static void assert_times(const struct world *world, int first, const int64_t *times_ms,
                         size_t count)
{
    assert_true((size_t)world->frame_count >= (size_t)first + count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(world->frames[(size_t)first + i].at_ms, times_ms[i]);
}

// The pauses grow from 100 to 500 ms; the last look is when the time is over.
static void test_a_write_is_read_back_at_growing_distances(void **state)
{
    static const int64_t times_ms[] = {1000, 1005, 1110, 1315, 1720, 2225, 2730, 3005};
    struct world *world = *state;
    world_rule(world, (struct rule){.is_write = true, .address = 200, .times = 1});
    world_command(world, STEPS(world_write(world, "pair_a := 9")));
    (void)world_run(world, NULL);
    assert_int_equal(world->frame_count, ARRAY_LENGTH(times_ms));
    assert_times(world, 0, times_ms, ARRAY_LENGTH(times_ms));
}

static void test_a_look_at_the_very_end_may_still_find_it(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.is_write = true, .address = 200, .times = 1});
    world_change(world, 3005, PAIR_A, 9);
    world_command(world, STEPS(world_write(world, "pair_a := 9")));
    (void)world_run(world, NULL);
    assert_completed(world);
}

// About fifty looks, not closer than 200 ms and not further apart than a second.
static void test_expect_looks_as_often_as_its_time_allows(void **state)
{
    static const struct {
        int64_t within_ms;
        int64_t pause_ms;
    } cases[] = {{1000, 200},  {9999, 200},   {10050, 201},
                 {20000, 400}, {50000, 1000}, {60000, 1000}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        int64_t every_ms = cases[i].pause_ms + ANSWER_MS;
        const int64_t times_ms[] = {1000, 1000 + every_ms, 1000 + 2 * every_ms};
        world->command.timeout_ms = 100000;
        world_hold(world, STATE, 2);
        world_command(world, STEPS(world_expect(world, "state == steady", cases[i].within_ms)));
        (void)world_run(world, NULL);
        assert_times(world, 0, times_ms, ARRAY_LENGTH(times_ms));
        assert_int_equal(world->frames[world->frame_count - 1].at_ms,
                         1000 + cases[i].within_ms);
        assert_int_equal(world->frame_count, 2 + (cases[i].within_ms - 1) / every_ms);
        world_free(world);
    }
}

static void reboot(struct world *world, int64_t duration_ms)
{
    struct step write = world_write(world, "reboot := true");
    write.verify = false;
    struct step reconnect = {.kind = STEP_RECONNECT, .duration_ms = duration_ms};
    world->command.timeout_ms = 180000;
    world_command(world, STEPS(write, reconnect));
}

// Each second, and over a new connection after five seconds of silence.
static void test_a_device_that_restarts_is_asked_each_second(void **state)
{
    static const int64_t times_ms[] = {1000, 2005, 3010, 4015, 5020, 6025, 7030, 8035};
    struct world *world = *state;
    reboot(world, 120000);
    world_rule(world, (struct rule){.address = 1200, .times = 6, .fault = FAULT_LINK});
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world->frame_count, ARRAY_LENGTH(times_ms));
    assert_times(world, 0, times_ms, ARRAY_LENGTH(times_ms));
    assert_int_equal(world->reconnects, 2);
}

static void test_a_device_that_stays_away_is_asked_at_the_very_end(void **state)
{
    static const int64_t times_ms[] = {1000, 2005, 3010, 4005};
    struct world *world = *state;
    reboot(world, 3000);
    world_rule(world, (struct rule){.address = 1200, .times = FOR_EVER, .fault = FAULT_LINK});
    (void)world_run(world, NULL);
    assert_failed(world, "the device did not come back within 3 s: the link failed");
    assert_int_equal(world->frame_count, ARRAY_LENGTH(times_ms));
    assert_times(world, 0, times_ms, ARRAY_LENGTH(times_ms));
}

// Half of the time, at most three seconds: then it is not going away any more.
static void test_how_long_a_device_may_still_answer_from_before(void **state)
{
    static const struct {
        int64_t duration_ms;
        int64_t done_ms;
    } cases[] = {{2000, 2010}, {2020, 3015}, {4000, 3015}, {6000, 4020}, {120000, 4020}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        reboot(world, cases[i].duration_ms);
        (void)world_run(world, NULL);
        assert_completed(world);
        assert_int_equal(world->now_ms, cases[i].done_ms);
        world_free(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_write_is_read_back_at_growing_distances),
        WORLD_TEST(test_a_look_at_the_very_end_may_still_find_it),
        cmocka_unit_test(test_expect_looks_as_often_as_its_time_allows),
        WORLD_TEST(test_a_device_that_restarts_is_asked_each_second),
        WORLD_TEST(test_a_device_that_stays_away_is_asked_at_the_very_end),
        cmocka_unit_test(test_how_long_a_device_may_still_answer_from_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
