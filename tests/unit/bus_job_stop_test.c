// SPDX-License-Identifier: MIT
// What ends a command before its steps do: its time, and the end of the program.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "support/job_world.h"

static void test_the_time_of_a_command_ends_its_step(void **state)
{
    static const struct {
        const char *condition; // expected for ever, or NULL: waited
        const char *message;
    } cases[] = {
        {NULL, "timed out after 3 s while waiting 60 s"},
        {"run", "timed out after 3 s while expecting run (run is false)"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        struct step step = world_wait(60000);
        if (cases[i].condition)
            step = world_expect(world, cases[i].condition, 60000);
        world->command.timeout_ms = 3000;
        world_command(world, STEPS(step, world_write(world, "far := 1")));
        const struct job_result *result = world_run(world, NULL);
        assert_failed(world, cases[i].message);
        assert_int_equal(result->fault, FAULT_NONE);
        assert_int_equal(world_writes(world, ANY), 0);
        assert_in_range(world->now_ms, 4000, 4010);
        world_free(world);
    }
}

static void test_time_over_while_reading_back(void **state)
{
    struct world *world = *state;
    struct step write = world_write(world, "pair_a := 1");
    write.within_ms = 20000;
    world->command.timeout_ms = 3000;
    world_rule(world, (struct rule){.is_write = true,
                                    .address = 200,
                                    .times = FOR_EVER,
                                    .fault = FAULT_GARBLED});
    world_command(world, &write, 1);
    const struct job_result *result = world_run(world, NULL);
    assert_failed(world, "timed out after 3 s while reading back pair_a (holding 200), the "
                         "outcome of the write is unknown");
    assert_true(result->anything_written);
    assert_int_equal(world_writes(world, ANY), 1);
}

static void test_time_over_rolls_back_all_the_same(void **state)
{
    struct world *world = *state;
    world->command.timeout_ms = 3000;
    world_command(
        world,
        STEPS(world_try(
            world, STEPS(world_write(world, "pair_a := 1"), world_expect(world, "run", 60000)),
            STEPS(world_write(world, "pair_a := 0"), world_wait(500),
                  world_write(world, "far := 7")))));
    (void)world_run(world, NULL);
    assert_failed(world, "timed out after 3 s while expecting run (run is false); rolled back");
    assert_int_equal(world_writes(world, 200), 2);
    assert_int_equal(world_held(world, PAIR_A), 0);
    assert_int_equal(world_held(world, FAR_ONE), 7);
}

static void test_time_over_on_a_silent_device_says_so(void **state)
{
    struct world *world = *state;
    world->command.timeout_ms = 3000;
    world_rule(world, (struct rule){.address = ANY, .times = FOR_EVER, .fault = FAULT_TIMEOUT});
    world_command(world, STEPS(world_expect(world, "run", 60000)));
    const struct job_result *result = world_run(world, NULL);
    assert_failed(world, "timed out after 3 s while expecting run (run is unknown)");
    assert_int_equal(result->fault, FAULT_TIMEOUT);
}

static void test_rolling_back_a_dead_device_ends(void **state)
{
    struct world *world = *state;
    struct step undo[40];
    for (size_t i = 0; i < ARRAY_LENGTH(undo); i++)
        undo[i] = world_write(world, "pair_a := 0");
    world_rule(world, (struct rule){.is_write = true,
                                    .address = ANY,
                                    .times = FOR_EVER,
                                    .fault = FAULT_TIMEOUT});
    world_rule(world, (struct rule){.address = 200, .times = FOR_EVER, .fault = FAULT_TIMEOUT});
    world_command(world, STEPS(world_try(world, STEPS(world_require(world, "run", "no")), undo,
                                         ARRAY_LENGTH(undo))));
    const struct job_result *result = world_run(world, NULL);
    assert_int_equal(result->outcome, JOB_ERROR);
    assert_non_null(
        strstr(result->message, "no; on_failure also failed: no answer to the write"));
    assert_in_range(world->now_ms, 1000 + 9000, 1000 + 12000);
}

static void test_all_rollbacks_share_their_time(void **state)
{
    struct world *world = *state;
    struct step inner =
        world_try(world, STEPS(world_require(world, "run", "no")), STEPS(world_wait(8000)));
    world_command(world, STEPS(world_try(world, STEPS(inner), STEPS(world_wait(8000)))));
    (void)world_run(world, NULL);
    assert_failed(world, "no; on_failure also failed: there was no time left for it");
    assert_in_range(world->now_ms, 11000, 11010);
}

static void test_completed_in_time_but_reported_late(void **state)
{
    struct world *world = *state;
    world->command.timeout_ms = 3000;
    world_command(world, STEPS(world_wait(2999)));
    world_result(world, "far");
    world_result(world, "state");
    world_hold(world, STATE, 2);
    world_rule(world, (struct rule){.address = 900, .times = FOR_EVER, .fault = FAULT_TIMEOUT});
    const struct job_result *result = world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(result->value_count, 1);
}

static void test_stop_ends_waits_at_once(void **state)
{
    static const struct {
        enum step_kind kind;
        int stop_at;
        const char *message;
    } cases[] = {
        {STEP_WAIT, 2, "stopped while waiting 20 s"},
        {STEP_EXPECT, 3, "stopped while expecting run (run is false)"},
        {STEP_RECONNECT, 3, "stopped while waiting for the device to come back"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        struct step step = world_expect(world, "run", 20000);
        step.kind = cases[i].kind;
        step.duration_ms = 20000;
        world_command(world, STEPS(step, world_write(world, "far := 1")));
        world->stop_at = cases[i].stop_at;
        (void)world_run(world, NULL);
        assert_failed(world, cases[i].message);
        assert_true(world->now_ms < 1000 + 10);
        assert_int_equal(world_writes(world, ANY), 0);
        world_free(world);
    }
}

static void test_stop_leaves_a_rollback_one_second(void **state)
{
    struct world *world = *state;
    world_command(world, STEPS(world_try(world, STEPS(world_require(world, "run", "no")),
                                         STEPS(world_write(world, "far := 1"), world_wait(5000),
                                               world_write(world, "pair_a := 1")))));
    world->stop_at = 5;
    const struct job_result *result = world_run(world, NULL);
    assert_non_null(strstr(result->message, "no; on_failure also failed: there was no time"));
    assert_int_equal(world_held(world, FAR_ONE), 1);
    assert_int_equal(world_writes(world, 200), 0);
    assert_true(world->now_ms < 1000 + 1100);
}

static void test_a_rollback_for_a_stop_has_one_second(void **state)
{
    struct world *world = *state;
    world_command(world,
                  STEPS(world_try(world, STEPS(world_wait(20000)),
                                  STEPS(world_write(world, "far := 1"), world_wait(5000)))));
    world->stop_at = 3; // the note that the try begins, its wait
    (void)world_run(world, NULL);
    assert_failed(world,
                  "stopped while waiting 20 s; on_failure also failed: there was no time "
                  "left for it");
    assert_int_equal(world_held(world, FAR_ONE), 1);
    assert_in_range(world->now_ms, 2000, 2010);
}

static void test_a_stop_may_bring_the_answer_along(void **state)
{
    struct world *world = *state;
    struct answer answer = {.count = 1};
    struct job_event event = {.kind = JOB_EVENT_TIME};
    struct step write = world_write(world, "pair_a := 1");
    write.verify = false;
    world_command(world, &write, 1);
    struct job *job =
        job_new(&world->planning, WORLD_UNIT, world->image, world_request(world, NULL), 0);
    assert_int_equal(job_step(job, 0, 0, &event).kind, JOB_SEND);
    event = (struct job_event){.kind = JOB_EVENT_STOP, .answer = &answer};
    assert_int_equal(job_step(job, 1, 0, &event).kind, JOB_DONE);
    world->result = job_take_result(job);
    assert_completed(world);
    job_free(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_time_of_a_command_ends_its_step),
        WORLD_TEST(test_time_over_while_reading_back),
        WORLD_TEST(test_time_over_rolls_back_all_the_same),
        WORLD_TEST(test_time_over_on_a_silent_device_says_so),
        WORLD_TEST(test_rolling_back_a_dead_device_ends),
        WORLD_TEST(test_all_rollbacks_share_their_time),
        WORLD_TEST(test_completed_in_time_but_reported_late),
        cmocka_unit_test(test_stop_ends_waits_at_once),
        WORLD_TEST(test_stop_leaves_a_rollback_one_second),
        WORLD_TEST(test_a_rollback_for_a_stop_has_one_second),
        WORLD_TEST(test_a_stop_may_bring_the_answer_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
