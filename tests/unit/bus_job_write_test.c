// SPDX-License-Identifier: MIT
// How often a command writes, and when a write counts as done.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "support/job_world.h"

static void test_executed_but_not_answered_is_completed_with_one_write(void **state)
{
    static const enum fault faults[] = {FAULT_TIMEOUT, FAULT_GARBLED, FAULT_LINK};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
        struct world *world = world_new();
        world_set_rate(world);
        world_rule(world, (struct rule){.is_write = true,
                                        .address = 1002,
                                        .times = FOR_EVER,
                                        .is_executed = true,
                                        .fault = faults[i]});
        (void)world_run(world, (struct value[]){value_real(80, DECIMALS_SHORTEST)});
        assert_completed(world);
        assert_int_equal(world_writes(world, ANY), 1);
        world_free(world);
    }
}

static void test_neither_answered_nor_executed_fails_with_one_write(void **state)
{
    struct world *world = *state;
    world_set_rate(world);
    world_hold(world, RATE, 60);
    world_rule(world, (struct rule){.is_write = true,
                                    .address = 1002,
                                    .times = FOR_EVER,
                                    .fault = FAULT_TIMEOUT});
    const struct job_result *result =
        world_run(world, (struct value[]){value_real(80, DECIMALS_SHORTEST)});
    assert_failed(world,
                  "no answer to the write, and production_rate (holding 1002) reads back "
                  "as 60.0 % instead of 80.0 %");
    assert_true(result->mismatch);
    assert_true(result->anything_written);
    assert_int_equal(world_writes(world, ANY), 1);
}

static void test_answered_but_not_executed_is_a_mismatch(void **state)
{
    struct world *world = *state;
    world_set_rate(world);
    world_hold(world, RATE, 60);
    world_rule(world, (struct rule){.is_write = true, .address = 1002, .times = FOR_EVER});
    int64_t began_ms = world->now_ms;
    const struct job_result *result =
        world_run(world, (struct value[]){value_real(80, DECIMALS_SHORTEST)});
    assert_failed(world,
                  "production_rate (holding 1002) reads back as 60.0 % instead of 80.0 %");
    assert_true(result->mismatch);
    assert_int_equal(result->fault, FAULT_NONE);
    assert_int_equal(world_writes(world, ANY), 1);
    // Read again and again for the 2 s it may take, without hurry.
    assert_in_range(world->now_ms - began_ms, 2000, 2050);
    assert_in_range(world->frame_count, 5, 10);
}

static void test_a_field_that_does_not_take_is_a_mismatch(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.is_write = true, .address = 141, .times = FOR_EVER});
    world_command(world, STEPS(world_write(world, "mode := \"load_first\"")));
    const struct job_result *result = world_run(world, NULL);
    assert_failed(world,
                  "mode (holding 141) reads back as battery_first instead of load_first");
    assert_true(result->mismatch);
}

static void test_bits_of_others_do_not_matter_to_the_read_back(void **state)
{
    struct world *world = *state;
    world_command(world, STEPS(world_write(world, "slot := 3")));
    world_change(world, world->now_ms + 2 * ANSWER_MS, MODE, 0xFF33);
    world_rule(world, (struct rule){.is_write = true, .address = 141, .times = 1});
    (void)world_run(world, NULL);
    assert_completed(world);
}

static void test_a_slow_register_is_waited_for(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.is_write = true, .address = 200, .times = FOR_EVER});
    world_change(world, world->now_ms + 1500, PAIR_A, 9);
    world_command(world, STEPS(world_write(world, "pair_a := 9")));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world_writes(world, ANY), 1);
}

static void test_how_long_a_slow_register_is_waited_for(void **state)
{
    struct world *world = *state;
    struct step write = world_write(world, "pair_a := 9");
    write.within_ms = 1000;
    world_rule(world, (struct rule){.is_write = true, .address = 200, .times = FOR_EVER});
    world_change(world, world->now_ms + 1500, PAIR_A, 9);
    world_command(world, &write, 1);
    (void)world_run(world, NULL);
    assert_failed(world, "pair_a (holding 200) reads back as 0 instead of 9");
}

static void test_a_lost_read_back_is_tried_again(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.address = 200, .times = 2, .fault = FAULT_GARBLED});
    world_command(world, STEPS(world_write(world, "pair_a := 9")));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world_writes(world, ANY), 1);
}

