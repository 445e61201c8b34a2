// SPDX-License-Identifier: MIT
// What a command writes, how often, and when a write counts as done.
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

static struct value real(double number)
{
    return value_real(number, DECIMALS_SHORTEST);
}

// set: production_rate, with its argument and result.
static void set_rate_command(struct world *world)
{
    world_argument(world, "rate", ARGUMENT_FLOAT);
    world_command(world, STEPS(world_write(world, "production_rate := rate")));
    world_result(world, "production_rate");
}

static void test_set_is_one_frame_and_reads_back(void **state)
{
    struct world *world = *state;
    set_rate_command(world);
    world_hold(world, RATE, 60);
    const struct job_result *result = world_run(world, (struct value[]){real(80.5)});
    assert_completed(world);
    assert_int_equal(world_writes(world, ANY), 1);
    const struct request *write = world_last_write(world);
    assert_int_equal(write->function, 16);
    assert_int_equal(write->address, 1002);
    assert_int_equal(write->count, 2);
    assert_int_equal(write->words[0], 0x42A1);
    assert_int_equal(write->words[1], 0);
    assert_true(world_held(world, RATE) == 80.5);
    assert_true(result->anything_written);
    assert_int_equal(result->value_count, 1);
    assert_string_equal(result->values[0].key, "production_rate");
    assert_true(value_number(&result->values[0].value) == 80.5);
    // The write, its read-back, the result.
    assert_int_equal(world->frame_count, 3);
}

static void test_one_word_is_written_single_unless_told(void **state)
{
    static const struct {
        enum write_function point;
        enum write_function device;
        uint8_t function;
    } cases[] = {
        {WRITE_AUTO, WRITE_AUTO, 6},      {WRITE_MULTIPLE, WRITE_AUTO, 16},
        {WRITE_AUTO, WRITE_MULTIPLE, 16}, {WRITE_SINGLE, WRITE_MULTIPLE, 6},
        {WRITE_AUTO, WRITE_SINGLE, 6},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        world_points[PAIR_A].write_function = cases[i].point;
        world->modbus.write_function = cases[i].device;
        world_command(world, STEPS(world_write(world, "pair_a := 7")));
        (void)world_run(world, no_arguments);
        assert_completed(world);
        assert_int_equal(world_last_write(world)->function, cases[i].function);
        assert_int_equal(world_writes(world, ANY), 1);
        world_free(world);
    }
}

static void test_several_words_are_multiple_even_where_single_is_preferred(void **state)
{
    struct world *world = *state;
    world->modbus.write_function = WRITE_SINGLE;
    set_rate_command(world);
    (void)world_run(world, (struct value[]){real(80)});
    assert_completed(world);
    assert_int_equal(world_last_write(world)->function, 16);
}

static void test_adjacent_registers_are_one_frame_in_ascending_order(void **state)
{
    struct world *world = *state;
    world_command(world, STEPS(world_write(world, "pair_b := 23.1; pair_a := 5")));
    (void)world_run(world, no_arguments);
    assert_completed(world);
    const struct request *write = world_last_write(world);
    assert_int_equal(write->address, 200);
    assert_int_equal(write->count, 2);
    assert_int_equal(write->words[0], 5);
    assert_int_equal(write->words[1], 231);
    assert_int_equal(world_writes(world, ANY), 1);
    assert_int_equal(world->frame_count, 2);
}

static void test_coils(void **state)
{
    struct world *world = *state;
    world_command(world, STEPS(world_write(world, "lamp := true"),
                               world_write(world, "lamp := false; lamp_2 := true")));
    (void)world_run(world, no_arguments);
    assert_completed(world);
    assert_int_equal(world->frames[0].request.function, 5);
    assert_int_equal(world->frames[0].request.words[0], 1);
    assert_int_equal(world_last_write(world)->function, 15);
    assert_int_equal(world_last_write(world)->words[0], 2);
    assert_int_equal(world_held(world, LAMP), 0);
    assert_int_equal(world_held(world, LAMP_2), 1);
    assert_int_equal(world_writes(world, ANY), 2);
}

