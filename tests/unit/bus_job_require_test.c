// SPDX-License-Identifier: MIT
// What a command asks before it goes on, how fresh that must be, and with which requests it
// is read.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "support/job_world.h"

static void test_require_holds(void **state)
{
    struct world *world = *state;
    world_hold(world, STATE, 2);
    world_command(world, STEPS(world_require(world, "state == idle", NULL),
                               world_write(world, "run := true")));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world_held(world, RUN), 1);
}

static void test_require_refuses_naming_what_it_saw(void **state)
{
    static const struct {
        const char *condition;
        const char *otherwise;
        const char *message;
    } cases[] = {
        {"state == idle", NULL, "require: state == idle does not hold (state is steady)"},
        {"state == idle", "not now: {state}, {far}", "not now: steady, 12"},
        {"production_rate < far and pair_b > 1", NULL,
         "require: production_rate < far and pair_b > 1 does not hold (production_rate is 80.0 "
         "%, far is 12, pair_b is 2.5 V)"},
        {"status == 2 or status == 4", NULL,
         "require: status == 2 or status == 4 does not hold (status is 3)"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        world_hold(world, STATE, 3);
        world_hold(world, FAR_ONE, 12);
        world_hold(world, RATE, 80);
        world->tables[TABLE_HOLDING][201] = 25;
        world_command(world, STEPS(world_require(world, cases[i].condition, cases[i].otherwise),
                                   world_write(world, "run := true")));
        const struct job_result *result = world_run(world, NULL);
        assert_failed(world, cases[i].message);
        assert_int_equal(world_writes(world, ANY), 0);
        assert_false(result->anything_written);
        world_free(world);
    }
}

static void test_require_needs_to_know(void **state)
{
    static const struct {
        struct rule rule;
        uint16_t state;
        const char *message;
        enum fault fault;
    } cases[] = {
        {{.address = 1200, .times = FOR_EVER, .fault = FAULT_TIMEOUT},
         2,
         "require: state == idle cannot be checked: state (input 1200) could not be read: no "
         "answer",
         FAULT_TIMEOUT},
        {{.address = 1200, .times = FOR_EVER, .fault = FAULT_EXCEPTION, .exception = 4},
         2,
         "require: state == idle cannot be checked: state (input 1200) could not be read: "
         "server "
         "device failure (exception 4)",
         FAULT_NONE},
        // A code without label is no value.
        {{.address = 9999},
         17,
         "require: state == idle cannot be checked: state (input 1200) is raw 17",
         FAULT_NONE},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        world_hold(world, STATE, cases[i].state);
        world_rule(world, cases[i].rule);
        world_command(world, STEPS(world_require(world, "state == idle", "it is not idle"),
                                   world_write(world, "run := true")));
        const struct job_result *result = world_run(world, NULL);
        assert_failed(world, cases[i].message);
        assert_int_equal(result->fault, cases[i].fault);
        assert_int_equal(world_writes(world, ANY), 0);
        world_free(world);
    }
}

static void test_an_older_reading_does_not_satisfy_require(void **state)
{
    struct world *world = *state;
    world_hold(world, STATE, 2);
    world_rule(
        world,
        (struct rule){.address = 1200, .skip = 1, .times = FOR_EVER, .fault = FAULT_TIMEOUT});
    world_command(world, STEPS(world_require(world, "state == idle", NULL),
                               world_require(world, "state == idle", NULL),
                               world_write(world, "run := true")));
    (void)world_run(world, NULL);
    assert_failed(world,
                  "require: state == idle cannot be checked: state (input 1200) could not "
                  "be read: no answer");
    assert_int_equal(world_writes(world, ANY), 0);
}

static void test_a_read_is_repeated_once(void **state)
{
    static const enum fault faults[] = {FAULT_TIMEOUT, FAULT_GARBLED};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
        struct world *world = world_new();
        world_hold(world, STATE, 2);
        world_rule(world, (struct rule){.address = 1200, .times = 1, .fault = faults[i]});
        world_command(world, STEPS(world_require(world, "state == idle", NULL)));
        (void)world_run(world, NULL);
        assert_completed(world);
        assert_int_equal(world->frame_count, 2);
        world_free(world);
    }
}

static void test_a_busy_device_is_read_later(void **state)
{
    struct world *world = *state;
    world_hold(world, STATE, 2);
    world_rule(
        world,
        (struct rule){.address = 1200, .times = 3, .fault = FAULT_EXCEPTION, .exception = 6});
    world_command(world, STEPS(world_require(world, "state == idle", NULL)));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world->waited_ms, 1500);
}

