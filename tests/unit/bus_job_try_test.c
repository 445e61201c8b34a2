// SPDX-License-Identifier: MIT
// Transactions: what fails is rolled back, whatever ends them - a refusal, a lost frame, the
// command's time, the end of the program.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "support/job_world.h"

enum {
    BEGIN = 4000, // holdings of the configuration transaction
    COMMIT = 4001,
    NEW_RATE = 4396,
    RESULT_INVALID = 22,
};

static uint16_t kept_rate[2]; // what the open configuration would be rolled back to

static bool rejects_rate;

// The electrolyser: begin opens a configuration, commit 1 keeps it, commit 0 throws it away.
static void electrolyser(struct world *world, uint16_t address, uint16_t word)
{
    uint16_t *holding = world->tables[TABLE_HOLDING];
    uint16_t *input = world->tables[TABLE_INPUT];
    if (address == BEGIN && word) {
        input[4000] = 1;
        input[4001] = 1;
        input[4003] = 0;
        memcpy(kept_rate, &holding[NEW_RATE], sizeof kept_rate);
    }
    if (address == NEW_RATE && rejects_rate) {
        input[4003] = RESULT_INVALID;
        input[4004] = NEW_RATE;
    }
    if (address == COMMIT && input[4000]) {
        if (!word)
            memcpy(&holding[NEW_RATE], kept_rate, sizeof kept_rate);
        input[4000] = 0;
        input[4001] = 0;
    }
}

// set_default_rate, wrapped in the procedure "configuration".
static void configuration_command(struct world *world)
{
    world_argument(world, "rate", ARGUMENT_FLOAT);
    struct step set = world_write(world, "default_rate := rate");
    struct step verify = set;
    verify.kind = STEP_VERIFY;
    set.verify = false;
    struct step transaction =
        world_try(world,
                  STEPS(world_write(world, "config_begin := true"),
                        world_require(world, "config_over_modbus", NULL), set,
                        world_require(world, "config_last_result == 0",
                                      "register {config_invalid_holding} was rejected"),
                        world_write(world, "config_commit := true")),
                  STEPS(world_write(world, "config_commit := false")));
    world_command(world, STEPS(world_require(world, "not config_in_progress",
                                             "another configuration is open"),
                               transaction, verify));
    world_result(world, "default_rate");
    world->on_write = electrolyser;
    world_hold(world, DEFAULT_RATE, 60);
    rejects_rate = false;
}

static const struct value rate_90[] = {{.kind = VALUE_INTEGER, .integer = 90}};

static void test_configuration_is_committed_and_read_back(void **state)
{
    struct world *world = *state;
    configuration_command(world);
    const struct job_result *result = world_run(world, rate_90);
    assert_completed(world);
    assert_true(world_held(world, DEFAULT_RATE) == 90);
    assert_int_equal(world_writes(world, BEGIN), 1);
    assert_int_equal(world_writes(world, NEW_RATE), 1);
    assert_int_equal(world_writes(world, COMMIT), 1);
    assert_int_equal(world_held(world, IN_PROGRESS), 0);
    assert_true(value_number(&result->values[0].value) == 90);
}

static void test_a_rejected_register_is_named_and_rolled_back(void **state)
{
    struct world *world = *state;
    configuration_command(world);
    rejects_rate = true;
    const struct job_result *result = world_run(world, rate_90);
    assert_failed(world, "register 4396 was rejected; rolled back");
    assert_true(world_held(world, DEFAULT_RATE) == 60);
    assert_int_equal(world_writes(world, COMMIT), 1);
    assert_int_equal(world_last_write(world)->words[0], 0);
    assert_int_equal(world_held(world, IN_PROGRESS), 0);
    assert_true(result->anything_written);
    assert_int_equal(result->value_count, 0);
}

