// SPDX-License-Identifier: MIT
// What a command waits for: that something comes true, time, a device that restarts.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "support/job_world.h"

static void test_expect_waits_until_it_comes_true(void **state)
{
    struct world *world = *state;
    world_hold(world, STATE, 2);
    world_change(world, world->now_ms + 5000, STATE, 3);
    world_command(world, STEPS(world_expect(world, "state == steady", 20000)));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_in_range(world->now_ms, 6000, 6500);
    assert_in_range(world->frame_count, 10, 15); // about every 400 ms
}

static void test_expect_gives_up_naming_what_it_saw_last(void **state)
{
    static const struct {
        int64_t within_ms;
        const char *message;
        int most_frames;
    } cases[] = {
        {20000, "expect: state == steady did not come true within 20 s (state is standby)", 52},
        {1000, "expect: state == steady did not come true within 1 s (state is idle)", 7},
        {0, "expect: state == steady did not come true within 0 ms (state is idle)", 1},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        world_hold(world, STATE, 2);
        world_change(world, world->now_ms + 5000, STATE, 4);
        world_command(world, STEPS(world_expect(world, "state == steady", cases[i].within_ms)));
        const struct job_result *result = world_run(world, NULL);
        assert_failed(world, cases[i].message);
        assert_false(result->mismatch);
        assert_in_range(world->now_ms, 1000 + cases[i].within_ms,
                        1000 + cases[i].within_ms + 10);
        assert_in_range(world->frame_count, 1, cases[i].most_frames);
        world_free(world);
    }
}

static void test_expect_says_what_the_map_says(void **state)
{
    struct world *world = *state;
    struct step expect = world_expect(world, "state == steady", 1000);
    expect.otherwise = world_text(world, "still {state}");
    world_hold(world, STATE, 2);
    world_command(world, &expect, 1);
    (void)world_run(world, NULL);
    assert_failed(world, "still idle");
}

static void test_expect_outlives_faults(void **state)
{
    struct world *world = *state;
    world_hold(world, STATE, 2);
    world_rule(world,
               (struct rule){.address = 1200, .skip = 1, .times = 5, .fault = FAULT_TIMEOUT});
    world_change(world, world->now_ms + 8000, STATE, 3);
    world_command(world, STEPS(world_expect(world, "state == steady", 20000)));
    (void)world_run(world, NULL);
    assert_completed(world);
}

static void test_expect_says_that_nothing_was_read(void **state)
{
    struct world *world = *state;
    world_hold(world, STATE, 2);
    world_rule(
        world,
        (struct rule){.address = 1200, .skip = 1, .times = FOR_EVER, .fault = FAULT_TIMEOUT});
    world_command(world, STEPS(world_expect(world, "state == steady", 5000)));
    const struct job_result *result = world_run(world, NULL);
    assert_failed(world, "expect: state == steady did not come true within 5 s (state (input "
                         "1200) could not be read: no answer)");
    assert_int_equal(result->fault, FAULT_TIMEOUT);
}

static void test_expect_does_not_hurry_a_dead_link(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.address = 1200, .times = FOR_EVER, .fault = FAULT_LINK});
    world_command(world, STEPS(world_expect(world, "state == steady", 20000)));
    const struct job_result *result = world_run(world, NULL);
    assert_int_equal(result->fault, FAULT_LINK);
    assert_in_range(world->frame_count, 10, 52);
}

static void test_wait_and_log(void **state)
{
    struct world *world = *state;
    world_hold(world, STATE, 4);
    world_command(world, STEPS(world_log(world, "it is {state} now"), world_wait(1234),
                               world_log(world, "done")));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_string_equal(world->logs, "it is standby now|done|");
    assert_int_equal(world->waited_ms, 1234);
}

static struct step reconnect(int64_t duration_ms)
{
    return (struct step){.kind = STEP_RECONNECT, .duration_ms = duration_ms};
}

