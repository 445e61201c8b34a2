// SPDX-License-Identifier: MIT
// A command without steps only asks: its answer is a fresh reading, or an error that says why
// there is none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/job_world.h"

static void an_answer_is_read_fresh(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_hold(world, RATE, 75);
    world_result(world, "production_rate");
    const struct job_result *result = world_run(world, NULL);
    assert_int_equal(result->outcome, JOB_COMPLETED);
    assert_false(result->anything_written);
    assert_int_equal(result->value_count, 1);
    assert_string_equal(result->values[0].key, "production_rate");
    assert_true(value_number(&result->values[0].value) == 75);
    assert_int_equal(world->frame_count, 1);
    world_free(world);
}

static void no_answer_is_an_error(void **state)
{
    (void)state;
    static const struct {
        struct rule rule;
        enum fault fault; // of the result
        const char *message;
    } cases[] = {
        {{.address = 1002, .times = FOR_EVER, .fault = FAULT_TIMEOUT},
         FAULT_TIMEOUT,
         "production_rate (holding 1002) could not be read: no answer"},
        {{.address = 1002, .times = FOR_EVER, .fault = FAULT_LINK},
         FAULT_LINK,
         "production_rate (holding 1002) could not be read: the link failed"},
        {{.address = 1002, .times = FOR_EVER, .fault = FAULT_EXCEPTION, .exception = 2},
         FAULT_NONE,
         "production_rate (holding 1002) could not be read: illegal data address (exception "
         "2)"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct world *world = world_new();
        world_rule(world, cases[i].rule);
        world_result(world, "production_rate");
        const struct job_result *result = world_run(world, NULL);
        assert_int_equal(result->outcome, JOB_ERROR);
        assert_int_equal(result->fault, cases[i].fault);
        assert_string_equal(result->message, cases[i].message);
        assert_false(result->anything_written);
        world_free(world);
    }
}

// One lost answer is chance: it is asked for once more.
static void a_lost_answer_is_asked_for_again(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_hold(world, RATE, 60);
    world_rule(world, (struct rule){.address = 1002, .times = 1, .fault = FAULT_TIMEOUT});
    world_result(world, "production_rate");
    const struct job_result *result = world_run(world, NULL);
    assert_int_equal(result->outcome, JOB_COMPLETED);
    assert_int_equal(result->value_count, 1);
    assert_int_equal(world->frame_count, 2);
    world_free(world);
}

// "There is none" is an answer.
static void what_has_no_value_is_left_out(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_hold(world, DRYER_ONLINE, 0);
    world_result(world, "dryer_level");
    const struct job_result *result = world_run(world, NULL);
    assert_int_equal(result->outcome, JOB_COMPLETED);
    assert_int_equal(result->value_count, 0);
    world_free(world);
}

static void a_stop_ends_it(void **state)
{
    (void)state;
    struct world *world = world_new();
    world->stop_at = 1;
    world_result(world, "production_rate");
    const struct job_result *result = world_run(world, NULL);
    assert_int_equal(result->outcome, JOB_ERROR);
    assert_int_equal(result->fault, FAULT_STOPPED);
    assert_int_equal(world->frame_count, 0);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_read_fresh),
        cmocka_unit_test(no_answer_is_an_error),
        cmocka_unit_test(a_lost_answer_is_asked_for_again),
        cmocka_unit_test(what_has_no_value_is_left_out),
        cmocka_unit_test(a_stop_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
