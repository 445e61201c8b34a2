// SPDX-License-Identifier: MIT
#include "bus/agenda.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "support/random.h"

enum { START_MS = 10 * 60 * 1000 };

static const struct block blocks[] = {
    {.address = 0, .count = 1, .every_ms = 1000},
    {.address = 10, .count = 1, .every_ms = 5000},
    {.address = 20, .count = 1, .every_ms = EVERY_CONNECT},
    {.address = 30, .count = 1, .every_ms = 0},
    {.address = 40, .count = 1, .every_ms = 1000, .optional = true},
    {.address = 50, .count = 1, .every_ms = 0},
};

static struct agenda agenda_of(size_t first, size_t count)
{
    struct agenda agenda;
    struct plan plan = {&blocks[first], count};
    agenda_init(&agenda, 1);
    agenda_set_plan(&agenda, 0, &plan, START_MS);
    agenda_spread(&agenda, 0);
    return agenda;
}

static struct agenda_entry *dated(const struct agenda *agenda)
{
    return agenda_first(agenda, 0, true);
}

static void test_everything_is_due_at_the_start(void **state)
{
    (void)state;
    struct agenda agenda = agenda_of(0, 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(agenda.units[0].entries[i].at_ms, START_MS);
    agenda_done(&agenda);
}

static void test_earliest_due_goes_first(void **state)
{
    (void)state;
    struct agenda agenda = agenda_of(0, 2);
    struct agenda_entry *entry = dated(&agenda);
    assert_ptr_equal(entry->block, &blocks[0]);
    agenda_settle(&agenda, entry, AGENDA_READ, START_MS + 10);
    assert_int_equal(entry->due_ms, START_MS + 1000);
    entry = dated(&agenda);
    assert_ptr_equal(entry->block, &blocks[1]);
    agenda_settle(&agenda, entry, AGENDA_READ, START_MS + 20);
    assert_int_equal(entry->due_ms, START_MS + 5000);
    assert_ptr_equal(dated(&agenda)->block, &blocks[0]);
    agenda_done(&agenda);
}

// Words that lie apart are read one after the other, in the order of the plan.
static void test_of_one_date_the_order_of_the_plan_counts(void **state)
{
    (void)state;
    enum { COUNT = 7 };
    struct block same[COUNT] = {{0}};
    struct plan plan = {same, COUNT};
    struct agenda agenda;
    for (size_t i = 0; i < COUNT; i++)
        same[i] = (struct block){.address = (uint16_t)i, .count = 1, .every_ms = 1000};
    agenda_init(&agenda, 1);
    agenda_set_plan(&agenda, 0, &plan, START_MS);
    for (size_t i = 0; i < 5 * COUNT; i++) {
        struct agenda_entry *entry = dated(&agenda);
        assert_ptr_equal(entry->block, &same[i % COUNT]);
        agenda_settle(&agenda, entry, AGENDA_READ,
                      START_MS + 100 + (int64_t)(i / COUNT) * 1000);
    }
    agenda_done(&agenda);
}

static void test_missed_periods_are_counted_not_made_up(void **state)
{
    (void)state;
    struct agenda agenda = agenda_of(0, 1);
    struct agenda_entry *entry = dated(&agenda);
    agenda_settle(&agenda, entry, AGENDA_READ, START_MS);
    assert_int_equal(entry->due_ms, START_MS + 1000);
    agenda_settle(&agenda, entry, AGENDA_READ, START_MS + 4550); // 2000, 3000, 4000 passed
    assert_int_equal(entry->missed, 3);
    assert_int_equal(agenda.units[0].missed, 3);
    assert_int_equal(entry->due_ms, START_MS + 5000);
    agenda_settle(&agenda, entry, AGENDA_READ, START_MS + 5000);
    assert_int_equal(entry->missed, 3);
    assert_int_equal(entry->due_ms, START_MS + 6000);
    agenda_done(&agenda);
}

static void test_once_per_connection(void **state)
{
    (void)state;
    struct agenda agenda = agenda_of(2, 1);
    struct agenda_entry *entry = dated(&agenda);
    agenda_settle(&agenda, entry, AGENDA_LATER, START_MS);
    assert_int_equal(entry->due_ms, START_MS + 5000);
    agenda_settle(&agenda, entry, AGENDA_READ, START_MS + 5000);
    assert_true(entry->due_ms == INT64_MAX);
    agenda_reconnected(&agenda, 0, START_MS + 9000);
    assert_int_equal(entry->due_ms, START_MS + 9000);
    agenda_done(&agenda);
}

static void test_blocks_without_a_date_take_turns(void **state)
{
    (void)state;
    static const struct block free_blocks[] = {
        {.address = 0, .count = 1}, {.address = 1, .count = 1}, {.address = 2, .count = 1}};
    struct agenda agenda;
    struct plan plan = {free_blocks, 3};
    agenda_init(&agenda, 1);
    agenda_set_plan(&agenda, 0, &plan, 0);
    int count[3] = {0};
    for (int64_t now_ms = 10; now_ms <= 3000; now_ms += 10) {
        struct agenda_entry *entry = agenda_first(&agenda, 0, false);
        count[entry->block->address]++;
        agenda_settle(&agenda, entry, AGENDA_READ, now_ms);
        assert_true(entry->at_ms <= now_ms); // ready again at once
    }
    for (int i = 0; i < 3; i++)
        assert_int_equal(count[i], 100);
    assert_null(agenda_first(&agenda, 0, true));
    assert_int_equal(agenda.units[0].missed, 0);
    agenda_done(&agenda);
}

static void test_a_busy_unit_is_not_asked_in_a_tight_loop(void **state)
{
    (void)state;
    struct agenda agenda = agenda_of(3, 1);
    struct agenda_entry *entry = agenda_first(&agenda, 0, false);
    agenda_settle(&agenda, entry, AGENDA_LATER, START_MS);
    assert_int_equal(entry->at_ms, START_MS + 100);
    assert_int_equal(entry->laters, 1);
    agenda_settle(&agenda, entry, AGENDA_READ, START_MS + 100);
    assert_int_equal(entry->laters, 0);
    agenda_done(&agenda);
}

static void test_refusals_are_asked_again_ever_more_rarely(void **state)
{
    (void)state;
    static const int64_t pauses_s[] = {30, 120, 480, 1920, 7680, 30720, 86400, 86400};
    struct agenda agenda = agenda_of(0, 1);
    struct agenda_entry *entry = dated(&agenda);
    int64_t now_ms = START_MS;
    for (size_t i = 0; i < ARRAY_LENGTH(pauses_s); i++) {
        agenda_settle(&agenda, entry, AGENDA_REFUSED, now_ms);
        assert_int_equal(entry->due_ms - now_ms, pauses_s[i] * 1000);
        agenda_restart(&agenda, 0, now_ms); // not for a mere return of the unit
        assert_int_equal(entry->due_ms - now_ms, pauses_s[i] * 1000);
        now_ms = entry->due_ms;
    }
    agenda_settle(&agenda, entry, AGENDA_READ, now_ms);
    agenda_settle(&agenda, entry, AGENDA_REFUSED, now_ms);
    assert_int_equal(entry->due_ms - now_ms, 30 * 1000);
    assert_int_equal(entry->missed, 0);
    agenda_done(&agenda);
}

static void test_not_fitted_is_asked_again_with_the_next_connection(void **state)
{
    (void)state;
    struct agenda agenda = agenda_of(4, 1);
    struct agenda_entry *entry = dated(&agenda);
    agenda_settle(&agenda, entry, AGENDA_NOT_FITTED, START_MS);
    assert_int_equal(entry->due_ms, START_MS + 10 * 60 * 1000);
    agenda_reconnected(&agenda, 0, START_MS + 2000);
    assert_int_equal(entry->due_ms, START_MS + 2000);
    agenda_done(&agenda);
}

static void test_what_was_a_mood_is_asked_again_soon(void **state)
{
    (void)state;
    struct agenda agenda = agenda_of(0, 5);
    for (size_t i = 0; i < 5; i++)
        agenda_settle(&agenda, &agenda.units[0].entries[i], AGENDA_NOT_FITTED, START_MS);
    agenda_ask_again(&agenda, 0, &blocks[4], START_MS + 10000);
    assert_ptr_equal(dated(&agenda)->block, &blocks[4]);
    assert_int_equal(dated(&agenda)->at_ms, START_MS + 10000);
    agenda_settle(&agenda, dated(&agenda), AGENDA_READ, START_MS + 10000);
    assert_int_equal(dated(&agenda)->due_ms, START_MS + 11000); // on its grid again
    agenda_done(&agenda);
}

static void test_silence_leaves_it_due(void **state)
{
    (void)state;
    struct agenda agenda = agenda_of(0, 1);
    struct agenda_entry *entry = dated(&agenda);
    agenda_settle(&agenda, entry, AGENDA_SILENT, START_MS + 300);
    assert_int_equal(entry->due_ms, START_MS);
    assert_int_equal(entry->at_ms, START_MS + 300);
    agenda_put_off(&agenda, entry, START_MS + 900);
    assert_int_equal(entry->due_ms, START_MS);
    assert_int_equal(entry->at_ms, START_MS + 900);
    agenda_done(&agenda);
}

static void test_false_condition_is_looked_at_again(void **state)
{
    (void)state;
    struct agenda agenda = agenda_of(0, 2);
    agenda_settle(&agenda, &agenda.units[0].entries[0], AGENDA_SKIPPED, START_MS);
    assert_int_equal(agenda.units[0].entries[0].due_ms, START_MS + 1000);
    agenda_settle(&agenda, &agenda.units[0].entries[1], AGENDA_SKIPPED, START_MS);
    assert_int_equal(agenda.units[0].entries[1].due_ms, START_MS + 5000);
    agenda_done(&agenda);
}

static void test_a_unit_that_is_back_is_read_at_once(void **state)
{
    (void)state;
    struct agenda agenda = agenda_of(0, 6);
    for (size_t i = 0; i < 6; i++)
        agenda_settle(&agenda, &agenda.units[0].entries[i], AGENDA_READ, START_MS);
    agenda_restart(&agenda, 0, START_MS + 500);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(agenda.units[0].entries[i].due_ms, START_MS + 500);
    assert_int_equal(agenda.units[0].missed, 0);
    agenda_done(&agenda);
}

static void test_what_somebody_else_wrote_is_read_at_once(void **state)
{
    (void)state;
    const struct span span = {TABLE_COIL, 10, 11, SUNSPEC_NONE}; // the second and the third
    struct agenda agenda = agenda_of(0, 6);
    for (size_t i = 0; i < 6; i++)
        agenda_settle(&agenda, &agenda.units[0].entries[i], AGENDA_READ, START_MS);
    agenda_hasten(&agenda, 0, &span, START_MS + 100);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(agenda.units[0].entries[i].due_ms == START_MS + 100, i > 0);
    assert_int_equal(dated(&agenda)->at_ms, START_MS + 100);
    agenda_settle(&agenda, &agenda.units[0].entries[1], AGENDA_READ, START_MS + 110);
    assert_int_equal(agenda.units[0].entries[1].due_ms, START_MS + 5000); // its old grid
    const struct span other = {TABLE_HOLDING, 0, 60, SUNSPEC_NONE};
    agenda_hasten(&agenda, 0, &other, START_MS + 200);
    assert_int_equal(agenda.units[0].entries[0].due_ms, START_MS + 1000);
    agenda_settle(&agenda, &agenda.units[0].entries[0], AGENDA_REFUSED, START_MS + 1000);
    const struct span all = {TABLE_COIL, 0, 60, SUNSPEC_NONE};
    agenda_hasten(&agenda, 0, &all, START_MS + 1100); // what it refuses stays so
    assert_true(agenda.units[0].entries[0].due_ms > START_MS + 2000);
    agenda_done(&agenda);
}

static void test_units_are_spread_and_their_blocks_stay_together(void **state)
{
    (void)state;
    enum { UNITS = 4 };
    struct agenda agenda;
    struct plan plan = {blocks, 2};
    agenda_init(&agenda, UNITS);
    for (uint16_t i = 0; i < UNITS; i++)
        agenda_set_plan(&agenda, i, &plan, START_MS);
    agenda_spread(&agenda, 0);
    for (uint16_t i = 0; i < UNITS; i++) {
        struct agenda_entry *second = &agenda.units[i].entries[0];
        struct agenda_entry *five = &agenda.units[i].entries[1];
        agenda_settle(&agenda, second, AGENDA_READ, START_MS);
        agenda_settle(&agenda, five, AGENDA_READ, START_MS);
        assert_int_equal(second->due_ms % 1000, i * 250);
        assert_int_equal(five->due_ms % 1000, i * 250);
        // At most one period and a quarter after the first read.
        assert_in_range(second->due_ms, START_MS + 250, START_MS + 1250);
        assert_in_range(five->due_ms, START_MS + 1250, START_MS + 6250);
    }
    assert_int_equal(agenda.units[3].entries[1].due_ms % 5000, 3750);
    agenda_done(&agenda);
}

static void test_a_new_plan_keeps_the_dates_of_what_stays(void **state)
{
    (void)state;
    static const struct block later[] = {
        {.address = 10, .count = 1, .every_ms = 5000},
        {.address = 11, .count = 4, .every_ms = 1000},
    };
    struct agenda agenda = agenda_of(0, 2);
    agenda_settle(&agenda, &agenda.units[0].entries[0], AGENDA_READ, START_MS);
    agenda_settle(&agenda, &agenda.units[0].entries[0], AGENDA_READ, START_MS + 2500);
    agenda_settle(&agenda, &agenda.units[0].entries[1], AGENDA_READ, START_MS);
    struct plan plan = {later, 2};
    agenda_set_plan(&agenda, 0, &plan, START_MS + 3000);
    assert_int_equal(agenda.units[0].count, 2);
    assert_ptr_equal(agenda.units[0].entries[0].block, &later[0]);
    assert_int_equal(agenda.units[0].entries[0].due_ms, START_MS + 5000);
    assert_int_equal(agenda.units[0].entries[1].due_ms, START_MS + 3000);
    assert_ptr_equal(dated(&agenda)->block, &later[1]);
    assert_int_equal(agenda.units[0].missed, 1);
    agenda_done(&agenda);
}

// The heap against a linear search, over thousands of random steps.
static void test_the_first_is_always_the_earliest(void **state)
{
    (void)state;
    enum { COUNT = 200, STEPS = 20000 };
    struct block *many = mem_new(COUNT, sizeof *many);
    uint64_t seed = 4;
    for (uint16_t i = 0; i < COUNT; i++)
        many[i] = (struct block){
            .address = i, .count = 1, .every_ms = 10 + random_below(&seed, 5000)};
    struct agenda agenda;
    struct plan plan = {many, COUNT};
    agenda_init(&agenda, 1);
    agenda_set_plan(&agenda, 0, &plan, 0);
    agenda_spread(&agenda, 0.3);
    int64_t now_ms = 0;
    for (int step = 0; step < STEPS; step++) {
        struct agenda_entry *first = dated(&agenda);
        for (size_t i = 0; i < COUNT; i++)
            assert_true(agenda.units[0].entries[i].at_ms >= first->at_ms);
        now_ms = (now_ms > first->at_ms ? now_ms : first->at_ms) + random_below(&seed, 7);
        if (random_below(&seed, 5) == 0)
            agenda_put_off(&agenda, first, now_ms + random_below(&seed, 3000));
        else
            agenda_settle(&agenda, first, random_below(&seed, 9) ? AGENDA_READ : AGENDA_SILENT,
                          now_ms);
    }
    agenda_done(&agenda);
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_is_due_at_the_start),
        cmocka_unit_test(test_earliest_due_goes_first),
        cmocka_unit_test(test_of_one_date_the_order_of_the_plan_counts),
        cmocka_unit_test(test_missed_periods_are_counted_not_made_up),
        cmocka_unit_test(test_once_per_connection),
        cmocka_unit_test(test_blocks_without_a_date_take_turns),
        cmocka_unit_test(test_a_busy_unit_is_not_asked_in_a_tight_loop),
        cmocka_unit_test(test_refusals_are_asked_again_ever_more_rarely),
        cmocka_unit_test(test_not_fitted_is_asked_again_with_the_next_connection),
        cmocka_unit_test(test_what_was_a_mood_is_asked_again_soon),
        cmocka_unit_test(test_silence_leaves_it_due),
        cmocka_unit_test(test_false_condition_is_looked_at_again),
        cmocka_unit_test(test_a_unit_that_is_back_is_read_at_once),
        cmocka_unit_test(test_what_somebody_else_wrote_is_read_at_once),
        cmocka_unit_test(test_units_are_spread_and_their_blocks_stay_together),
        cmocka_unit_test(test_a_new_plan_keeps_the_dates_of_what_stays),
        cmocka_unit_test(test_the_first_is_always_the_earliest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