static void reboot_command(struct world *world, int64_t duration_ms)
{
    struct step write = world_write(world, "reboot := true");
    write.verify = false;
    world->command.timeout_ms = 180000;
    world_command(world, STEPS(write, reconnect(duration_ms)));
}

static void test_a_device_that_restarts_is_waited_for(void **state)
{
    struct world *world = *state;
    reboot_command(world, 120000);
    world_rule(world, (struct rule){.address = 1200, .times = 20, .fault = FAULT_TIMEOUT});
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world_writes(world, 4), 1);
    assert_in_range(world->now_ms, 25000, 45000); // 20 lost requests and the pauses between
    assert_in_range(world->reconnects, 3, 10);    // a connection from before may hang
}

static void test_a_restart_may_swallow_the_answer_to_its_write(void **state)
{
    struct world *world = *state;
    reboot_command(world, 120000);
    world_rule(world, (struct rule){.is_write = true,
                                    .address = 4,
                                    .times = 1,
                                    .is_executed = true,
                                    .fault = FAULT_LINK});
    world_rule(world, (struct rule){.address = 1200, .times = 3, .fault = FAULT_LINK});
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world_writes(world, 4), 1);
}

static void test_an_answer_at_once_is_from_before_the_restart(void **state)
{
    struct world *world = *state;
    reboot_command(world, 120000);
    // It answers once more before it goes away for a while.
    world_rule(world,
               (struct rule){.address = 1200, .skip = 1, .times = 10, .fault = FAULT_TIMEOUT});
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_true(world->now_ms > 10000);
}

static void test_a_device_that_never_goes_away_is_back_soon(void **state)
{
    struct world *world = *state;
    reboot_command(world, 120000);
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_in_range(world->now_ms, 1000 + 3000, 1000 + 5000);
}

static void test_a_refusal_is_an_answer_but_not_a_gateway_s(void **state)
{
    static const struct {
        uint8_t exception;
        const char *message;
    } cases[] = {
        {2, ""},
        {11,
         "the device did not come back within 20 s: gateway target device failed to respond "
         "(exception 11)"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        reboot_command(world, 20000);
        world_rule(world, (struct rule){.address = 1200,
                                        .times = FOR_EVER,
                                        .fault = FAULT_EXCEPTION,
                                        .exception = cases[i].exception});
        (void)world_run(world, NULL);
        assert_string_equal(world->result->message, cases[i].message);
        world_free(world);
    }
}

static void test_a_device_that_stays_away(void **state)
{
    struct world *world = *state;
    reboot_command(world, 60000);
    world_rule(world,
               (struct rule){.address = 1200, .times = FOR_EVER, .fault = FAULT_TIMEOUT});
    const struct job_result *result = world_run(world, NULL);
    assert_failed(world, "the device did not come back within 60 s: no answer");
    assert_int_equal(result->fault, FAULT_TIMEOUT);
    assert_true(result->anything_written);
    assert_in_range(world->now_ms, 61000, 64000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_expect_waits_until_it_comes_true),
        cmocka_unit_test(test_expect_gives_up_naming_what_it_saw_last),
        WORLD_TEST(test_expect_says_what_the_map_says),
        WORLD_TEST(test_expect_outlives_faults),
        WORLD_TEST(test_expect_says_that_nothing_was_read),
        WORLD_TEST(test_expect_does_not_hurry_a_dead_link),
        WORLD_TEST(test_wait_and_log),
        WORLD_TEST(test_a_device_that_restarts_is_waited_for),
        WORLD_TEST(test_a_restart_may_swallow_the_answer_to_its_write),
        WORLD_TEST(test_an_answer_at_once_is_from_before_the_restart),
        WORLD_TEST(test_a_device_that_never_goes_away_is_back_soon),
        cmocka_unit_test(test_a_refusal_is_an_answer_but_not_a_gateway_s),
        WORLD_TEST(test_a_device_that_stays_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
