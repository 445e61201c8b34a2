// SPDX-License-Identifier: MIT
// A command that writes an entry whose condition is false: what is refused, and when.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "bus/hold_end.h"
#include "support/job_world.h"

enum { BATTERY_FIRST = 0, LOAD_FIRST = 1, MODE_ADDRESS = 141 };

// A world in which pair_a is only there under a condition.
static int set_up(void **state)
{
    struct world *world = world_new();
    world_points[PAIR_A].when = world_formula(world, "mode == load_first");
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    world_free(*state);
    return 0;
}

static void assert_refused(const struct world *world, const char *message, int writes)
{
    assert_int_equal(world->result->outcome, JOB_ERROR);
    assert_string_equal(world->result->message, message);
    assert_int_equal(world_writes(world, ANY), writes);
    assert_int_equal(world_writes(world, 200), 0);
}

static void test_what_is_not_there_is_refused_before_anything_is_written(void **state)
{
    struct world *world = *state;
    world_command(world, STEPS(world_write(world, "far := 1"), world_wait(10),
                               world_write(world, "pair_a := 7")));
    (void)world_run(world, NULL);
    assert_refused(world,
                   "pair_a (holding 200) cannot be written: it is only there when mode == "
                   "load_first (mode is battery_first); nothing was written",
                   0);
    assert_false(world->result->anything_written);
}

static void test_what_is_there_is_written(void **state)
{
    struct world *world = *state;
    world_hold(world, MODE, LOAD_FIRST);
    world_command(world, STEPS(world_write(world, "pair_a := 7")));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world_writes(world, 200), 1);
    // The condition, the write, its read-back: the step itself does not ask again.
    assert_int_equal(world->frame_count, 3);
}

static void test_a_condition_that_cannot_be_read_refuses(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.address = MODE_ADDRESS,
                                    .times = FOR_EVER,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = 2});
    world_command(world, STEPS(world_write(world, "pair_a := 7")));
    (void)world_run(world, NULL);
    assert_refused(world,
                   "pair_a (holding 200) cannot be written: whether mode == load_first is not "
                   "known: mode (holding 141) could not be read: illegal data address "
                   "(exception 2); nothing was written",
                   0);
}

static void test_steps_inside_try_are_looked_at_too(void **state)
{
    struct world *world = *state;
    world_command(world, STEPS(world_write(world, "far := 1"),
                               world_try(world, STEPS(world_write(world, "pair_a := 7")),
                                         STEPS(world_write(world, "far := 0")))));
    (void)world_run(world, NULL);
    assert_int_equal(world->result->outcome, JOB_ERROR);
    assert_int_equal(world_writes(world, ANY), 0);
}

static void test_a_condition_of_the_words_counts_for_a_view_of_them(void **state)
{
    struct world *world = *state;
    world_points[SLOT].source = SOURCE_VIEW;
    world_points[SLOT].from = FAR_ONE;
    world_points[FAR_ONE].when = world_formula(world, "mode == load_first");
    world_command(world, STEPS(world_write(world, "slot := 7")));
    (void)world_run(world, NULL);
    assert_int_equal(world->result->outcome, JOB_ERROR);
    assert_int_equal(world_writes(world, ANY), 0);
}

static void test_what_the_command_writes_first_counts(void **state)
{
    struct world *world = *state;
    world_command(world, STEPS(world_write(world, "mode := \"load_first\""),
                               world_write(world, "pair_a := 7")));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world_writes(world, 200), 1);
}

static void test_what_the_command_writes_first_may_forbid_it(void **state)
{
    struct world *world = *state;
    world_hold(world, MODE, LOAD_FIRST);
    world_command(world, STEPS(world_write(world, "mode := \"battery_first\""),
                               world_write(world, "pair_a := 7")));
    (void)world_run(world, NULL);
    assert_refused(world,
                   "pair_a (holding 200) cannot be written: it is only there when mode == "
                   "load_first (mode is battery_first)",
                   1);
}

static void test_what_the_command_awaits_first_counts(void **state)
{
    struct world *world = *state;
    world_change(world, 2000, MODE, LOAD_FIRST);
    world_command(world, STEPS(world_write(world, "far := 1"),
                               world_expect(world, "mode == load_first", 5000),
                               world_write(world, "pair_a := 7")));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world_writes(world, 200), 1);
}

// What is awaited is computed of an entry, the condition is over that entry itself.
static void test_what_is_awaited_by_way_of_a_formula_counts(void **state)
{
    struct world *world = *state;
    world_points[PAIR_A].when = world_formula(world, "rate_max == 10");
    world_change(world, 2000, RATE_MAX, 10);
    world_command(world, STEPS(world_write(world, "far := 1"),
                               world_expect(world, "rate_max_half == 5", 5000),
                               world_write(world, "pair_a := 7")));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world_writes(world, 200), 1);
}

