// SPDX-License-Identifier: MIT
// Looking for units: whom to ask next, given what came so far.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "bus/hunt.h"

static const struct hunt_outcome silence = {.fault = FAULT_TIMEOUT};
static const struct hunt_outcome granted = {.fault = FAULT_NONE};
static const struct hunt_outcome refused = {.fault = FAULT_EXCEPTION, .exception = 2};
static const struct hunt_outcome unreachable = {.fault = FAULT_EXCEPTION, .exception = 11};
static const struct hunt_outcome garbled = {.fault = FAULT_GARBLED};

// A line on which some units live at one setting; NULL setting_of: at all.
struct town {
    size_t setting;
    uint8_t units[8];
    size_t unit_count;
    const struct hunt_outcome *others; // what the rest is like
    uint8_t input_only;                // silent to holding registers
};

static const struct hunt_outcome *live(const struct town *town,
                                       const struct hunt_question *question)
{
    if (question->setting != town->setting)
        return &silence;
    if (question->unit_id == town->input_only && question->table == TABLE_INPUT)
        return &granted;
    for (size_t i = 0; i < town->unit_count; i++) {
        if (town->units[i] == question->unit_id)
            return i % 2 ? &refused : &granted;
    }
    return town->others;
}

// Runs to the end; returns how many questions were asked.
static size_t run(struct hunt *hunt, const struct town *town)
{
    struct hunt_question question;
    size_t asked = 0;
    while (hunt_next(hunt, &question)) {
        assert_true(hunt->asked < hunt_total(hunt));
        (void)hunt_note(hunt, &question, live(town, &question));
        assert_true(++asked < 30000);
    }
    assert_int_equal(hunt->asked, asked);
    assert_int_equal(hunt_total(hunt), asked);
    return asked;
}

static enum hunt_state state_of(const struct hunt *hunt, size_t setting, uint8_t unit_id)
{
    for (size_t i = 0; i < hunt->unit_count; i++) {
        if (hunt->units[i] == unit_id)
            return (enum hunt_state)hunt->states[setting][i];
    }
    fail_msg("unit %u is not asked", unit_id);
    return HUNT_UNASKED;
}

static void test_known_settings(void **state)
{
    (void)state;
    struct hunt hunt;
    const struct town town = {
        .units = {1, 7, 200}, .unit_count = 3, .others = &silence, .input_only = 9};
    hunt_begin(&hunt, TRANSPORT_RTU, 1, NO_INDEX, NO_INDEX, 100);
    assert_int_equal(hunt.unit_count, 247);
    // Everybody once, the silent ones twice.
    assert_int_equal(run(&hunt, &town), 247 + 244);
    assert_int_equal(hunt.found, 4);
    assert_int_equal(state_of(&hunt, 0, 9), HUNT_ALIVE);
    assert_int_equal(state_of(&hunt, 0, 8), HUNT_SILENT_TWICE);
    assert_false(hunt_is_any(&hunt));
}

static void test_range_of_units(void **state)
{
    (void)state;
    struct hunt hunt;
    const struct town town = {.units = {5}, .unit_count = 1, .others = &silence};
    hunt_begin(&hunt, TRANSPORT_RTU, 1, 5, 6, 100);
    assert_int_equal(run(&hunt, &town), 3);
    hunt_begin(&hunt, TRANSPORT_TCP, 1, 0, 0, 100);
    assert_int_equal(hunt.unit_count, 1);
    assert_int_equal(run(&hunt, &town), 2);
}

static void test_settings_are_tried_with_likely_units_first(void **state)
{
    (void)state;
    size_t count = 0;
    struct hunt hunt;
    struct hunt_question question;
    (void)hunt_usual_settings(&count);
    hunt_begin(&hunt, TRANSPORT_RTU, count, NO_INDEX, NO_INDEX, 100);
    for (size_t i = 0; i < count * 11; i++) {
        assert_true(hunt_next(&hunt, &question));
        assert_int_equal(question.setting, i / 11);
        assert_int_equal(question.unit_id, i % 11 == 10 ? 247 : i % 11 + 1);
        (void)hunt_note(&hunt, &question, &silence);
    }
    assert_true(hunt_next(&hunt, &question));
    assert_int_equal(question.unit_id, 11);
    assert_int_equal(question.setting, 0);
}

