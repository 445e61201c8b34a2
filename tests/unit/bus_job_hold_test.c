// SPDX-License-Identifier: MIT
// How a command begins a hold: with which frame, for how long, and when not at all.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "bus/hold_end.h"
#include "support/job_world.h"

// pair_b := power, held for `time` seconds, then `then`.
static void hold_command(struct world *world, const char *time, const char *then)
{
    world_argument(world, "power", ARGUMENT_FLOAT);
    world_argument(world, "time", ARGUMENT_DURATION);
    struct step step = world_write(world, "pair_b := power");
    struct step end = world_write(world, then);
    step.hold_every_ms = 30000;
    step.hold_for = world_formula(world, time);
    step.hold_then = end.writes;
    step.hold_then_count = end.write_count;
    world_command(world, STEPS(step));
    world_result(world, "pair_b");
}

static void run(struct world *world, double power, int time)
{
    (void)world_run(
        world, (struct value[]){value_real(power, DECIMALS_SHORTEST), value_integer(time)});
}

static void test_the_frame_that_is_written_begins_it(void **state)
{
    struct world *world = *state;
    hold_command(world, "time", "pair_b := 0");
    run(world, 23.1, 60);
    assert_completed(world); // when it has read back, whatever is still held
    assert_int_equal(world_writes(world, ANY), 1);
    assert_int_equal(world->holds_begun, 1);
    assert_int_equal(world->hold_for_ms, 60000);
    assert_int_equal(world->hold_frame.address, 201);
    assert_int_equal(world->hold_frame.words[0], 231);
    assert_int_equal(world->waited_ms, 0);
}

static void test_the_time_is_evaluated_once_over_fresh_readings(void **state)
{
    struct world *world = *state;
    hold_command(world, "rate_min / 4", "pair_b := 0");
    world_hold(world, RATE_MIN, 10);
    run(world, 1, 60);
    assert_completed(world);
    assert_int_equal(world->hold_for_ms, 2500);
}

static void test_a_time_that_cannot_be_is_refused_before_the_frame(void **state)
{
    static const struct {
        const char *time;
        const char *message;
    } cases[] = {
        {"time - 60", "hold: 0 s is no time to hold something: more than 0, at most a year"},
        {"0 - time", "hold: -60 s is no time to hold something: more than 0, at most a year"},
        {"time * 1000000",
         "hold: 60000000 s is no time to hold something: more than 0, at most a year"},
        {"time / 0", "hold: how long is not known: time / 0 has no value"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        hold_command(world, cases[i].time, "pair_b := 0");
        run(world, 1, 60);
        assert_failed(world, cases[i].message);
        assert_int_equal(world_writes(world, ANY), 0);
        assert_int_equal(world->holds_begun, 0);
        world_free(world);
    }
}

static void test_nothing_is_held_whose_end_does_not_fit(void **state)
{
    struct world *world = *state;
    hold_command(world, "time", "pair_b := power * 100");
    run(world, 66, 60);
    assert_int_equal(world->result->outcome, JOB_ERROR);
    assert_non_null(strstr(world->result->message, "hold: then cannot be written: pair_b"));
    assert_int_equal(world->frame_count, 0);
}

static void test_a_frame_that_is_not_answered_begins_it_all_the_same(void **state)
{
    struct world *world = *state;
    hold_command(world, "time", "pair_b := 0");
    world_rule(world, (struct rule){.is_write = true,
                                    .address = ANY,
                                    .times = 1,
                                    .is_executed = true,
                                    .fault = FAULT_TIMEOUT});
    run(world, 5, 60);
    assert_completed(world);
    assert_int_equal(world->holds_begun, 1);
    assert_int_equal(world_writes(world, ANY), 1);
}

static void test_a_busy_device_is_asked_again_with_the_same(void **state)
{
    struct world *world = *state;
    hold_command(world, "time", "pair_b := 0");
    world_rule(world, (struct rule){.is_write = true,
                                    .address = ANY,
                                    .times = 1,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = 6});
    run(world, 5, 60);
    assert_completed(world);
    assert_int_equal(world_writes(world, ANY), 2);
    assert_int_equal(world->holds_begun, 2); // each frame says so; the refused one counts not
}

// What wears is compared before it is written, but a hold must know that it was written.
static void test_what_is_held_is_written_even_when_it_is_there(void **state)
{
    struct world *world = *state;
    world_argument(world, "power", ARGUMENT_FLOAT);
    struct step step = world_write(world, "worn := 5");
    step.hold_every_ms = 1000;
    step.hold_for = world_formula(world, "60");
    step.hold_then = step.writes;
    step.hold_then_count = 1;
    world_command(world, STEPS(step));
    world_hold(world, WORN, 5);
    (void)world_run(world, (struct value[]){value_unknown()});
    assert_completed(world);
    assert_int_equal(world_writes(world, 300), 1);
    assert_int_equal(world->holds_begun, 1);
}

static void test_an_end_that_one_frame_cannot_hold_is_refused(void **state)
{
    struct world *world = *state;
    hold_command(world, "time", "pair_a := 0; far := 0");
    run(world, 5, 60);
    assert_failed(world, "pair_a and the entries written with it are not adjacent: write them "
                         "in two steps");
    assert_int_equal(world->frame_count, 0);
}

// The end as a command of its own, with the values of the moment the hold began.
static void test_the_end_is_written_and_read_back(void **state)
{
    struct world *world = *state;
    hold_command(world, "time", "pair_b := power / 2");
    struct value arguments[] = {value_integer(30), value_integer(60)};
    struct job_request *request = world_request(world, arguments);
    struct hold_end *end = hold_end_new(request, &world->command.steps[0]);
    assert_int_equal(end->serial, 99);
    assert_int_equal(end->device, 3);
    assert_ptr_equal(end->step, &world->command.steps[0]);
    job_request_free(request);
    world_hold(world, PAIR_B, 300);
    (void)world_run_request(world, hold_end_request(&world->map, end, 10000));
    hold_end_free(end);
    assert_completed(world);
    assert_int_equal(world->tables[TABLE_HOLDING][201], 150);
    assert_int_equal(world_writes(world, ANY), 1);
    assert_true(world->frame_count > 1); // it was read back
    assert_int_equal(world->holds_begun, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_the_frame_that_is_written_begins_it),
        WORLD_TEST(test_the_time_is_evaluated_once_over_fresh_readings),
        cmocka_unit_test(test_a_time_that_cannot_be_is_refused_before_the_frame),
        WORLD_TEST(test_nothing_is_held_whose_end_does_not_fit),
        WORLD_TEST(test_a_frame_that_is_not_answered_begins_it_all_the_same),
        WORLD_TEST(test_a_busy_device_is_asked_again_with_the_same),
        WORLD_TEST(test_what_is_held_is_written_even_when_it_is_there),
        WORLD_TEST(test_an_end_that_one_frame_cannot_hold_is_refused),
        WORLD_TEST(test_the_end_is_written_and_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