static void test_another_open_configuration_is_left_alone(void **state)
{
    struct world *world = *state;
    configuration_command(world);
    world_hold(world, IN_PROGRESS, 1);
    const struct job_result *result = world_run(world, rate_90);
    assert_failed(world, "another configuration is open");
    assert_int_equal(world_writes(world, ANY), 0);
    assert_false(result->anything_written);
}

static void test_a_failed_rollback_is_reported_beside_the_cause(void **state)
{
    struct world *world = *state;
    configuration_command(world);
    rejects_rate = true;
    world_rule(world, (struct rule){.is_write = true,
                                    .address = COMMIT,
                                    .times = FOR_EVER,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = 4});
    (void)world_run(world, rate_90);
    assert_failed(world, "register 4396 was rejected; on_failure also failed: write of "
                         "config_commit (holding 4001): server device failure (exception 4): "
                         "outcome unknown");
}

static void test_an_open_outcome_is_not_called_rolled_back(void **state)
{
    struct world *world = *state;
    configuration_command(world);
    world_rule(world, (struct rule){.is_write = true,
                                    .address = COMMIT,
                                    .times = 1,
                                    .is_executed = true,
                                    .fault = FAULT_TIMEOUT});
    const struct job_result *result = world_run(world, rate_90);
    assert_failed(world, "write of config_commit (holding 4001): no answer: outcome unknown; "
                         "on_failure was executed");
    assert_int_equal(result->fault, FAULT_TIMEOUT);
    assert_int_equal(world_writes(world, COMMIT), 2); // commit, and the rollback
}

static void test_a_failure_amid_a_write_is_not_called_rolled_back(void **state)
{
    struct world *world = *state;
    configuration_command(world);
    world_rule(world, (struct rule){.is_write = true,
                                    .address = COMMIT,
                                    .times = 1,
                                    .is_executed = true,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = 4});
    const struct job_result *result = world_run(world, rate_90);
    assert_failed(world, "write of config_commit (holding 4001): server device failure "
                         "(exception 4): outcome unknown; on_failure was executed");
    assert_int_equal(result->fault, FAULT_EXCEPTION);
    assert_int_equal(world_writes(world, COMMIT), 2);
}

static void test_success_runs_no_on_failure(void **state)
{
    struct world *world = *state;
    world_command(world, STEPS(world_try(world, STEPS(world_write(world, "pair_a := 1")),
                                         STEPS(world_write(world, "far := 1"))),
                               world_write(world, "pair_b := 1")));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world_writes(world, 900), 0);
    assert_int_equal(world_writes(world, 201), 1);
}

static void test_all_of_on_failure_runs_and_nothing_after_it(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.is_write = true,
                                    .address = 900,
                                    .times = FOR_EVER,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = 4});
    world_command(world, STEPS(world_try(world, STEPS(world_require(world, "run", "no")),
                                         STEPS(world_write(world, "far := 1"),
                                               world_require(world, "run", "no, again"),
                                               world_write(world, "pair_a := 1"))),
                               world_write(world, "pair_b := 1")));
    (void)world_run(world, NULL);
    assert_failed(world, "no; on_failure also failed: server device failure (exception 4) at "
                         "the write, and far (holding 900) reads back as 0 instead of 1");
    assert_int_equal(world_held(world, PAIR_A), 1);
    assert_int_equal(world_writes(world, 201), 0);
}

static void test_failures_travel_outwards(void **state)
{
    struct world *world = *state;
    struct step inner = world_try(world, STEPS(world_require(world, "run", "inner")),
                                  STEPS(world_log(world, "inner undone")));
    struct step middle = world_try(world, STEPS(inner, world_log(world, "never")), NULL, 0);
    struct step outer =
        world_try(world, STEPS(world_log(world, "begun"), middle, world_log(world, "never")),
                  STEPS(world_log(world, "outer undone")));
    world_command(world, STEPS(outer, world_log(world, "never")));
    (void)world_run(world, NULL);
    assert_failed(world, "inner; rolled back");
    assert_string_equal(world->logs, "begun|inner undone|outer undone|");
}