static void test_after_a_restart_everything_may_be_different(void **state)
{
    struct world *world = *state;
    world_change(world, 3000, MODE, LOAD_FIRST);
    world_command(world, STEPS(world_write(world, "far := 1"),
                               (struct step){.kind = STEP_RECONNECT, .duration_ms = 20000},
                               world_write(world, "pair_a := 7")));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world_writes(world, 200), 1);
}

static void test_a_step_that_is_not_taken_refuses_nothing(void **state)
{
    struct world *world = *state;
    struct step step = world_write(world, "pair_a := 7");
    step.when = world_formula(world, "state == idle");
    world_command(world, STEPS(world_write(world, "far := 1"), step));
    (void)world_run(world, NULL); // the state is halted
    assert_completed(world);
    assert_int_equal(world_writes(world, 200), 0);
}

static void test_a_step_that_is_taken_is_checked_when_it_is(void **state)
{
    struct world *world = *state;
    struct step step = world_write(world, "pair_a := 7");
    step.when = world_formula(world, "state == halted");
    world_command(world, STEPS(world_write(world, "far := 1"), step));
    (void)world_run(world, NULL);
    assert_refused(world,
                   "pair_a (holding 200) cannot be written: it is only there when mode == "
                   "load_first (mode is battery_first)",
                   1);
}

// far := 1 is refused by the device; pair_a := 0 is what puts things right.
static void run_rollback(struct world *world)
{
    world_rule(world, (struct rule){.is_write = true,
                                    .address = 900,
                                    .times = FOR_EVER,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = 4});
    world_command(world, STEPS(world_try(world, STEPS(world_write(world, "far := 1")),
                                         STEPS(world_write(world, "pair_a := 0")))));
    (void)world_run(world, NULL);
    assert_int_equal(world->result->outcome, JOB_ERROR);
}

static void test_on_failure_does_not_write_what_is_not_there(void **state)
{
    struct world *world = *state;
    run_rollback(world);
    assert_int_equal(world_writes(world, 200), 0);
    assert_non_null(strstr(world->result->message, "; on_failure also failed: pair_a"));
}

static void test_on_failure_writes_when_the_condition_cannot_be_read(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.address = MODE_ADDRESS,
                                    .times = FOR_EVER,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = 4});
    run_rollback(world);
    assert_int_equal(world_writes(world, 200), 1);
    assert_non_null(strstr(world->result->message, "; rolled back"));
}

static void hold_command(struct world *world)
{
    struct step step = world_write(world, "far := 3");
    step.hold_every_ms = 30000;
    step.hold_for = world_formula(world, "60");
    step.hold_then = world_write(world, "pair_a := 0").writes;
    step.hold_then_count = 1;
    world_command(world, STEPS(step));
}

static void test_a_hold_that_could_not_end_does_not_begin(void **state)
{
    struct world *world = *state;
    hold_command(world);
    (void)world_run(world, NULL);
    assert_int_equal(world->result->outcome, JOB_ERROR);
    assert_int_equal(world_writes(world, ANY), 0);
    assert_int_equal(world->holds_begun, 0);
}

static void test_the_end_of_a_hold_is_written_without_asking(void **state)
{
    struct world *world = *state;
    hold_command(world);
    struct job_request *begun = world_request(world, NULL);
    struct hold_end *end = hold_end_new(begun, &world->command.steps[0]);
    struct job_request *request = hold_end_request(&world->map, end, 10000);
    hold_end_free(end);
    job_request_free(begun);
    (void)world_run_request(world, request);
    assert_completed(world);
    assert_int_equal(world_writes(world, 200), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_not_there_is_refused_before_anything_is_written),
        TEST(test_what_is_there_is_written),
        TEST(test_a_condition_that_cannot_be_read_refuses),
        TEST(test_steps_inside_try_are_looked_at_too),
        TEST(test_a_condition_of_the_words_counts_for_a_view_of_them),
        TEST(test_what_the_command_writes_first_counts),
        TEST(test_what_the_command_writes_first_may_forbid_it),
        TEST(test_what_the_command_awaits_first_counts),
        TEST(test_what_is_awaited_by_way_of_a_formula_counts),
        TEST(test_after_a_restart_everything_may_be_different),
        TEST(test_a_step_that_is_not_taken_refuses_nothing),
        TEST(test_a_step_that_is_taken_is_checked_when_it_is),
        TEST(test_on_failure_does_not_write_what_is_not_there),
        TEST(test_on_failure_writes_when_the_condition_cannot_be_read),
        TEST(test_a_hold_that_could_not_end_does_not_begin),
        TEST(test_the_end_of_a_hold_is_written_without_asking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