static void test_fields_change_only_their_bits(void **state)
{
    struct world *world = *state;
    world->tables[TABLE_HOLDING][141] = 0xA5F0;
    world_command(world, STEPS(world_write(world, "mode := \"load_first\"; slot := 3")));
    (void)world_run(world, no_arguments);
    assert_completed(world);
    assert_int_equal(world->tables[TABLE_HOLDING][141], 0xA531);
    assert_int_equal(world_writes(world, ANY), 1);
    assert_int_equal(world->frame_count, 3); // read, write, read back
    assert_false(world->frames[0].is_write);
}

static void test_a_field_is_not_written_over_unknown_bits(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.address = 141, .times = FOR_EVER, .fault = FAULT_TIMEOUT});
    world_command(world, STEPS(world_write(world, "slot := 3")));
    const struct job_result *result = world_run(world, no_arguments);
    assert_failed(world, "slot (holding 141) is a part of its register, whose other bits could "
                         "not be read: no answer");
    assert_int_equal(world_writes(world, ANY), 0);
    assert_int_equal(world->frame_count, 2); // a read without answer is repeated once
    assert_false(result->anything_written);
    assert_int_equal(result->fault, FAULT_TIMEOUT);
}

static void test_a_value_is_made_of_fresh_readings(void **state)
{
    struct world *world = *state;
    world_hold(world, PAIR_A, 40);
    world_command(world, STEPS(world_write(world, "far := pair_a + 2"),
                               world_write(world, "worn := far * 2")));
    (void)world_run(world, no_arguments);
    assert_completed(world);
    assert_int_equal(world_held(world, FAR_ONE), 42);
    assert_int_equal(world_held(world, WORN), 84);
}

static void test_scale_factors_are_read_before_writing(void **state)
{
    struct world *world = *state;
    world->tables[TABLE_HOLDING][400] = (uint16_t)-2;
    world_hold(world, STATE, 2);
    world_command(world, STEPS(world_write(world, "power := 12.34"),
                               world_write(world, "scaled := 250")));
    (void)world_run(world, no_arguments);
    assert_completed(world);
    assert_int_equal(world->tables[TABLE_HOLDING][402], 1234);
    assert_int_equal(world->tables[TABLE_HOLDING][404], 25);
}

static void test_what_does_not_fit_fails_before_the_frame(void **state)
{
    struct world *world = *state;
    world_command(world, STEPS(world_write(world, "pair_b := 7000")));
    const struct job_result *result = world_run(world, no_arguments);
    assert_int_equal(result->outcome, JOB_ERROR);
    assert_non_null(strstr(result->message, "pair_b"));
    assert_non_null(strstr(result->message, "6553.5"));
    assert_int_equal(world->frame_count, 0);
    assert_false(result->anything_written);
}

static void test_what_cannot_be_executed_is_refused_before_the_first_write(void **state)
{
    struct world *world = *state;
    struct step apart = world_write(world, "pair_a := 1; far := 1");
    struct step inside = world_try(world, STEPS(world_wait(1)), STEPS(apart));
    world_command(world, STEPS(world_write(world, "run := true"), inside));
    (void)world_run(world, no_arguments);
    assert_failed(world, "pair_a and the entries written with it are not adjacent: write them "
                         "in two steps");
    assert_int_equal(world->frame_count, 0);
}