static void test_a_try_inside_on_failure(void **state)
{
    struct world *world = *state;
    struct step inner = world_try(world, STEPS(world_require(world, "run", "inner")),
                                  STEPS(world_log(world, "inner undone")));
    world_command(world, STEPS(world_try(world, STEPS(world_require(world, "run", "cause")),
                                         STEPS(inner, world_log(world, "rest")))));
    (void)world_run(world, NULL);
    assert_failed(world, "cause; on_failure also failed: inner");
    assert_string_equal(world->logs, "inner undone|rest|");
}

static void test_nesting_has_an_end(void **state)
{
    struct world *world = *state;
    struct step step = world_write(world, "pair_a := 1");
    for (int i = 0; i < 8; i++)
        step = world_try(world, STEPS(step), NULL, 0);
    world_command(world, STEPS(world_write(world, "far := 1"), step));
    (void)world_run(world, NULL);
    assert_failed(world, "the steps are nested too deeply");
    assert_int_equal(world->frame_count, 0);
}

static void test_many_tries_side_by_side_are_not_deep(void **state)
{
    struct world *world = *state;
    struct step tries[100];
    for (size_t i = 0; i < ARRAY_LENGTH(tries); i++)
        tries[i] = world_try(world, STEPS(world_log(world, ".")), NULL, 0);
    world_command(world, tries, ARRAY_LENGTH(tries));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(strlen(world->logs), 2 * ARRAY_LENGTH(tries));
}

static void test_messages_are_cut_between_characters(void **state)
{
    struct world *world = *state;
    char text[600] = "x";
    for (int i = 0; i < 290; i++)
        strcat(text, "\xC2\xB0");
    world_command(world, STEPS(world_try(world, STEPS(world_require(world, "run", text)),
                                         STEPS(world_require(world, "run", text + 1)))));
    const struct job_result *result = world_run(world, NULL);
    const char *suffix = strstr(result->message, "; on_failure also failed: ");
    assert_non_null(suffix);
    assert_int_equal((suffix - result->message) % 2, 1);
    assert_int_equal(strlen(suffix + strlen("; on_failure also failed: ")) % 2, 0);
}

// At most one frame for each write of the command, and one more for the rollback.
static void assert_no_write_twice(const struct world *world)
{
    assert_true(world_writes(world, BEGIN) <= 1);
    assert_true(world_writes(world, NEW_RATE) <= 1);
    assert_true(world_writes(world, COMMIT) <= 2);
}

static void test_stop_in_every_state(void **state)
{
    int stops = 0;
    int rollbacks = 0;
    (void)state;
    for (int at = 1; at <= 20; at++) {
        struct world *world = world_new();
        configuration_command(world);
        world->stop_at = at;
        const struct job_result *result = world_run(world, rate_90);
        assert_no_write_twice(world);
        assert_int_equal(world_held(world, IN_PROGRESS), 0);
        if (result->outcome == JOB_COMPLETED) {
            assert_true(world_held(world, DEFAULT_RATE) == 90);
        } else {
            stops++;
            rollbacks += world_writes(world, COMMIT) > 0;
            assert_non_null(strstr(result->message, "stopped"));
            assert_int_equal(result->fault, FAULT_STOPPED);
            assert_true(world->now_ms < 1000 + 1100);
            assert_int_equal(result->anything_written, world_writes(world, ANY) > 0);
        }
        world_free(world);
    }
    assert_in_range(stops, 6, 15);
    assert_in_range(rollbacks, 4, 10);
}

