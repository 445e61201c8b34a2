// SPDX-License-Identifier: MIT
// The steps that look, wait and talk: require, expect, wait, log, reconnect, when.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "support/job_world.h"

static int set_up(void **state)
{
    *state = world_new();
    return 0;
}

static int tear_down(void **state)
{
    world_free(*state);
    return 0;
}

static const struct value no_arguments[1] = {{0}};

static void test_require_holds(void **state)
{
    struct world *world = *state;
    world_hold(world, STATE, 2);
    world_command(world, STEPS(world_require(world, "state == idle", NULL),
                               world_write(world, "run := true")));
    (void)world_run(world, no_arguments);
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
        const struct job_result *result = world_run(world, no_arguments);
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
        const struct job_result *result = world_run(world, no_arguments);
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
    (void)world_run(world, no_arguments);
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
        (void)world_run(world, no_arguments);
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
    (void)world_run(world, no_arguments);
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
        (void)world_run(world, no_arguments);
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
    (void)world_run(world, no_arguments);
    assert_failed(world,
                  "require: default(pair_b, 7) == pair_a does not hold (pair_b is unknown, "
                  "pair_a is 5)");
    // Each require asked for both at once, then for each alone.
    assert_int_equal(world->frame_count, 6);
}

static void test_what_is_read_together_is_one_request(void **state)
{
    struct world *world = *state;
    world->modbus.merge_gap = 200;
    world_command(
        world, STEPS(world_require(world, "rate_min + rate_max + production_rate == 0", NULL)));
    (void)world_run(world, no_arguments);
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
    (void)world_run(world, no_arguments);
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
        (void)world_run(world, no_arguments);
        assert_string_equal(world->result->message, cases[i].message);
        assert_int_equal(world->frame_count, cases[i].frames);
        world_free(world);
    }
}

static void test_now_is_the_wall_clock(void **state)
{
    struct world *world = *state;
    world_command(world, STEPS(world_write(world, "far := now.year")));
    (void)world_run(world, no_arguments);
    assert_completed(world);
    assert_int_equal(world_held(world, FAR_ONE), 2024);
}

static void test_expect_waits_until_it_comes_true(void **state)
{
    struct world *world = *state;
    world_hold(world, STATE, 2);
    world_change(world, world->now_ms + 5000, STATE, 3);
    world_command(world, STEPS(world_expect(world, "state == steady", 20000)));
    (void)world_run(world, no_arguments);
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
        const struct job_result *result = world_run(world, no_arguments);
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
    (void)world_run(world, no_arguments);
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
    (void)world_run(world, no_arguments);
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
    const struct job_result *result = world_run(world, no_arguments);
    assert_failed(world, "expect: state == steady did not come true within 5 s (state (input "
                         "1200) could not be read: no answer)");
    assert_int_equal(result->fault, FAULT_TIMEOUT);
}

static void test_expect_does_not_hurry_a_dead_link(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.address = 1200, .times = FOR_EVER, .fault = FAULT_LINK});
    world_command(world, STEPS(world_expect(world, "state == steady", 20000)));
    const struct job_result *result = world_run(world, no_arguments);
    assert_int_equal(result->fault, FAULT_LINK);
    assert_in_range(world->frame_count, 10, 52);
}

static void test_wait_and_log(void **state)
{
    struct world *world = *state;
    world_hold(world, STATE, 4);
    world_command(world, STEPS(world_log(world, "it is {state} now"), world_wait(1234),
                               world_log(world, "done")));
    (void)world_run(world, no_arguments);
    assert_completed(world);
    assert_string_equal(world->logs, "it is standby now|done|");
    assert_int_equal(world->waited_ms, 1234);
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
        (void)world_run(world, no_arguments);
        assert_completed(world);
        assert_int_equal(world_writes(world, ANY), cases[i].writes);
        world_free(world);
    }
}

static void test_when_that_is_unknown_fails(void **state)
{
    struct world *world = *state;
    struct step write = world_write(world, "run := true");
    write.when = world_formula(world, "state == idle");
    world_rule(world,
               (struct rule){.address = 1200, .times = FOR_EVER, .fault = FAULT_GARBLED});
    world_command(world, &write, 1);
    const struct job_result *result = world_run(world, no_arguments);
    assert_failed(world,
                  "when: state == idle cannot be checked: state (input 1200) could not be "
                  "read: the answer was garbled");
    assert_int_equal(result->fault, FAULT_GARBLED);
    assert_int_equal(world_writes(world, ANY), 0);
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
    (void)world_run(world, no_arguments);
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
    (void)world_run(world, no_arguments);
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
    (void)world_run(world, no_arguments);
    assert_completed(world);
    assert_true(world->now_ms > 10000);
}

static void test_a_device_that_never_goes_away_is_back_soon(void **state)
{
    struct world *world = *state;
    reboot_command(world, 120000);
    (void)world_run(world, no_arguments);
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
        (void)world_run(world, no_arguments);
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
    const struct job_result *result = world_run(world, no_arguments);
    assert_failed(world, "the device did not come back within 60 s: no answer");
    assert_int_equal(result->fault, FAULT_TIMEOUT);
    assert_true(result->anything_written);
    assert_in_range(world->now_ms, 61000, 64000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
        (void)world_run(world, no_arguments);
        assert_completed(world);
        world_free(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_require_holds),
        cmocka_unit_test(test_require_refuses_naming_what_it_saw),
        cmocka_unit_test(test_require_needs_to_know),
        TEST(test_an_older_reading_does_not_satisfy_require),
        cmocka_unit_test(test_a_read_is_repeated_once),
        TEST(test_a_busy_device_is_read_later),
        cmocka_unit_test(test_fresh_reads_keep_to_what_is_known_to_be_refused),
        TEST(test_one_refused_register_does_not_hide_its_neighbours),
        TEST(test_what_is_read_together_is_one_request),
        TEST(test_what_a_value_is_scaled_by_is_read_too),
        cmocka_unit_test(test_what_is_switched_off_is_not_read),
        TEST(test_now_is_the_wall_clock),
        cmocka_unit_test(test_what_was_read_first_does_not_grow_old_meanwhile),
        TEST(test_expect_waits_until_it_comes_true),
        cmocka_unit_test(test_expect_gives_up_naming_what_it_saw_last),
        TEST(test_expect_says_what_the_map_says),
        TEST(test_expect_outlives_faults),
        TEST(test_expect_says_that_nothing_was_read),
        TEST(test_expect_does_not_hurry_a_dead_link),
        TEST(test_wait_and_log),
        cmocka_unit_test(test_when_skips_a_step),
        TEST(test_when_that_is_unknown_fails),
        TEST(test_a_device_that_restarts_is_waited_for),
        TEST(test_a_restart_may_swallow_the_answer_to_its_write),
        TEST(test_an_answer_at_once_is_from_before_the_restart),
        TEST(test_a_device_that_never_goes_away_is_back_soon),
        cmocka_unit_test(test_a_refusal_is_an_answer_but_not_a_gateway_s),
        TEST(test_a_device_that_stays_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