static void test_entries_that_are_not_adjacent_are_refused(void **state)
{
    static const struct {
        const char *write;
        const char *message;
    } cases[] = {
        {"pair_a := 1; far := 2", "pair_a and the entries written with it are not adjacent: "
                                  "write them in two steps"},
        {"pair_a := 1; lamp := true", "pair_a and lamp cannot be written in one step"},
        {"rate_min := 1", "rate_min cannot be written"},
        {"rate_max_half := 1", "rate_max_half cannot be written"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        world_command(world, STEPS(world_write(world, "run := true"),
                                   world_write(world, cases[i].write)));
        (void)world_run(world, no_arguments);
        assert_failed(world, cases[i].message);
        assert_int_equal(world->frame_count, 0);
        world_free(world);
    }
}

static void limited_command(struct world *world)
{
    set_rate_command(world);
    world->arguments[0].min = world_formula(world, "rate_min");
    world->arguments[0].max = world_formula(world, "rate_max_half");
    world_hold(world, RATE_MIN, 60);
    world_hold(world, RATE_MAX, 200);
}

static void test_limits_over_registers_are_read_first(void **state)
{
    struct world *world = *state;
    limited_command(world);
    (void)world_run(world, (struct value[]){real(100)});
    assert_completed(world);
    assert_false(world->frames[0].is_write);
    assert_false(world->frames[1].is_write);
    assert_int_equal(world_writes(world, ANY), 1);
}

static void test_limits_over_registers_refuse(void **state)
{
    static const double values[] = {59.5, 100.5};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
        struct world *world = world_new();
        limited_command(world);
        const struct job_result *result = world_run(world, (struct value[]){real(values[i])});
        assert_int_equal(result->outcome, JOB_ERROR);
        assert_non_null(strstr(result->message, "rate"));
        assert_non_null(strstr(result->message, "60"));
        assert_int_equal(world_writes(world, ANY), 0);
        assert_false(result->anything_written);
        world_free(world);
    }
}

static void test_a_limit_that_cannot_be_read_refuses(void **state)
{
    struct world *world = *state;
    limited_command(world);
    world_rule(world, (struct rule){.address = 1105,
                                    .times = FOR_EVER,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = 2});
    const struct job_result *result = world_run(world, (struct value[]){real(80)});
    assert_failed(world, "rate: its limit rate_max_half is not known, nothing was written: "
                         "rate_max (holding 1105) could not be read: illegal data address "
                         "(exception 2)");
    assert_int_equal(world_writes(world, ANY), 0);
    assert_int_equal(result->fault, FAULT_NONE);
}

static void test_a_limit_from_an_older_reading_does_not_count(void **state)
{
    struct world *world = *state;
    limited_command(world);
    (void)world_run(world, (struct value[]){real(80)});
    assert_completed(world);
    job_result_free(world->result);
    world_rule(world,
               (struct rule){.address = 1105, .times = FOR_EVER, .fault = FAULT_TIMEOUT});
    const struct job_result *result = world_run(world, (struct value[]){real(81)});
    assert_failed(world, "rate: its limit rate_max_half is not known, nothing was written: "
                         "rate_max (holding 1105) could not be read: no answer");
    assert_int_equal(result->fault, FAULT_TIMEOUT);
    assert_int_equal(world_writes(world, ANY), 1); // the first command's
}

static void test_executed_but_not_answered_is_completed_with_one_write(void **state)
{
    static const enum fault faults[] = {FAULT_TIMEOUT, FAULT_GARBLED, FAULT_LINK};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
        struct world *world = world_new();
        set_rate_command(world);
        world_rule(world, (struct rule){.is_write = true,
                                        .address = 1002,
                                        .times = FOR_EVER,
                                        .is_executed = true,
                                        .fault = faults[i]});
        (void)world_run(world, (struct value[]){real(80)});
        assert_completed(world);
        assert_int_equal(world_writes(world, ANY), 1);
        world_free(world);
    }
}

static void test_neither_answered_nor_executed_fails_with_one_write(void **state)
{
    struct world *world = *state;
    set_rate_command(world);
    world_hold(world, RATE, 60);
    world_rule(world, (struct rule){.is_write = true,
                                    .address = 1002,
                                    .times = FOR_EVER,
                                    .fault = FAULT_TIMEOUT});
    const struct job_result *result = world_run(world, (struct value[]){real(80)});
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
    set_rate_command(world);
    world_hold(world, RATE, 60);
    world_rule(world, (struct rule){.is_write = true, .address = 1002, .times = FOR_EVER});
    int64_t began_ms = world->now_ms;
    const struct job_result *result = world_run(world, (struct value[]){real(80)});
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
    const struct job_result *result = world_run(world, no_arguments);
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
    (void)world_run(world, no_arguments);
    assert_completed(world);
}

static void test_a_slow_register_is_waited_for(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.is_write = true, .address = 200, .times = FOR_EVER});
    world_change(world, world->now_ms + 1500, PAIR_A, 9);
    world_command(world, STEPS(world_write(world, "pair_a := 9")));
    (void)world_run(world, no_arguments);
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
    (void)world_run(world, no_arguments);
    assert_failed(world, "pair_a (holding 200) reads back as 0 instead of 9");
}

