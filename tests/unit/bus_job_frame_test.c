// SPDX-License-Identifier: MIT
// Which frames a command makes of what it writes, and what it reads for them.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "support/job_world.h"

static void test_set_is_one_frame_and_reads_back(void **state)
{
    struct world *world = *state;
    world_set_rate(world);
    world_hold(world, RATE, 60);
    const struct job_result *result =
        world_run(world, (struct value[]){value_real(80.5, DECIMALS_SHORTEST)});
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
        (void)world_run(world, NULL);
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
    world_set_rate(world);
    (void)world_run(world, (struct value[]){value_real(80, DECIMALS_SHORTEST)});
    assert_completed(world);
    assert_int_equal(world_last_write(world)->function, 16);
}

static void test_adjacent_registers_are_one_frame_in_ascending_order(void **state)
{
    struct world *world = *state;
    world_command(world, STEPS(world_write(world, "pair_b := 23.1; pair_a := 5")));
    (void)world_run(world, NULL);
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
    (void)world_run(world, NULL);
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
    (void)world_run(world, NULL);
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
    const struct job_result *result = world_run(world, NULL);
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
    (void)world_run(world, NULL);
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
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world->tables[TABLE_HOLDING][402], 1234);
    assert_int_equal(world->tables[TABLE_HOLDING][404], 25);
}

static void test_what_does_not_fit_fails_before_the_frame(void **state)
{
    struct world *world = *state;
    world_command(world, STEPS(world_write(world, "pair_b := 7000")));
    const struct job_result *result = world_run(world, NULL);
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
    (void)world_run(world, NULL);
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
        (void)world_run(world, NULL);
        assert_failed(world, cases[i].message);
        assert_int_equal(world->frame_count, 0);
        world_free(world);
    }
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
        const struct job_result *result = world_run(world, NULL);
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
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world_writes(world, 141), 1);
}

static void test_wear_writes_when_it_cannot_compare(void **state)
{
    struct world *world = *state;
    world_hold(world, WORN, 50);
    world_rule(world, (struct rule){.address = 300, .times = 2, .fault = FAULT_TIMEOUT});
    world_command(world, STEPS(world_write(world, "worn := 50")));
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world_writes(world, ANY), 1);
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
        (void)world_run(world, NULL);
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
    const struct job_result *result = world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(result->value_count, 3);
    assert_string_equal(result->values[0].key, "name");
    assert_int_equal(result->values[0].value.text.length, 5);
    assert_memory_equal(result->values[0].value.text.bytes, "ALPHA", 5);
    assert_string_equal(result->values[1].key, "status");
    assert_int_equal(result->values[1].value.integer, 3);
    assert_memory_equal(result->values[2].value.text.bytes, "steady", 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_set_is_one_frame_and_reads_back),
        cmocka_unit_test(test_one_word_is_written_single_unless_told),
        WORLD_TEST(test_several_words_are_multiple_even_where_single_is_preferred),
        WORLD_TEST(test_adjacent_registers_are_one_frame_in_ascending_order),
        WORLD_TEST(test_coils),
        WORLD_TEST(test_fields_change_only_their_bits),
        WORLD_TEST(test_a_field_is_not_written_over_unknown_bits),
        WORLD_TEST(test_a_value_is_made_of_fresh_readings),
        WORLD_TEST(test_scale_factors_are_read_before_writing),
        WORLD_TEST(test_what_does_not_fit_fails_before_the_frame),
        WORLD_TEST(test_what_cannot_be_executed_is_refused_before_the_first_write),
        cmocka_unit_test(test_entries_that_are_not_adjacent_are_refused),
        cmocka_unit_test(test_wear_skips_a_write_that_changes_nothing),
        WORLD_TEST(test_without_wear_a_field_is_written_even_when_it_is_held),
        WORLD_TEST(test_wear_writes_when_it_cannot_compare),
        WORLD_TEST(test_what_a_new_connection_forgets_is_read_again),
        WORLD_TEST(test_results_are_read_and_unknown_ones_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