// What polling has learned is not asked anew at each command.
static void test_fresh_reads_keep_to_what_is_known_to_be_refused(void **state)
{
    static const struct {
        struct refusal refusal;
        uint16_t counts[3];
    } rows[] = {
        {{REFUSAL_RANGE, 9, {TABLE_HOLDING, 201, 1, SUNSPEC_NONE}, 0, 2, false}, {2}},
        {{REFUSAL_RANGE, NO_INDEX, {TABLE_HOLDING, 201, 1, SUNSPEC_NONE}, 0, 2, false}, {1, 1}},
        {{REFUSAL_BORDER, NO_INDEX, {TABLE_HOLDING, 200, 2, SUNSPEC_NONE}, 201, 2, false},
         {1, 1}},
        {{REFUSAL_LENGTH, NO_INDEX, {TABLE_HOLDING, 200, 2, SUNSPEC_NONE}, 1, 2, false},
         {1, 1}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct world *world = world_new();
        world->planning.refusals = &rows[i].refusal;
        world->planning.refusal_count = 1;
        world_command(world, STEPS(world_require(world, "pair_a == 0 and pair_b == 0", NULL)));
        (void)world_run(world, NULL);
        assert_completed(world);
        int frames = 0;
        for (; frames < 3 && rows[i].counts[frames]; frames++)
            assert_int_equal(world->frames[frames].request.count, rows[i].counts[frames]);
        assert_int_equal(world->frame_count, frames);
        world_free(world);
    }
}

static void test_one_refused_register_does_not_hide_its_neighbours(void **state)
{
    struct world *world = *state;
    world_hold(world, PAIR_A, 5);
    world_rule(world, (struct rule){.address = 201,
                                    .times = FOR_EVER,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = 2});
    world_command(world, STEPS(world_require(world, "pair_a == 5", "b is {pair_b}"),
                               world_require(world, "default(pair_b, 7) == pair_a", NULL)));
    (void)world_run(world, NULL);
    assert_failed(world,
                  "require: default(pair_b, 7) == pair_a does not hold (pair_b is unknown, "
                  "pair_a is 5)");
    // Each require asked for both at once, then for each alone.
    assert_int_equal(world->frame_count, 6);
}

// Exceptions 1 to 4 may be about one of the registers: each is asked for alone. Those who are
// busy are asked again; of a gateway, or of a fault in the device, more requests tell no more.
static void test_which_refusals_may_be_about_one_register(void **state)
{
    static const struct {
        uint8_t exception;
        int frames;
    } cases[] = {{1, 3}, {2, 3}, {3, 3}, {4, 3},  {5, 4},
                 {6, 4}, {7, 1}, {8, 1}, {10, 1}, {11, 1}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        world_rule(world, (struct rule){.address = 200,
                                        .times = FOR_EVER,
                                        .fault = FAULT_EXCEPTION,
                                        .exception = cases[i].exception});
        world_command(world, STEPS(world_require(world, "pair_a + pair_b > 0", NULL)));
        (void)world_run(world, NULL);
        assert_int_equal(world->result->outcome, JOB_ERROR);
        assert_int_equal(world->frame_count, cases[i].frames);
        world_free(world);
    }
}

static void test_what_is_read_together_is_one_request(void **state)
{
    struct world *world = *state;
    world->modbus.merge_gap = 200;
    world_command(
        world, STEPS(world_require(world, "rate_min + rate_max + production_rate == 0", NULL)));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world->frame_count, 1);
    assert_int_equal(world->frames[0].request.address, 1002);
    assert_int_equal(world->frames[0].request.count, 104);
}

static void test_what_a_value_is_scaled_by_is_read_too(void **state)
{
    struct world *world = *state;
    world->tables[TABLE_HOLDING][400] = (uint16_t)-1;
    world->tables[TABLE_HOLDING][402] = 125;
    world->tables[TABLE_HOLDING][404] = 7;
    world_hold(world, STATE, 2);
    world_command(world, STEPS(world_require(world, "power == 12.5", NULL),
                               world_require(world, "scaled == 70", NULL)));
    (void)world_run(world, NULL);
    assert_completed(world);
}