static void test_a_lost_read_back_is_tried_again(void **state)
{
    struct world *world = *state;
    world_rule(world, (struct rule){.address = 200, .times = 2, .fault = FAULT_GARBLED});
    world_command(world, STEPS(world_write(world, "pair_a := 9")));
    (void)world_run(world, no_arguments);
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
        const struct job_result *result = world_run(world, no_arguments);
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
    const struct job_result *result = world_run(world, no_arguments);
    assert_failed(world, "write of pair_a (holding 200): it was not sent, the link is down");
    assert_false(result->anything_written);
    assert_int_equal(result->fault, FAULT_LINK);
}

static void test_a_refused_write_says_why(void **state)
{
    struct world *world = *state;
    set_rate_command(world);
    world_rule(world, (struct rule){.is_write = true,
                                    .address = 1002,
                                    .times = FOR_EVER,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = 3});
    const struct job_result *result = world_run(world, (struct value[]){real(80)});
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
    (void)world_run(world, no_arguments);
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
    (void)world_run(world, no_arguments);
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
    (void)world_run(world, no_arguments);
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
    (void)world_run(world, no_arguments);
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
    (void)world_run(world, no_arguments);
    assert_completed(world);
    assert_int_equal(world_writes(world, ANY), 1);
}

static void test_wear_skips_a_write_that_changes_nothing(void **state)
{
    static const struct {
        int held;
        int writes;
    } cases[] = {{50, 0}, {51, 1}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        world_hold(world, WORN, cases[i].held);
        world_command(world, STEPS(world_write(world, "worn := 50")));
        const struct job_result *result = world_run(world, no_arguments);
        assert_completed(world);
        assert_int_equal(world_writes(world, ANY), cases[i].writes);
        assert_int_equal(result->anything_written, cases[i].writes);
        assert_int_equal(world_held(world, WORN), 50);
        world_free(world);
    }
}

static void test_without_wear_a_field_is_written_even_when_it_is_held(void **state)
{
    struct world *world = *state;
    world->tables[TABLE_HOLDING][141] = 0x30;
    world_command(world, STEPS(world_write(world, "slot := 3")));
    (void)world_run(world, no_arguments);
    assert_completed(world);
    assert_int_equal(world_writes(world, 141), 1);
}

static void test_wear_writes_when_it_cannot_compare(void **state)
{
    struct world *world = *state;
    world_hold(world, WORN, 50);
    world_rule(world, (struct rule){.address = 300, .times = 2, .fault = FAULT_TIMEOUT});
    world_command(world, STEPS(world_write(world, "worn := 50")));
    (void)world_run(world, no_arguments);
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
    (void)world_run(world, no_arguments);
    assert_completed(world);
    assert_int_equal(world->frame_count, 1);
}

static void test_what_is_written_only_is_not_read(void **state)
{
    struct world *world = *state;
    world_command(world, STEPS(world_write(world, "reboot := true")));
    (void)world_run(world, no_arguments);
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
    const struct job_result *result = world_run(world, no_arguments);
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
        (void)world_run(world, no_arguments);
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
    (void)world_run(world, no_arguments);
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
    (void)world_run(world, no_arguments);
    assert_failed(world, "pair_a (holding 200) reads back as 0 instead of 9");
}

