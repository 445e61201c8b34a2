// SPDX-License-Identifier: MIT
// What each exception to a write means: what is refused for good, and what only reading back
// can tell.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "support/job_world.h"

static const char refused[] = "write of pair_a (holding 200) was refused: ";
static const char doubted[] = " at the write, and pair_a (holding 200) reads back as 0 instead "
                              "of 9";

// What a command that writes pair_a says when each of its write frames gets this exception and
// the equipment still holds what it held.
static const struct exception_case {
    uint8_t exception;
    enum exception_on_write on_write;
    const char *before; // of the message
    const char *name;
    const char *behind;
    int writes;
    bool mismatch;
} cases[] = {
    {1, WRITE_REFUSED, refused, "illegal function (exception 1)", "", 1, false},
    {2, WRITE_REFUSED, refused, "illegal data address (exception 2)", "", 1, false},
    {3, WRITE_REFUSED, refused, "illegal data value (exception 3)", "", 1, false},
    {4, WRITE_UNCERTAIN, "", "server device failure (exception 4)", doubted, 1, false},
    {5, WRITE_ACCEPTED, "", "pair_a (holding 200) reads back as 0 instead of 9", "", 1, true},
    {6, WRITE_BUSY, refused, "server device busy (exception 6)", "", 4, false},
    {7, WRITE_REFUSED, refused, "negative acknowledge (exception 7)", "", 1, false},
    {8, WRITE_UNCERTAIN, "", "memory parity error (exception 8)", doubted, 1, false},
    {9, WRITE_UNCERTAIN, "", "unknown exception (exception 9)", doubted, 1, false},
    {10, WRITE_UNHEARD, "", "no answer to the write, and pair_a (holding 200)",
     " reads back as 0 instead of 9", 1, true},
    {11, WRITE_UNHEARD, "", "no answer to the write, and pair_a (holding 200)",
     " reads back as 0 instead of 9", 1, true},
    {128, WRITE_UNCERTAIN, "", "unknown exception (exception 128)", doubted, 1, false},
};

static struct world *world_that_answers(uint8_t exception, bool is_executed)
{
    struct world *world = world_new();
    world_rule(world, (struct rule){.is_write = true,
                                    .address = ANY,
                                    .times = FOR_EVER,
                                    .is_executed = is_executed,
                                    .fault = FAULT_EXCEPTION,
                                    .exception = exception});
    return world;
}

static bool says_no(const struct exception_case *row)
{
    return row->on_write == WRITE_REFUSED || row->on_write == WRITE_BUSY;
}

static void test_each_exception_when_nothing_was_executed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct exception_case *row = &cases[i];
        char message[200];
        (void)snprintf(message, sizeof message, "%s%s%s", row->before, row->name, row->behind);
        assert_int_equal(exception_on_write(row->exception), row->on_write);
        struct world *world = world_that_answers(row->exception, false);
        world_command(world, STEPS(world_write(world, "pair_a := 9")));
        const struct job_result *result = world_run(world, NULL);
        assert_failed(world, message);
        assert_int_equal(world_writes(world, ANY), row->writes);
        assert_int_equal(result->mismatch, row->mismatch);
        assert_int_equal(result->fault, FAULT_NONE);
        // Only what says no for certain is believed without reading back.
        assert_int_equal(world->frame_count > row->writes, !says_no(row));
        world_free(world);
    }
}

static void test_what_may_have_been_executed_is_completed_when_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct exception_case *row = &cases[i];
        if (says_no(row))
            continue;
        struct world *world = world_that_answers(row->exception, true);
        world_command(
            world, STEPS(world_write(world, "pair_a := 9"), world_write(world, "pair_b := 1")));
        (void)world_run(world, NULL);
        assert_completed(world);
        assert_int_equal(world_writes(world, ANY), 2); // each once
        world_free(world);
    }
}

static void test_the_outcome_is_unknown_when_it_cannot_be_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct exception_case *row = &cases[i];
        char message[200];
        if (row->on_write != WRITE_UNCERTAIN)
            continue;
        struct world *world = world_that_answers(row->exception, true);
        world_rule(world,
                   (struct rule){.address = ANY, .times = FOR_EVER, .fault = FAULT_TIMEOUT});
        (void)snprintf(message, sizeof message,
                       "%s at the write of pair_a (holding 200), and it could not be read back "
                       "(no answer): outcome unknown",
                       row->name);
        world_command(world, STEPS(world_write(world, "pair_a := 9")));
        (void)world_run(world, NULL);
        assert_failed(world, message);
        assert_int_equal(world_writes(world, ANY), 1);
        world_free(world);
    }
}

static void test_a_failure_before_reconnect_is_not_taken_for_a_restart(void **state)
{
    (void)state;
    struct world *world = world_that_answers(4, false);
    struct step reconnect = {.kind = STEP_RECONNECT, .duration_ms = 10000};
    world_command(world, STEPS(world_write(world, "reboot := true"), reconnect));
    (void)world_run(world, NULL);
    assert_failed(world, "write of reboot (holding 4): server device failure (exception 4): "
                         "outcome unknown");
    assert_int_equal(world->reconnects, 0);
    world_free(world);
}

static void test_a_hold_begins_with_a_write_that_may_have_been_executed(void **state)
{
    (void)state;
    struct world *world = world_that_answers(4, true);
    struct step write = world_write(world, "pair_a := 9");
    write.hold_every_ms = 1000;
    write.hold_for = world_formula(world, "60");
    world_command(world, &write, 1);
    (void)world_run(world, NULL);
    assert_completed(world);
    assert_int_equal(world->holds_begun, 1);
    world_free(world);
}

static void test_a_device_that_does_not_say_yet_who_it_is_is_waited_for(void **state)
{
    (void)state;
    static const struct {
        int times;
        const char *message;
    } rows[] = {
        {3, ""},
        {4,
         "write of pair_a (holding 200): it was not sent, over the new connection the device "
         "did not say who it is"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct world *world = world_new();
        world_rule(world, (struct rule){.is_write = true,
                                        .address = 200,
                                        .times = rows[i].times,
                                        .is_unsent = true,
                                        .fault = FAULT_EXCEPTION,
                                        .exception = 6});
        world_command(world, STEPS(world_write(world, "pair_a := 9")));
        const struct job_result *result = world_run(world, NULL);
        assert_string_equal(result->message, rows[i].message);
        assert_int_equal(world->waited_ms, 1500);
        assert_int_equal(result->anything_written, rows[i].message[0] == '\0');
        world_free(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_exception_when_nothing_was_executed),
        cmocka_unit_test(test_what_may_have_been_executed_is_completed_when_it_was),
        cmocka_unit_test(test_the_outcome_is_unknown_when_it_cannot_be_read_back),
        cmocka_unit_test(test_a_failure_before_reconnect_is_not_taken_for_a_restart),
        cmocka_unit_test(test_a_device_that_does_not_say_yet_who_it_is_is_waited_for),
        cmocka_unit_test(test_a_hold_begins_with_a_write_that_may_have_been_executed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
