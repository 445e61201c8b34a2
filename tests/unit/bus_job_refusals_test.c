// SPDX-License-Identifier: MIT
// What a command says when it cannot go on: why, and what was seen.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "bus/job_frame.h"
#include "support/job_world.h"

// Reads of an address get this exception from now on.
static void refuse_reads(struct world *world, int address)
{
    world_rule(world, (struct rule){.address = address,
                                    .times = FOR_EVER,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = 2});
}

static void test_a_scale_that_is_not_known(void **state)
{
    (void)state;
    struct world *world = world_new();
    refuse_reads(world, 1200);
    world_command(world, STEPS(world_write(world, "scaled := 5")));
    world_run(world, NULL);
    assert_int_equal(world->result->outcome, JOB_ERROR);
    assert_non_null(strstr(world->result->message, "scaled: its scale is not known: "));
    assert_non_null(strstr(world->result->message, "state (input 1200)"));
    assert_int_equal(world_writes(world, ANY), 0);
    world_free(world);
}

static void test_a_value_that_is_computed(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_command(world, STEPS(world_write(world, "rate_max_half := 5")));
    world_run(world, NULL);
    assert_failed(world, "rate_max_half cannot be written");
    assert_int_equal(world->frame_count, 0);
    world_free(world);
}

// A frame holds 123 registers (Modbus Application Protocol V1.1b3, section 6.12).
static void test_what_one_frame_cannot_hold(void **state)
{
    (void)state;
    static struct point points[3];
    for (int i = 0; i < 3; i++)
        points[i] = (struct point){.key = (const char *[]){"a", "b", "c"}[i],
                                   .table = TABLE_HOLDING,
                                   .unit_id = NO_INDEX,
                                   .address = (uint16_t)(100 * i),
                                   .word_count = 100,
                                   .access = ACCESS_READ_WRITE,
                                   .from = NO_INDEX};
    const struct map map = {.points = points, .point_count = 3};
    const struct assignment writes[] = {{.point = 0}, {.point = 1}, {.point = 2}};
    struct write_frame frame;
    struct error err = {0};
    assert_int_equal(write_frame_lay_out(&map, writes, 1, &frame, &err), 0);
    assert_int_equal(frame.count, 100);
    assert_int_equal(write_frame_lay_out(&map, writes, 2, &frame, &err), -1);
    assert_string_equal(err.text,
                        "a and the entries written with it make more than 123 registers");
    assert_int_equal(write_frame_lay_out(&map, writes, 3, &frame, &err), -1);
    assert_string_equal(err.text,
                        "c and the entries written with it are too many for one frame");
    assert_int_equal(write_frame_lay_out(&map, writes, 0, &frame, &err), -1);
    assert_string_equal(err.text, "a write without entries");
    points[1].word_count = 23;
    assert_int_equal(write_frame_lay_out(&map, writes, 2, &frame, &err), 0);
    assert_int_equal(frame.count, 123);
}

static void test_texts_that_look_alike_are_told_apart_by_their_words(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_rule(world, (struct rule){.is_write = true, .address = 500, .times = FOR_EVER});
    memcpy(&world->tables[TABLE_HOLDING][500], (uint16_t[]){0x4142, 0x2020, 0x2020, 0x2020},
           4 * sizeof(uint16_t));
    world_command(world, STEPS(world_write(world, "name := \"AB\"")));
    world_run(world, NULL);
    assert_failed(world, "name (holding 500) reads back as AB = 0x4142 2020 2020 2020 "
                         "instead of AB = 0x4142 0000 0000 0000");
    assert_true(world->result->mismatch);
    world_free(world);
}

static void test_a_condition_says_what_was_seen_and_what_was_not(void **state)
{
    (void)state;
    struct world *world = world_new();
    world->tables[TABLE_INPUT][1200] = 4;
    refuse_reads(world, 1100);
    world_command(
        world, STEPS(world_require(world, "state == idle and default(rate_min, 0) > 5", NULL)));
    world_run(world, NULL);
    assert_failed(world, "require: state == idle and default(rate_min, 0) > 5 does not hold "
                         "(state is standby, rate_min is unknown)");
    world_free(world);
}