static void test_no_message_shows_a_sensitive_argument(void **state)
{
    static const struct {
        double given;
        const char *message;
    } cases[] = {
        {1234, "pair_a (holding 200) does not read back as written"},
        {123456, "pair_a: what was given does not fit it"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        world_argument(world, "pin", ARGUMENT_INTEGER);
        world->arguments[0].sensitive = true;
        world_rule(world, (struct rule){.is_write = true, .address = 200, .times = FOR_EVER});
        world_command(world, STEPS(world_write(world, "pair_a := pin")));
        (void)world_run(world, (struct value[]){real(cases[i].given)});
        assert_failed(world, cases[i].message);
        world_free(world);
    }
}

// A scale factor of 1 makes steps of 10 W.
static void test_rounding_by_a_read_scale_stays_within_limits(void **state)
{
    static const struct {
        double given;
        const char *max;
        const char *message; // "": it is written
    } cases[] = {
        {94, "95", ""},
        {95, "95",
         "power: 95.0 W is between two steps of register power: power: 100 is more than 95"},
        {95, "rate_max", // which is 95
         "power: 95.0 W is between two steps of register power: power: 100 is more than 95"},
        {95, "rate_max + 5", ""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        world_hold(world, POWER_SF, 1);
        world_hold(world, RATE_MAX, 95);
        world_argument(world, "power", ARGUMENT_FLOAT);
        world->arguments[0].target = POWER;
        world->arguments[0].max = world_formula(world, cases[i].max);
        world_command(world, STEPS(world_write(world, "power := power")));
        world_result(world, "power");
        (void)world_run(world, (struct value[]){real(cases[i].given)});
        assert_string_equal(world->result->message, cases[i].message);
        assert_int_equal(world_writes(world, ANY), cases[i].message[0] == '\0');
        world_free(world);
    }
}

// Its steps are 10 W, those of the register it is written to as well.
static void test_a_second_register_is_within_limits_too(void **state)
{
    struct world *world = *state;
    world_hold(world, STATE, 2); // scaled: steps of 10
    world_argument(world, "power", ARGUMENT_FLOAT);
    world->arguments[0].target = PAIR_A;
    world->arguments[0].max = world_formula(world, "95");
    world_command(world, STEPS(world_write(world, "pair_a := power"),
                               world_write(world, "scaled := power")));
    (void)world_run(world, (struct value[]){real(95)});
    assert_failed(world,
                  "power: 95.0 A is between two steps of register scaled: power: 100 is more "
                  "than 95");
    assert_int_equal(world_writes(world, 200), 1);
    assert_int_equal(world_writes(world, 404), 0);
}

static void test_further_steps_use_what_was_rounded(void **state)
{
    struct world *world = *state;
    world_hold(world, POWER_SF, 1);
    world_argument(world, "watts", ARGUMENT_FLOAT);
    world->arguments[0].target = POWER;
    world_command(world, STEPS(world_write(world, "power := watts"),
                               world_expect(world, "power == watts", 1000)));
    (void)world_run(world, (struct value[]){real(94)});
    assert_completed(world);
    assert_true(world_held(world, POWER) == 9);
}

// The scale and the register's other bits are far apart: two requests before the write, then
// the read-back. Before each of them the connection may have been made anew.
static void test_what_a_new_connection_forgets_is_read_again(void **state)
{
    (void)state;
    for (int at = 1; at <= 4; at++) {
        struct world *world = world_new();
        world_points[SLOT].scale_formula = world_formula(world, "power_sf");
        world_hold(world, POWER_SF, 1);
        world->tables[TABLE_HOLDING][141] = 0xAB01;
        world->forget_at = at;
        world_command(world, STEPS(world_write(world, "slot := 5")));
        world_result(world, "slot");
        (void)world_run(world, no_arguments);
        assert_completed(world);
        assert_int_equal(world->tables[TABLE_HOLDING][141], 0xAB51);
        assert_int_equal(world_writes(world, ANY), 1);
        assert_int_equal(world->result->value_count, 1);
        world_free(world);
    }
}

static void test_results_are_read_and_unknown_ones_left_out(void **state)
{
    struct world *world = *state;
    memcpy(&world->tables[TABLE_HOLDING][500], (uint16_t[]){0x414C, 0x5048, 0x4100, 0}, 8);
    world_hold(world, STATE, 3);
    world_rule(world, (struct rule){.address = 900, .times = FOR_EVER, .fault = FAULT_TIMEOUT});
    world_command(world, STEPS(world_wait(1)));
    world_result(world, "name");
    world_result(world, "far");
    world_result(world, "status");
    world_result(world, "state");
    const struct job_result *result = world_run(world, no_arguments);
    assert_completed(world);
    assert_int_equal(result->value_count, 3);
    assert_string_equal(result->values[0].key, "name");
    assert_int_equal(result->values[0].value.text.length, 5);
    assert_memory_equal(result->values[0].value.text.bytes, "ALPHA", 5);
    assert_string_equal(result->values[1].key, "status");
    assert_int_equal(result->values[1].value.integer, 3);
    assert_memory_equal(result->values[2].value.text.bytes, "steady", 6);
}

// Whatever one lost, garbled or refused frame does, anywhere: nothing is written twice, and
// "completed" means that the device holds it.
static void check_one_fault(enum fault fault, bool is_executed, int fault_at)
{
    struct world *world = world_new();
    limited_command(world);
    world->command.steps = world_steps(
        world, STEPS(world_write(world, "production_rate := rate"),
                     world_write(world, "slot := 3"), world_write(world, "worn := rate_min")));
    world->command.step_count = 3;
    world->fault_at = fault_at;
    world->fault = fault;
    world->is_executed = is_executed;
    const struct job_result *result = world_run(world, (struct value[]){real(80)});
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_set_is_one_frame_and_reads_back),
        cmocka_unit_test(test_one_word_is_written_single_unless_told),
        TEST(test_several_words_are_multiple_even_where_single_is_preferred),
        TEST(test_adjacent_registers_are_one_frame_in_ascending_order),
        TEST(test_coils),
        TEST(test_fields_change_only_their_bits),
        TEST(test_a_field_is_not_written_over_unknown_bits),
        TEST(test_a_value_is_made_of_fresh_readings),
        TEST(test_scale_factors_are_read_before_writing),
        TEST(test_what_does_not_fit_fails_before_the_frame),
        TEST(test_what_cannot_be_executed_is_refused_before_the_first_write),
        cmocka_unit_test(test_entries_that_are_not_adjacent_are_refused),
        TEST(test_limits_over_registers_are_read_first),
        cmocka_unit_test(test_limits_over_registers_refuse),
        TEST(test_a_limit_that_cannot_be_read_refuses),
        TEST(test_a_limit_from_an_older_reading_does_not_count),
        cmocka_unit_test(test_executed_but_not_answered_is_completed_with_one_write),
        TEST(test_neither_answered_nor_executed_fails_with_one_write),
        TEST(test_answered_but_not_executed_is_a_mismatch),
        TEST(test_a_field_that_does_not_take_is_a_mismatch),
        TEST(test_bits_of_others_do_not_matter_to_the_read_back),
        TEST(test_a_slow_register_is_waited_for),
        TEST(test_how_long_a_slow_register_is_waited_for),
        TEST(test_a_lost_read_back_is_tried_again),
        cmocka_unit_test(test_the_outcome_is_unknown_when_nothing_can_be_read),
        TEST(test_a_frame_that_never_left_was_not_written),
        TEST(test_a_refused_write_says_why),
        TEST(test_addresses_are_shown_as_the_map_counts),
        TEST(test_a_busy_device_is_asked_again),
        TEST(test_a_device_that_stays_busy_refuses),
        TEST(test_acknowledge_is_accepted_and_read_back),
        TEST(test_a_gateway_without_answer_leaves_the_outcome_open),
        cmocka_unit_test(test_wear_skips_a_write_that_changes_nothing),
        TEST(test_without_wear_a_field_is_written_even_when_it_is_held),
        TEST(test_wear_writes_when_it_cannot_compare),
        TEST(test_without_verify_nothing_is_read),
        TEST(test_what_is_written_only_is_not_read),
        TEST(test_an_unanswered_write_that_cannot_be_read_is_unknown),
        cmocka_unit_test(test_a_later_verify_compares_with_what_was_written),
        TEST(test_a_verify_of_what_was_not_written_passes),
        TEST(test_a_verify_does_not_follow_the_condition_of_its_write),
        cmocka_unit_test(test_no_message_shows_a_sensitive_argument),
        TEST(test_rounding_by_a_read_scale_stays_within_limits),
        TEST(test_a_second_register_is_within_limits_too),
        TEST(test_further_steps_use_what_was_rounded),
        TEST(test_what_a_new_connection_forgets_is_read_again),
        TEST(test_results_are_read_and_unknown_ones_left_out),
        cmocka_unit_test(test_one_fault_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