static void test_what_is_switched_off_is_not_read(void **state)
{
    static const struct {
        int online;
        const char *message;
        int frames;
    } cases[] = {
        {0, "require: dryer_level == 1 cannot be checked: dryer_level (input 6002) is absent",
         1},
        {1, "", 2},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        world_hold(world, DRYER_ONLINE, cases[i].online);
        world_hold(world, DRYER_LEVEL, 1);
        world_command(world, STEPS(world_require(world, "dryer_level == 1", NULL)));
        (void)world_run(world, NULL);
        assert_string_equal(world->result->message, cases[i].message);
        assert_int_equal(world->frame_count, cases[i].frames);
        world_free(world);
    }
}

static void test_now_is_the_wall_clock(void **state)
{
    struct world *world = *state;
    world_command(world, STEPS(world_write(world, "far := now.year")));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world_held(world, FAR_ONE), 2024);
}

static void test_when_skips_a_step(void **state)
{
    static const struct {
        int state;
        int writes;
    } cases[] = {{2, 1}, {3, 0}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        struct step write = world_write(world, "run := true");
        write.when = world_formula(world, "state == idle");
        world_hold(world, STATE, cases[i].state);
        world_command(world, &write, 1);
        (void)world_run(world, NULL);
        assert_completed(world);
        assert_int_equal(world_writes(world, ANY), cases[i].writes);
        world_free(world);
    }
}

static void test_when_skips_the_first_step_of_a_try(void **state)
{
    struct world *world = *state;
    struct step first = world_write(world, "pair_a := 7");
    first.when = world_formula(world, "state == steady");
    world_hold(world, STATE, 2);
    world_command(world, STEPS(world_try(world, STEPS(first, world_write(world, "far := 1")),
                                         STEPS(world_write(world, "worn := 1")))));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world_writes(world, 200), 0);
    assert_int_equal(world_writes(world, 900), 1);
}

static void test_when_that_is_unknown_fails(void **state)
{
    struct world *world = *state;
    struct step write = world_write(world, "run := true");
    write.when = world_formula(world, "state == idle");
    world_rule(world,
               (struct rule){.address = 1200, .times = FOR_EVER, .fault = FAULT_GARBLED});
    world_command(world, &write, 1);
    const struct job_result *result = world_run(world, NULL);
    assert_failed(world,
                  "when: state == idle cannot be checked: state (input 1200) could not be "
                  "read: the answer was garbled");
    assert_int_equal(result->fault, FAULT_GARBLED);
    assert_int_equal(world_writes(world, ANY), 0);
}

// Polled ten times a second they are stale after 1.2 s; one of them is busy for longer, while
// the other waits to be looked at.
static void test_what_was_read_first_does_not_grow_old_meanwhile(void **state)
{
    static const int busy[] = {1100, 1105};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(busy); i++) {
        struct world *world = world_new();
        world_points[RATE_MIN].every_ms = 100;
        world_points[RATE_MAX].every_ms = 100;
        world->modbus.max_registers = 1; // a request each
        world_hold(world, RATE_MAX, 5);
        world_rule(world, (struct rule){.address = busy[i],
                                        .times = 3,
                                        .fault = FAULT_EXCEPTION,
                                        .exception = 6});
        world_command(world, STEPS(world_require(world, "rate_min < rate_max", NULL)));
        (void)world_run(world, NULL);
        assert_completed(world);
        world_free(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_require_holds),
        cmocka_unit_test(test_require_refuses_naming_what_it_saw),
        cmocka_unit_test(test_require_needs_to_know),
        WORLD_TEST(test_an_older_reading_does_not_satisfy_require),
        cmocka_unit_test(test_a_read_is_repeated_once),
        WORLD_TEST(test_a_busy_device_is_read_later),
        cmocka_unit_test(test_fresh_reads_keep_to_what_is_known_to_be_refused),
        WORLD_TEST(test_one_refused_register_does_not_hide_its_neighbours),
        cmocka_unit_test(test_which_refusals_may_be_about_one_register),
        WORLD_TEST(test_what_is_read_together_is_one_request),
        WORLD_TEST(test_what_a_value_is_scaled_by_is_read_too),
        cmocka_unit_test(test_what_is_switched_off_is_not_read),
        WORLD_TEST(test_now_is_the_wall_clock),
        cmocka_unit_test(test_what_was_read_first_does_not_grow_old_meanwhile),
        cmocka_unit_test(test_when_skips_a_step),
        WORLD_TEST(test_when_skips_the_first_step_of_a_try),
        WORLD_TEST(test_when_that_is_unknown_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