static void test_the_outcome_is_unknown_when_nothing_can_be_read(void **state)
{
    static const struct {
        enum fault fault;
        const char *message;
    } cases[] = {
        {FAULT_NONE, "pair_a (holding 200) was written, but could not be read back: the link "
                     "failed"},
        {FAULT_LINK, "no answer to the write of pair_a (holding 200), and it could not be read "
                     "back (the link failed): outcome unknown"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        world_rule(world,
                   (struct rule){.address = 200, .times = FOR_EVER, .fault = FAULT_LINK});
        world_rule(world, (struct rule){.is_write = true,
                                        .address = 200,
                                        .times = FOR_EVER,
                                        .is_executed = true,
                                        .fault = cases[i].fault});
        world_command(world, STEPS(world_write(world, "pair_a := 9")));
        const struct job_result *result = world_run(world, NULL);
        assert_failed(world, cases[i].message);
        assert_int_equal(result->fault, FAULT_LINK);
        assert_false(result->mismatch);
        assert_int_equal(world_writes(world, ANY), 1);
        world_free(world);
    }
}

static void test_a_frame_that_never_left_was_not_written(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.is_write = true,
                                    .address = 200,
                                    .times = FOR_EVER,
                                    .fault = FAULT_LINK,
                                    .is_unsent = true});
    world_command(world, STEPS(world_write(world, "pair_a := 9")));
    const struct job_result *result = world_run(world, NULL);
    assert_failed(world, "write of pair_a (holding 200): it was not sent, the link is down");
    assert_false(result->anything_written);
    assert_int_equal(result->fault, FAULT_LINK);
}

static void test_a_refused_write_says_why(void **state)
{
    struct world *world = *state;
    world_set_rate(world);
    world_rule(world, (struct rule){.is_write = true,
                                    .address = 1002,
                                    .times = FOR_EVER,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = 3});
    const struct job_result *result =
        world_run(world, (struct value[]){value_real(80, DECIMALS_SHORTEST)});
    assert_failed(world, "write of production_rate (holding 1002) was refused: illegal data "
                         "value (exception 3)");
    assert_int_equal(world->frame_count, 1);
    assert_int_equal(result->fault, FAULT_NONE);
}

static void test_addresses_are_shown_as_the_map_counts(void **state)
{
    struct world *world = *state;
    world->modbus.address_base = 2;
    world_rule(world, (struct rule){.is_write = true,
                                    .address = 200,
                                    .times = FOR_EVER,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = 2});
    world_command(world, STEPS(world_write(world, "pair_a := 9")));
    (void)world_run(world, NULL);
    assert_failed(world, "write of pair_a (holding 40201) was refused: illegal data address "
                         "(exception 2)");
}

static void test_a_busy_device_is_asked_again(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.is_write = true,
                                    .address = 200,
                                    .times = 3,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = 6});
    world_command(world, STEPS(world_write(world, "pair_a := 9")));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world_writes(world, ANY), 4); // three were refused, one was executed
    assert_int_equal(world->waited_ms, 1500);
}

static void test_a_device_that_stays_busy_refuses(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.is_write = true,
                                    .address = 200,
                                    .times = FOR_EVER,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = 6});
    world_command(world, STEPS(world_write(world, "pair_a := 9")));
    (void)world_run(world, NULL);
    assert_failed(world, "write of pair_a (holding 200) was refused: server device busy "
                         "(exception 6)");
    assert_int_equal(world_writes(world, ANY), 4);
}

static void test_acknowledge_is_accepted_and_read_back(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.is_write = true,
                                    .address = 200,
                                    .times = FOR_EVER,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = 5});
    world_change(world, world->now_ms + 900, PAIR_A, 9);
    world_command(world, STEPS(world_write(world, "pair_a := 9")));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world_writes(world, ANY), 1);
}

static void test_a_gateway_without_answer_leaves_the_outcome_open(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.is_write = true,
                                    .address = 200,
                                    .times = FOR_EVER,
                                    .is_executed = true,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = 11});
    world_command(world, STEPS(world_write(world, "pair_a := 9")));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world_writes(world, ANY), 1);
}

static void test_without_verify_nothing_is_read(void **state)
{
    struct world *world = *state;
    struct step write = world_write(world, "pair_a := 9");
    write.verify = false;
    world_rule(world, (struct rule){.is_write = true, .address = 200, .times = FOR_EVER});
    world_command(world, &write, 1);
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world->frame_count, 1);
}

static void test_what_is_written_only_is_not_read(void **state)
{
    struct world *world = *state;
    world_command(world, STEPS(world_write(world, "reboot := true")));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world->frame_count, 1);
}

static void test_an_unanswered_write_that_cannot_be_read_is_unknown(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.is_write = true,
                                    .address = 4,
                                    .times = FOR_EVER,
                                    .is_executed = true,
                                    .fault = FAULT_TIMEOUT});
    world_command(world, STEPS(world_write(world, "reboot := true")));
    const struct job_result *result = world_run(world, NULL);
    assert_failed(world, "write of reboot (holding 4): no answer: outcome unknown");
    assert_int_equal(result->fault, FAULT_TIMEOUT);
    assert_int_equal(world_writes(world, ANY), 1);
}