static void test_other_settings_are_left_alone_once_somebody_answered(void **state)
{
    (void)state;
    size_t count = 0;
    struct hunt hunt;
    const struct town town = {
        .setting = 3, .units = {2, 100}, .unit_count = 2, .others = &silence};
    (void)hunt_usual_settings(&count);
    hunt_begin(&hunt, TRANSPORT_RTU, count, NO_INDEX, NO_INDEX, 100);
    assert_int_equal(run(&hunt, &town), 3 * 11 + 247 + 245);
    assert_int_equal(hunt.alive[3], 2);
    // All the same to who wants to know of all.
    hunt_begin(&hunt, TRANSPORT_RTU, count, NO_INDEX, NO_INDEX, 100);
    hunt.all = true;
    assert_int_equal(run(&hunt, &town), 247 * count + 245);
    assert_int_equal(hunt.found, 2);
}

static void test_nobody_there(void **state)
{
    (void)state;
    struct hunt hunt;
    const struct town town = {.others = &silence};
    hunt_begin(&hunt, TRANSPORT_RTU, 4, NO_INDEX, NO_INDEX, 100);
    assert_int_equal(run(&hunt, &town), 4 * 247);
    assert_int_equal(hunt.found, 0);
}

static void test_gateway_says_who_is_not_there(void **state)
{
    (void)state;
    struct hunt hunt;
    const struct town town = {.units = {12}, .unit_count = 1, .others = &unreachable};
    hunt_begin(&hunt, TRANSPORT_TCP, 1, NO_INDEX, NO_INDEX, 500);
    assert_int_equal(hunt.unit_count, 249);
    // It has waited itself: nobody is asked twice.
    assert_int_equal(run(&hunt, &town), 249);
    assert_int_equal(hunt.found, 1);
    assert_int_equal(hunt.alive[0], 1);
    assert_false(hunt_is_any(&hunt));
}

static void test_device_that_answers_to_every_id(void **state)
{
    (void)state;
    struct hunt hunt;
    struct hunt_question question;
    hunt_begin(&hunt, TRANSPORT_TCP, 1, NO_INDEX, NO_INDEX, 500);
    static const uint8_t first[] = {1, 255, 247, 246};
    for (size_t i = 0; i < ARRAY_LENGTH(first); i++) {
        assert_false(hunt_is_settled(&hunt));
        assert_true(hunt_next(&hunt, &question));
        assert_int_equal(question.unit_id, first[i]);
        assert_int_equal(hunt_note(&hunt, &question, &granted), HUNT_ALIVE);
    }
    assert_true(hunt_is_settled(&hunt));
    assert_true(hunt_is_any(&hunt));
    assert_false(hunt_next(&hunt, &question));
    // One that does not answer, and they are different ones.
    hunt_begin(&hunt, TRANSPORT_TCP, 1, NO_INDEX, NO_INDEX, 500);
    assert_true(hunt_next(&hunt, &question));
    (void)hunt_note(&hunt, &question, &granted);
    assert_true(hunt_next(&hunt, &question));
    (void)hunt_note(&hunt, &question, &unreachable);
    assert_true(hunt_is_settled(&hunt));
    assert_false(hunt_is_any(&hunt));
    // Who was told which ids to ask is not second-guessed, and neither is a serial line.
    hunt_begin(&hunt, TRANSPORT_TCP, 1, 1, 255, 500);
    assert_true(hunt_is_settled(&hunt));
    hunt_begin(&hunt, TRANSPORT_RTU_OVER_TCP, 1, NO_INDEX, NO_INDEX, 500);
    assert_int_equal(hunt.unit_count, 247);
    assert_true(hunt_is_settled(&hunt));
}

