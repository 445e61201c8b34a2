// SPDX-License-Identifier: MIT
// Limits of an argument: over registers, and of what is rounded to the steps of one.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "support/job_world.h"

static void test_limits_over_registers_are_read_first(void **state)
{
    struct world *world = *state;
    world_limit_rate(world);
    (void)world_run(world, (struct value[]){value_real(100, DECIMALS_SHORTEST)});
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
        world_limit_rate(world);
        const struct job_result *result =
            world_run(world, (struct value[]){value_real(values[i], DECIMALS_SHORTEST)});
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
    world_limit_rate(world);
    world_rule(world, (struct rule){.address = 1105,
                                    .times = FOR_EVER,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = 2});
    const struct job_result *result =
        world_run(world, (struct value[]){value_real(80, DECIMALS_SHORTEST)});
    assert_failed(world, "rate: its limit rate_max_half is not known, nothing was written: "
                         "rate_max (holding 1105) could not be read: illegal data address "
                         "(exception 2)");
    assert_int_equal(world_writes(world, ANY), 0);
    assert_int_equal(result->fault, FAULT_NONE);
}

static void test_a_limit_from_an_older_reading_does_not_count(void **state)
{
    struct world *world = *state;
    world_limit_rate(world);
    (void)world_run(world, (struct value[]){value_real(80, DECIMALS_SHORTEST)});
    assert_completed(world);
    job_result_free(world->result);
    world_rule(world,
               (struct rule){.address = 1105, .times = FOR_EVER, .fault = FAULT_TIMEOUT});
    const struct job_result *result =
        world_run(world, (struct value[]){value_real(81, DECIMALS_SHORTEST)});
    assert_failed(world, "rate: its limit rate_max_half is not known, nothing was written: "
                         "rate_max (holding 1105) could not be read: no answer");
    assert_int_equal(result->fault, FAULT_TIMEOUT);
    assert_int_equal(world_writes(world, ANY), 1); // the first command's
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
        (void)world_run(world, (struct value[]){value_real(cases[i].given, DECIMALS_SHORTEST)});
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
        (void)world_run(world, (struct value[]){value_real(cases[i].given, DECIMALS_SHORTEST)});
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
    (void)world_run(world, (struct value[]){value_real(95, DECIMALS_SHORTEST)});
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
    (void)world_run(world, (struct value[]){value_real(94, DECIMALS_SHORTEST)});
    assert_completed(world);
    assert_true(world_held(world, POWER) == 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_limits_over_registers_are_read_first),
        cmocka_unit_test(test_limits_over_registers_refuse),
        WORLD_TEST(test_a_limit_that_cannot_be_read_refuses),
        WORLD_TEST(test_a_limit_from_an_older_reading_does_not_count),
        cmocka_unit_test(test_no_message_shows_a_sensitive_argument),
        WORLD_TEST(test_rounding_by_a_read_scale_stays_within_limits),
        WORLD_TEST(test_a_second_register_is_within_limits_too),
        WORLD_TEST(test_further_steps_use_what_was_rounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