static void test_texts_are_filled_with_arguments_and_what_is_not_known(void **state)
{
    (void)state;
    struct world *world = world_new();
    const struct value arguments[] = {value_integer(40)};
    world->tables[TABLE_INPUT][1200] = 4;
    world_argument(world, "rate", ARGUMENT_INTEGER);
    refuse_reads(world, 1100);
    world_command(
        world, STEPS(world_log(world, "{rate} in {state} = {raw(state)}, least {rate_min}")));
    world_run(world, arguments);
    assert_completed(world);
    assert_string_equal(world->logs, "40 in standby = 4, least unknown|");
    world_free(world);
}

static void test_reconnect_needs_something_that_is_polled(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_points[STATE].every_ms = EVERY_NEED;
    world_command(world, STEPS((struct step){.kind = STEP_RECONNECT, .within_ms = 5000}));
    world_run(world, NULL);
    assert_failed(world, "reconnect: the map polls nothing that would show the device");
    assert_int_equal(world->reconnects, 0);
    world_free(world);
}

static void test_a_frame_that_never_left(void **state)
{
    (void)state;
    static const struct {
        enum fault fault;
        const char *why;
    } rows[] = {
        {FAULT_LINK, "the link is down"},
        {FAULT_STOPPED, "the program stops"},
        {FAULT_IDENTITY, "another device or chain of SunSpec models answered"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct world *world = world_new();
        world_rule(world, (struct rule){.is_write = true,
                                        .address = 200,
                                        .times = FOR_EVER,
                                        .is_unsent = true,
                                        .fault = rows[i].fault});
        world_command(world, STEPS(world_write(world, "pair_a := 9")));
        world_run(world, NULL);
        assert_int_equal(world->result->outcome, JOB_ERROR);
        assert_non_null(strstr(world->result->message, rows[i].why));
        assert_int_equal(world_held(world, PAIR_A), 0);
        world_free(world);
    }
}

// The job of a hold's end, when the program stops: it ends by then, whatever it waits for.
static void test_a_job_may_be_limited(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_command(world, STEPS(world_wait(20000)));
    struct job *job = job_new(&world->planning, WORLD_UNIT, world->image,
                              world_request(world, NULL), world->now_ms);
    struct job_event event = {.kind = JOB_EVENT_TIME};
    struct answer answer = {0};
    job_limit(job, world->now_ms + 2000);
    job_limit(job, world->now_ms + 9000); // a later limit changes nothing
    struct job_action action = job_step(job, world->now_ms, 0, &event);
    while (world_serve(world, &action, &event, &answer))
        action = job_step(job, world->now_ms, 0, &event);
    assert_int_equal(world->now_ms, 3000);
    world->result = job_take_result(job);
    assert_int_equal(world->result->outcome, JOB_ERROR);
    job_free(job);
    world_free(world);
}

static void test_no_more_than_five_entries_are_named(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_rule(world, (struct rule){.is_write = true,
                                    .address = 200,
                                    .times = FOR_EVER,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = 2});
    world_command(world, STEPS(world_write(world, "pair_a := 1; pair_b := 1; pair_a := 1; "
                                                  "pair_b := 1; pair_a := 1; pair_b := 1; "
                                                  "pair_a := 1")));
    world_run(world, NULL);
    assert_int_equal(world->result->outcome, JOB_ERROR);
    assert_non_null(strstr(world->result->message, "pair_a (holding 200) and 2 more"));
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_scale_that_is_not_known),
        cmocka_unit_test(test_a_value_that_is_computed),
        cmocka_unit_test(test_what_one_frame_cannot_hold),
        cmocka_unit_test(test_texts_that_look_alike_are_told_apart_by_their_words),
        cmocka_unit_test(test_a_condition_says_what_was_seen_and_what_was_not),
        cmocka_unit_test(test_texts_are_filled_with_arguments_and_what_is_not_known),
        cmocka_unit_test(test_reconnect_needs_something_that_is_polled),
        cmocka_unit_test(test_a_frame_that_never_left),
        cmocka_unit_test(test_a_job_may_be_limited),
        cmocka_unit_test(test_no_more_than_five_entries_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
