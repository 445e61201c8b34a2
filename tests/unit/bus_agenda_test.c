// SPDX-License-Identifier: MIT
#include "bus/agenda.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct block blocks[] = {
    {.address = 0, .count = 1, .every_ms = 1000},
    {.address = 10, .count = 1, .every_ms = 5000},
    {.address = 20, .count = 1, .every_ms = EVERY_CONNECT},
    {.address = 30, .count = 1, .every_ms = 0},
    {.address = 40, .count = 1, .every_ms = 1000, .optional = true},
};

static struct agenda agenda_of(size_t first, size_t count, struct plan *plan)
{
    struct agenda agenda;
    *plan = (struct plan){&blocks[first], count};
    agenda_init(&agenda, count);
    agenda_add(&agenda, 0, plan, 100);
    return agenda;
}

static bool ask_all(const void *context, uint16_t unit)
{
    (void)context;
    (void)unit;
    return true;
}

static bool ask_but(const void *context, uint16_t unit)
{
    return unit != *(const uint16_t *)context;
}

static void test_earliest_due_goes_first(void **state)
{
    (void)state;
    struct plan plan;
    struct agenda agenda = agenda_of(0, 2, &plan);
    struct agenda_entry *entry = agenda_next(&agenda, ask_all, NULL);
    assert_ptr_equal(entry->block, &blocks[0]);
    agenda_settle(entry, AGENDA_READ, 110);
    assert_int_equal(entry->due_ms, 1100);
    entry = agenda_next(&agenda, ask_all, NULL);
    assert_ptr_equal(entry->block, &blocks[1]);
    agenda_settle(entry, AGENDA_READ, 120);
    entry = agenda_next(&agenda, ask_all, NULL);
    assert_ptr_equal(entry->block, &blocks[0]);
    agenda_done(&agenda);
}

static void test_missed_periods_are_counted_not_made_up(void **state)
{
    (void)state;
    struct plan plan;
    struct agenda agenda = agenda_of(0, 1, &plan);
    struct agenda_entry *entry = &agenda.entries[0];
    agenda_settle(entry, AGENDA_READ, 3650); // due at 100, 1100, 2100, 3100
    assert_int_equal(entry->missed, 3);
    assert_int_equal(entry->due_ms, 4100);
    agenda_settle(entry, AGENDA_READ, 4100);
    assert_int_equal(entry->missed, 3);
    assert_int_equal(entry->due_ms, 5100);
    agenda_done(&agenda);
}

static void test_once_per_connection(void **state)
{
    (void)state;
    struct plan plan;
    struct agenda agenda = agenda_of(2, 1, &plan);
    struct agenda_entry *entry = agenda_next(&agenda, ask_all, NULL);
    agenda_settle(entry, AGENDA_FAILED, 200);
    assert_int_equal(entry->due_ms, 5200);
    agenda_settle(entry, AGENDA_READ, 5200);
    assert_null(agenda_next(&agenda, ask_all, NULL));
    agenda_reconnected(&agenda, 0, 9000);
    assert_ptr_equal(agenda_next(&agenda, ask_all, NULL), entry);
    assert_int_equal(entry->due_ms, 9000);
    agenda_done(&agenda);
}

static void test_as_often_as_possible_is_fair(void **state)
{
    (void)state;
    struct plan plan;
    struct agenda agenda = agenda_of(2, 2, &plan);
    agenda_settle(&agenda.entries[0], AGENDA_READ, 100);
    agenda_settle(&agenda.entries[1], AGENDA_READ, 150);
    assert_int_equal(agenda.entries[1].due_ms, 150);
    assert_int_equal(agenda.entries[1].missed, 0);
    agenda_settle(&agenda.entries[1], AGENDA_FAILED,
                  150); // but never in a tight loop of failures
    assert_int_equal(agenda.entries[1].due_ms, 250);
    agenda_done(&agenda);
}

static void test_refusals_are_asked_again_rarely(void **state)
{
    (void)state;
    struct plan plan;
    struct agenda agenda = agenda_of(4, 1, &plan);
    struct agenda_entry *entry = &agenda.entries[0];
    agenda_settle(entry, AGENDA_NOT_FITTED, 1000);
    assert_int_equal(entry->due_ms, 1000 + 10 * 60 * 1000);
    agenda_reconnected(&agenda, 0, 2000);
    assert_int_equal(entry->due_ms, 2000);
    agenda_settle(entry, AGENDA_REFUSED, 3000);
    assert_int_equal(entry->due_ms, 3000 + 30 * 1000);
    agenda_done(&agenda);
}

static void test_units_that_may_not_be_asked_are_left_out(void **state)
{
    (void)state;
    struct plan plan = {blocks, 1};
    struct agenda agenda;
    agenda_init(&agenda, 2);
    agenda_add(&agenda, 0, &plan, 100);
    agenda_add(&agenda, 1, &plan, 200);
    uint16_t dead = 0;
    assert_int_equal(agenda_next(&agenda, ask_but, &dead)->unit, 1);
    dead = 1;
    assert_int_equal(agenda_next(&agenda, ask_but, &dead)->unit, 0);
    agenda_done(&agenda);
}

static void test_false_condition_is_looked_at_again(void **state)
{
    (void)state;
    struct plan plan;
    struct agenda agenda = agenda_of(0, 2, &plan);
    agenda_settle(&agenda.entries[0], AGENDA_SKIPPED, 500);
    assert_int_equal(agenda.entries[0].due_ms, 1500);
    agenda_settle(&agenda.entries[1], AGENDA_SKIPPED, 500);
    assert_int_equal(agenda.entries[1].due_ms, 5500);
    agenda_done(&agenda);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_earliest_due_goes_first),
        cmocka_unit_test(test_missed_periods_are_counted_not_made_up),
        cmocka_unit_test(test_once_per_connection),
        cmocka_unit_test(test_as_often_as_possible_is_fair),
        cmocka_unit_test(test_refusals_are_asked_again_rarely),
        cmocka_unit_test(test_units_that_may_not_be_asked_are_left_out),
        cmocka_unit_test(test_false_condition_is_looked_at_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