static void test_a_later_verify_compares_with_what_was_written(void **state)
{
    static const struct {
        bool is_kept;
        const char *message;
    } cases[] = {{true, ""}, {false, "pair_a (holding 200) reads back as 4 instead of 9"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        struct step write = world_write(world, "pair_a := far + 8");
        struct step verify = write;
        write.verify = false;
        verify.kind = STEP_VERIFY;
        world_hold(world, FAR_ONE, 1);
        // What the value was made of changes meanwhile: the read-back must not follow it.
        world_command(world, STEPS(write, world_write(world, "far := 77"), verify));
        if (!cases[i].is_kept)
            world_change(world, world->now_ms + 20, PAIR_A, 4);
        (void)world_run(world, NULL);
        assert_string_equal(world->result->message, cases[i].message);
        assert_int_equal(world_writes(world, 200), 1);
        world_free(world);
    }
}

static void test_a_verify_of_what_was_not_written_passes(void **state)
{
    struct world *world = *state;
    struct step write = world_write(world, "pair_a := 9");
    struct step verify = write;
    write.when = world_formula(world, "far == 1");
    verify.kind = STEP_VERIFY;
    world_command(world, STEPS(write, verify));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world_writes(world, ANY), 0);
}

static void test_a_verify_does_not_follow_the_condition_of_its_write(void **state)
{
    struct world *world = *state;
    struct step write = world_write(world, "pair_a := 9");
    write.when = world_formula(world, "far == 0");
    struct step verify = write;
    verify.kind = STEP_VERIFY;
    write.verify = false;
    world_rule(world, (struct rule){.is_write = true, .address = 200, .times = FOR_EVER});
    world_command(world, STEPS(write, world_write(world, "far := 1"), verify));
    (void)world_run(world, NULL);
    assert_failed(world, "pair_a (holding 200) reads back as 0 instead of 9");
}

// Whatever one lost, garbled or refused frame does, anywhere: nothing is written twice, and
// "completed" means that the device holds it.
static void check_one_fault(enum fault fault, bool is_executed, int fault_at)
{
    struct world *world = world_new();
    world_limit_rate(world);
    world->command.steps = world_steps(
        world, STEPS(world_write(world, "production_rate := rate"),
                     world_write(world, "slot := 3"), world_write(world, "worn := rate_min")));
    world->command.step_count = 3;
    world->fault_at = fault_at;
    world->fault = fault;
    world->is_executed = is_executed;
    const struct job_result *result =
        world_run(world, (struct value[]){value_real(80, DECIMALS_SHORTEST)});
    assert_true(world_writes(world, 1002) <= 1);
    assert_true(world_writes(world, 141) <= 1);
    assert_true(world_writes(world, 300) <= 1);
    assert_int_equal(result->anything_written, world_writes(world, ANY) > 0);
    if (result->outcome == JOB_COMPLETED) {
        assert_true(world_held(world, RATE) == 80);
        assert_int_equal(world->tables[TABLE_HOLDING][141] >> 4, 3);
        assert_int_equal(world_held(world, WORN), 60);
    } else {
        assert_true(result->message[0] != '\0');
    }
    bool is_harmless =
        fault_at > world->frame_count ||
        (!world->frames[fault_at - 1].is_write && fault != FAULT_EXCEPTION &&
         fault != FAULT_LINK) ||
        (is_executed && (fault != FAULT_EXCEPTION || world->frames[fault_at - 1].is_write));
    if (is_harmless && fault != FAULT_LINK)
        assert_completed(world);
    world_free(world);
}

static void test_one_fault_anywhere(void **state)
{
    static const enum fault faults[] = {FAULT_TIMEOUT, FAULT_GARBLED, FAULT_LINK,
                                        FAULT_EXCEPTION};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
        for (int at = 1; at <= 14; at++) {
            check_one_fault(faults[i], true, at);
            check_one_fault(faults[i], false, at);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_executed_but_not_answered_is_completed_with_one_write),
        WORLD_TEST(test_neither_answered_nor_executed_fails_with_one_write),
        WORLD_TEST(test_answered_but_not_executed_is_a_mismatch),
        WORLD_TEST(test_a_field_that_does_not_take_is_a_mismatch),
        WORLD_TEST(test_bits_of_others_do_not_matter_to_the_read_back),
        WORLD_TEST(test_a_slow_register_is_waited_for),
        WORLD_TEST(test_how_long_a_slow_register_is_waited_for),
        WORLD_TEST(test_a_lost_read_back_is_tried_again),
        cmocka_unit_test(test_the_outcome_is_unknown_when_nothing_can_be_read),
        WORLD_TEST(test_a_frame_that_never_left_was_not_written),
        WORLD_TEST(test_a_refused_write_says_why),
        WORLD_TEST(test_addresses_are_shown_as_the_map_counts),
        WORLD_TEST(test_a_busy_device_is_asked_again),
        WORLD_TEST(test_a_device_that_stays_busy_refuses),
        WORLD_TEST(test_acknowledge_is_accepted_and_read_back),
        WORLD_TEST(test_a_gateway_without_answer_leaves_the_outcome_open),
        WORLD_TEST(test_without_verify_nothing_is_read),
        WORLD_TEST(test_what_is_written_only_is_not_read),
        WORLD_TEST(test_an_unanswered_write_that_cannot_be_read_is_unknown),
        cmocka_unit_test(test_a_later_verify_compares_with_what_was_written),
        WORLD_TEST(test_a_verify_of_what_was_not_written_passes),
        WORLD_TEST(test_a_verify_does_not_follow_the_condition_of_its_write),
        cmocka_unit_test(test_one_fault_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