static void test_a_write_is_not_repeated_for_a_lost_event(void **state)
{
    struct world *world = *state;
    struct job_event event = {.kind = JOB_EVENT_TIME};
    world_command(world, STEPS(world_write(world, "reboot := true")));
    struct job *job =
        job_new(&world->planning, WORLD_UNIT, world->image, world_request(world, NULL), 0);
    assert_int_equal(job_step(job, 0, 0, &event).kind, JOB_SEND);
    assert_int_equal(job_step(job, 1, 0, &event).kind, JOB_DONE);
    assert_int_equal(job_step(job, 2, 0, &event).kind, JOB_DONE);
    world->result = job_take_result(job);
    assert_int_equal(world->result->outcome, JOB_ERROR);
    assert_true(world->result->anything_written);
    job_free(job);
}

static void test_a_job_may_be_freed_at_any_time(void **state)
{
    (void)state;
    for (int steps = 0; steps < 12; steps++) {
        struct world *world = world_new();
        configuration_command(world);
        struct answer answer = {0};
        struct job_event event = {.kind = JOB_EVENT_TIME};
        struct job *job = job_new(&world->planning, WORLD_UNIT, world->image,
                                  world_request(world, rate_90), world->now_ms);
        assert_int_equal(job_request_of(job)->serial, 99);
        for (int i = 0; i < steps; i++) {
            struct job_action action = job_step(job, world->now_ms, 0, &event);
            if (!world_serve(world, &action, &event, &answer))
                break;
        }
        job_free(job);
        world_free(world);
    }
}

// One lost, garbled or refused frame anywhere in the transaction: no configuration stays open,
// nothing is written twice, and "completed" means that the device holds it.
static void check_one_fault(enum fault fault, bool is_executed, int fault_at)
{
    struct world *world = world_new();
    configuration_command(world);
    world->fault_at = fault_at;
    world->fault = fault;
    world->is_executed = is_executed;
    const struct job_result *result = world_run(world, rate_90);
    assert_no_write_twice(world);
    assert_int_equal(world_held(world, IN_PROGRESS), 0);
    if (result->outcome == JOB_COMPLETED) {
        assert_true(world_held(world, DEFAULT_RATE) == 90);
    } else if (strstr(result->message, "rolled back")) {
        assert_true(world_held(world, DEFAULT_RATE) == 60);
    } else if (world_held(world, DEFAULT_RATE) == 90) {
        assert_true(world_writes(world, COMMIT) > 0);
    }
    world_free(world);
}

static void test_one_fault_anywhere(void **state)
{
    static const enum fault faults[] = {FAULT_TIMEOUT, FAULT_GARBLED, FAULT_LINK,
                                        FAULT_EXCEPTION};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
        for (int at = 1; at <= 12; at++) {
            check_one_fault(faults[i], false, at);
            if (faults[i] != FAULT_EXCEPTION) // a refusal is not executed
                check_one_fault(faults[i], true, at);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_configuration_is_committed_and_read_back),
        WORLD_TEST(test_a_rejected_register_is_named_and_rolled_back),
        WORLD_TEST(test_another_open_configuration_is_left_alone),
        WORLD_TEST(test_a_failed_rollback_is_reported_beside_the_cause),
        WORLD_TEST(test_an_open_outcome_is_not_called_rolled_back),
        WORLD_TEST(test_a_failure_amid_a_write_is_not_called_rolled_back),
        WORLD_TEST(test_success_runs_no_on_failure),
        WORLD_TEST(test_all_of_on_failure_runs_and_nothing_after_it),
        WORLD_TEST(test_failures_travel_outwards),
        WORLD_TEST(test_a_try_inside_on_failure),
        WORLD_TEST(test_nesting_has_an_end),
        WORLD_TEST(test_many_tries_side_by_side_are_not_deep),
        WORLD_TEST(test_messages_are_cut_between_characters),
        cmocka_unit_test(test_stop_in_every_state),
        WORLD_TEST(test_a_write_is_not_repeated_for_a_lost_event),
        cmocka_unit_test(test_a_job_may_be_freed_at_any_time),
        cmocka_unit_test(test_one_fault_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
