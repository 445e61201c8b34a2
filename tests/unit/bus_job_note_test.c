// SPDX-License-Identifier: MIT
// What a crash would leave open is noted before a try is entered, left or undone; and what was
// left open is undone.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "bus/tries.h"
#include "support/job_world.h"

// pair_a (200) := 1 inside a try that is undone by pair_a := 0, then pair_b (201) := 1; with
// `fails`, the last step of the try fails.
static void one_try(struct world *world, bool fails)
{
    struct step steps[] = {world_write(world, "pair_a := 1"),
                           world_require(world, "run", "no")};
    struct step try =
        world_try(world, steps, fails ? 2 : 1, STEPS(world_write(world, "pair_a := 0")));
    world_command(world, STEPS(try, world_write(world, "pair_b := 0.1")));
}

// 1 around 2, which fails; 3 stands beside 1. Each writes 200 in its steps, 201 in on_failure.
static void nested_tries(struct world *world)
{
    struct step inner = world_try(
        world, STEPS(world_write(world, "pair_a := 2"), world_require(world, "run", "no")),
        STEPS(world_write(world, "pair_b := 0.2")));
    struct step outer = world_try(world, STEPS(world_write(world, "pair_a := 1"), inner),
                                  STEPS(world_write(world, "pair_b := 0.1")));
    struct step last = world_try(world, STEPS(world_write(world, "pair_a := 3")),
                                 STEPS(world_write(world, "pair_b := 0.3")));
    world_command(world, STEPS(outer, last));
}

static void assert_story(const struct world *world, const char *story)
{
    assert_string_equal(world->story, story);
}

static void test_a_try_is_noted_before_it_and_after_it(void **state)
{
    struct world *world = *state;
    one_try(world, false);
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_story(world, "[1]200=1 []201=1 ");
}

static void test_on_failure_is_noted_before_it_begins(void **state)
{
    struct world *world = *state;
    one_try(world, true);
    (void)world_run(world, NULL);
    assert_failed(world, "no; rolled back");
    assert_story(world, "[1]200=1 [1!]200=0 ");
}

static void test_tries_inside_each_other_are_noted_outermost_first(void **state)
{
    struct world *world = *state;
    nested_tries(world);
    (void)world_run(world, NULL);
    assert_failed(world, "no; rolled back");
    assert_story(world, "[1]200=1 [1 2]200=2 [1 2!]201=2 [1!]201=1 ");
}

static void test_a_try_inside_on_failure_is_noted_too(void **state)
{
    struct world *world = *state;
    struct step undo = world_try(world, STEPS(world_write(world, "pair_a := 5")),
                                 STEPS(world_write(world, "pair_b := 0.5")));
    world_command(world, STEPS(world_try(world, STEPS(world_require(world, "run", "no")),
                                         STEPS(undo, world_write(world, "pair_a := 0")))));
    (void)world_run(world, NULL);
    assert_failed(world, "no; rolled back");
    assert_story(world, "[1][1!][1! 2]200=5 [1!]200=0 ");
}

static void test_a_try_without_on_failure_needs_no_note(void **state)
{
    struct world *world = *state;
    world_command(world,
                  STEPS(world_try(world, STEPS(world_write(world, "pair_a := 1")), NULL, 0)));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_story(world, "200=1 ");
}

static void test_a_try_that_cannot_be_noted_is_not_entered(void **state)
{
    static const char refused[] = "try: the disk does not take what must be undone after a "
                                  "crash; none of its steps was done";
    struct world *world = *state;
    one_try(world, false);
    world->refuses_note = 1;
    const struct job_result *result = world_run(world, NULL);
    assert_failed(world, refused);
    assert_false(result->anything_written);
    assert_story(world, "[1]");
}

static void test_what_is_around_it_is_undone_then(void **state)
{
    struct world *world = *state;
    nested_tries(world);
    world->refuses_note = 2;
    (void)world_run(world, NULL);
    assert_failed(world,
                  "try: the disk does not take what must be undone after a crash; none of "
                  "its steps was done; rolled back");
    assert_story(world, "[1]200=1 [1 2][1!]201=1 ");
}

static void test_a_note_that_never_comes_ends_the_command_in_its_time(void **state)
{
    struct world *world = *state;
    one_try(world, false);
    world->forgets_note = 1;
    world->command.timeout_ms = 3000;
    (void)world_run(world, NULL);
    assert_failed(world,
                  "timed out after 3 s while noting on disk what a crash would leave open");
    assert_story(world, "[1]");
}

// A disk may keep a try from beginning, but neither what follows it nor on_failure.
static void test_no_disk_stops_what_has_begun(void **state)
{
    static const struct {
        bool fails;
        int refuses;
        int forgets;
        const char *story;
    } cases[] = {
        {false, 2, 0, "[1]200=1 []201=1 "},
        {false, 0, 2, "[1]200=1 []201=1 "},
        {true, 2, 0, "[1]200=1 [1!]200=0 "},
        {true, 0, 2, "[1]200=1 [1!]200=0 "},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        one_try(world, cases[i].fails);
        world->refuses_note = cases[i].refuses;
        world->forgets_note = cases[i].forgets;
        int64_t began_ms = world->now_ms;
        const struct job_result *result = world_run(world, NULL);
        assert_int_equal(result->outcome, cases[i].fails ? JOB_ERROR : JOB_COMPLETED);
        assert_story(world, cases[i].story);
        assert_in_range(world->now_ms - began_ms, 0, 1500);
        world_free(world);
    }
}