static void test_late_answers_make_the_wait_longer(void **state)
{
    (void)state;
    const struct hunt_outcome late = {.fault = FAULT_TIMEOUT, .saw_others = true};
    struct hunt hunt;
    struct hunt_question question;
    hunt_begin(&hunt, TRANSPORT_TCP, 1, 1, 10, 500);
    for (int i = 0; i < 5; i++) {
        assert_true(hunt_next(&hunt, &question));
        (void)hunt_note(&hunt, &question, i == 1 ? &granted : &silence);
    }
    assert_true(hunt_next(&hunt, &question));
    assert_int_equal(question.unit_id, 6);
    (void)hunt_note(&hunt, &question, &late);
    assert_int_equal(hunt.timeout_ms, 1000);
    // The silent ones anew, not the one that answered.
    assert_true(hunt_next(&hunt, &question));
    assert_int_equal(question.unit_id, 1);
    (void)hunt_note(&hunt, &question, &granted);
    assert_true(hunt_next(&hunt, &question));
    assert_int_equal(question.unit_id, 3);
    // Another master talks all the time: that does not go on for ever.
    int asked = 0;
    while (hunt_next(&hunt, &question)) {
        (void)hunt_note(&hunt, &question, &late);
        assert_true(++asked < 40);
    }
    assert_int_equal(hunt.timeout_ms, 2000);
    assert_true(hunt.saw_others);
}

static void test_garbled_answers(void **state)
{
    (void)state;
    struct hunt hunt;
    struct hunt_question question;
    hunt_begin(&hunt, TRANSPORT_RTU, 2, 1, 2, 100);
    static const struct {
        size_t setting;
        uint8_t unit_id;
        enum table table;
        const struct hunt_outcome *outcome;
        enum hunt_state state;
    } rows[] = {
        {0, 1, TABLE_HOLDING, &garbled, HUNT_GARBLED},
        {0, 2, TABLE_HOLDING, &silence, HUNT_SILENT},
        {1, 1, TABLE_HOLDING, &silence, HUNT_SILENT}, // garbage is no reason to stop
        {1, 2, TABLE_HOLDING, &silence, HUNT_SILENT},
        {0, 1, TABLE_INPUT, &silence, HUNT_GARBLED_TWICE},
        {0, 2, TABLE_INPUT, &garbled, HUNT_GARBLED_TWICE},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        assert_true(hunt_next(&hunt, &question));
        assert_int_equal(question.setting, rows[i].setting);
        assert_int_equal(question.unit_id, rows[i].unit_id);
        assert_int_equal(question.table, rows[i].table);
        assert_int_equal(hunt_note(&hunt, &question, rows[i].outcome), rows[i].state);
    }
    assert_false(hunt_next(&hunt, &question));
    assert_int_equal(hunt_count(&hunt, 0, HUNT_GARBLED_TWICE), 2);
}

static void test_what_counts_as_life(void **state)
{
    (void)state;
    for (unsigned exception = 1; exception < 256; exception++) {
        struct hunt hunt;
        struct hunt_question question;
        const struct hunt_outcome outcome = {.fault = FAULT_EXCEPTION,
                                             .exception = (uint8_t)exception};
        bool is_gateway = exception == 10 || exception == 11;
        hunt_begin(&hunt, TRANSPORT_RTU, 1, 1, 1, 100);
        assert_true(hunt_next(&hunt, &question));
        assert_int_equal(hunt_note(&hunt, &question, &outcome),
                         is_gateway ? HUNT_SILENT_TWICE : HUNT_ALIVE);
        assert_false(hunt_next(&hunt, &question));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_settings),
        cmocka_unit_test(test_range_of_units),
        cmocka_unit_test(test_settings_are_tried_with_likely_units_first),
        cmocka_unit_test(test_other_settings_are_left_alone_once_somebody_answered),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_gateway_says_who_is_not_there),
        cmocka_unit_test(test_device_that_answers_to_every_id),
        cmocka_unit_test(test_late_answers_make_the_wait_longer),
        cmocka_unit_test(test_garbled_answers),
        cmocka_unit_test(test_what_counts_as_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