static void test_a_stop_while_a_note_is_on_its_way(void **state)
{
    for (int at = 1; at < 10; at++) {
        for (int forgets = 0; forgets <= 3; forgets++) {
            struct world *world = world_new();
            one_try(world, false);
            world->forgets_note = forgets;
            world->stop_at = at;
            int64_t began_ms = world->now_ms;
            (void)world_run(world, NULL);
            // What was begun is either left in order or undone.
            assert_true(!strstr(world->story, "200=1") || strstr(world->story, "[]") ||
                        strstr(world->story, "[1!]200=0"));
            assert_in_range(world->now_ms - began_ms, 0, forgets == 1 ? 31000 : 2500);
            world_free(world);
        }
    }
    (void)state;
}

static void test_tries_are_numbered_in_the_order_of_the_map(void **state)
{
    struct world *world = *state;
    nested_tries(world);
    const struct command *command = &world->command;
    assert_ptr_equal(tries_find(command, 1), &command->steps[0]);
    assert_ptr_equal(tries_find(command, 2), &command->steps[0].steps[1]);
    assert_ptr_equal(tries_find(command, 3), &command->steps[1]);
    assert_null(tries_find(command, 4));
    assert_null(tries_find(command, 0));
    for (unsigned i = 1; i <= 3; i++)
        assert_int_equal(tries_ordinal(command, tries_find(command, i)), i);
    assert_int_equal(tries_ordinal(command, &command->steps[0].steps[0]), 0);
}

// Undoing
// ----------------------------------------------------------------------------------------

// What is left open by `nested_tries`, innermost first.
static void undo_nested(struct world *world)
{
    nested_tries(world);
    struct step left[] = {*tries_find(&world->command, 2), *tries_find(&world->command, 1)};
    world_command(world, left, 2);
    world_result(world, "pair_a");
    world_hold(world, PAIR_A, 2);
    struct job_request *request = world_request(world, NULL);
    request->undoes = true;
    (void)world_run_request(world, request);
}

static void test_what_was_left_open_is_undone_and_read(void **state)
{
    struct world *world = *state;
    undo_nested(world);
    assert_completed(world);
    assert_story(world, "201=2 201=1 ");
    assert_true(world->result->anything_written);
    assert_int_equal(world->result->value_count, 1);
    assert_true(value_number(&world->result->values[0].value) == 2);
}

static void test_all_is_undone_whatever_fails(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.is_write = true,
                                    .address = 201,
                                    .times = 1,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = 3});
    undo_nested(world);
    assert_int_equal(world->result->outcome, JOB_COMPLETED);
    assert_string_equal(world->result->message, "write of pair_b (holding 201) was refused: "
                                                "illegal data value (exception 3)");
    assert_story(world, "201=1 ");
    assert_int_equal(world->result->value_count, 1);
}

static void test_undoing_a_dead_device_ends(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.is_write = true,
                                    .address = ANY,
                                    .times = FOR_EVER,
                                    .fault = FAULT_TIMEOUT});
    world_rule(world, (struct rule){.address = ANY, .times = FOR_EVER, .fault = FAULT_TIMEOUT});
    undo_nested(world);
    assert_int_equal(world->result->outcome, JOB_COMPLETED);
    assert_non_null(strstr(world->result->message, "no answer to the write"));
    assert_int_equal(world->result->fault, FAULT_TIMEOUT);
    assert_int_equal(world->result->value_count, 0);
    assert_in_range(world->now_ms, 1000, 1000 + 20000);
}

static void test_undoing_that_is_stopped_before_it_begins(void **state)
{
    struct world *world = *state;
    world->stop_at = 1;
    undo_nested(world);
    assert_int_equal(world->result->outcome, JOB_ERROR);
    assert_int_equal(world->result->fault, FAULT_STOPPED);
    assert_false(world->result->anything_written);
}

static void test_undoing_without_a_line(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.is_write = true,
                                    .address = ANY,
                                    .times = FOR_EVER,
                                    .is_unsent = true,
                                    .fault = FAULT_LINK});
    undo_nested(world);
    assert_int_equal(world->result->outcome, JOB_COMPLETED);
    assert_int_equal(world->result->fault, FAULT_LINK);
    assert_false(world->result->anything_written);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_try_is_noted_before_it_and_after_it),
        WORLD_TEST(test_on_failure_is_noted_before_it_begins),
        WORLD_TEST(test_tries_inside_each_other_are_noted_outermost_first),
        WORLD_TEST(test_a_try_inside_on_failure_is_noted_too),
        WORLD_TEST(test_a_try_without_on_failure_needs_no_note),
        WORLD_TEST(test_a_try_that_cannot_be_noted_is_not_entered),
        WORLD_TEST(test_what_is_around_it_is_undone_then),
        WORLD_TEST(test_a_note_that_never_comes_ends_the_command_in_its_time),
        WORLD_TEST(test_no_disk_stops_what_has_begun),
        WORLD_TEST(test_a_stop_while_a_note_is_on_its_way),
        WORLD_TEST(test_tries_are_numbered_in_the_order_of_the_map),
        WORLD_TEST(test_what_was_left_open_is_undone_and_read),
        WORLD_TEST(test_all_is_undone_whatever_fails),
        WORLD_TEST(test_undoing_a_dead_device_ends),
        WORLD_TEST(test_undoing_that_is_stopped_before_it_begins),
        WORLD_TEST(test_undoing_without_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
