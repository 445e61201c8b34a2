// SPDX-License-Identifier: MIT
// What a bus says of itself: the record of each unit, and the snapshot made of everything.
#include "bus/snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bus/hold_end.h"

static void note(struct record *record, enum fault fault, int64_t response_us, int64_t now_ms)
{
    struct transaction transaction = {
        .fault = fault, .exception = 2, .response_us = response_us, .text = "what went wrong"};
    record_note(record, &transaction, now_ms);
}

static struct unit_status report(const struct record *record, int64_t now_ms)
{
    struct unit_status status = {0};
    record_report(record, now_ms, &status);
    return status;
}

static void test_each_outcome_has_its_counter(void **state)
{
    (void)state;
    struct record record = {0};
    note(&record, FAULT_NONE, 10, 1);
    note(&record, FAULT_TIMEOUT, 0, 2);
    note(&record, FAULT_GARBLED, 0, 3);
    note(&record, FAULT_EXCEPTION, 10, 4);
    note(&record, FAULT_LINK, 0, 5);
    note(&record, FAULT_STOPPED, 0, 6);
    struct transaction odd = {
        .fault = FAULT_EXCEPTION, .exception = 200, .writes = true, .text = ""};
    record_note(&record, &odd, 7);
    struct unit_status status = report(&record, 8);
    assert_int_equal(status.counters.requests, 7);
    assert_int_equal(status.counters.answers, 3);
    assert_int_equal(status.counters.writes, 1);
    assert_int_equal(status.counters.timeouts, 1);
    assert_int_equal(status.counters.garbled, 1);
    assert_int_equal(status.counters.link_failures, 1);
    assert_int_equal(status.counters.exceptions[2], 1);
    assert_int_equal(status.counters.exceptions[0], 1);
    assert_int_equal(status.last_answer_ms, 7);
}

static void test_the_last_fault_stays_until_the_next(void **state)
{
    (void)state;
    struct record record = {0};
    assert_int_equal(report(&record, 1).fault, FAULT_NONE);
    note(&record, FAULT_EXCEPTION, 10, 5);
    note(&record, FAULT_NONE, 10, 6);
    note(&record, FAULT_STOPPED, 0, 7);
    struct unit_status status = report(&record, 8);
    assert_int_equal(status.fault, FAULT_EXCEPTION);
    assert_int_equal(status.exception, 2);
    assert_int_equal(status.fault_ms, 5);
    assert_string_equal(status.fault_text, "what went wrong");
    note(&record, FAULT_TIMEOUT, 0, 9);
    status = report(&record, 9);
    assert_int_equal(status.exception, 0);
    assert_int_equal(status.counters.requests, 4);
}

static void test_response_times_of_the_last_minutes(void **state)
{
    (void)state;
    struct record record = {0};
    int64_t start_ms = 1000000;
    note(&record, FAULT_NONE, 90000, start_ms);
    note(&record, FAULT_NONE, 10000, start_ms + 1000);
    struct unit_status status = report(&record, start_ms + 2000);
    assert_int_equal(status.response_mean_us, 50000);
    assert_int_equal(status.response_max_us, 90000);
    note(&record, FAULT_NONE, 20000,
         start_ms + 61000); // a new minute, the last one still counts
    status = report(&record, start_ms + 61000);
    assert_int_equal(status.response_mean_us, 40000);
    assert_int_equal(status.response_max_us, 90000);
    note(&record, FAULT_NONE, 40000, start_ms + 122000);
    status = report(&record, start_ms + 122000);
    assert_int_equal(status.response_mean_us, 30000);
    assert_int_equal(status.response_max_us, 40000);
    status = report(&record, start_ms + 400000); // silent since
    assert_int_equal(status.response_mean_us, 0);
    assert_int_equal(status.response_max_us, 0);
}

static void test_an_old_window_is_forgotten(void **state)
{
    (void)state;
    struct record record = {0};
    note(&record, FAULT_NONE, 90000, 1000000);
    note(&record, FAULT_NONE, 10000, 2000000); // long silent between
    assert_int_equal(report(&record, 2000000).response_max_us, 10000);
}

static const struct map map = {.name = "pump"};
static const struct bus_settings bus = {
    .name = "cabinet", .transport = TRANSPORT_TCP, .host = "127.0.0.1", .port = 9};
static const struct device devices[] = {
    {.name = "elsewhere", .map = &map, .bus = 1},
    {.name = "one", .map = &map, .bus = 0, .unit_id = 4},
    {.name = "two", .map = &map, .bus = 0, .unit_id = 7},
};
static const struct site site = {
    .buses = &bus, .bus_count = 1, .devices = devices, .device_count = ARRAY_LENGTH(devices)};

// A bus before its thread begins, and the status it gives.
struct world {
    struct arena *arena;
    struct line line;
    struct agenda agenda;
    struct jobs jobs;
    struct holds holds;
    struct bus_status *status;
};

static int set_up(void **state)
{
    struct world *world = mem_new(1, sizeof *world);
    struct error err;
    world->arena = arena_new();
    assert_int_equal(line_init(&world->line, world->arena, &site, 0, -1, &err), 0);
    agenda_init(&world->agenda, 2);
    jobs_init(&world->jobs, &world->line);
    holds_init(&world->holds, world->line.unit_count);
    world->status = bus_status_new(2);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    bus_status_free(world->status);
    holds_done(&world->holds);
    jobs_done(&world->jobs);
    agenda_done(&world->agenda);
    line_done(&world->line);
    arena_free(world->arena);
    free(world);
    return 0;
}

static void fill(struct world *world, int64_t link_since_ms)
{
    struct snapshot_of of = {&world->line, &world->agenda, &world->jobs, &world->holds,
                             link_since_ms};
    snapshot_fill(&of, world->status);
}

static void test_a_bus_that_has_not_begun(void **state)
{
    struct world *world = *state;
    fill(world, 0);
    assert_int_equal(world->status->unit_count, 2);
    assert_int_equal(world->status->units[0].device, 1);
    assert_int_equal(world->status->units[1].device, 2);
    assert_int_equal(world->status->units[1].unit_id, 7);
    assert_int_equal(world->status->units[0].health, HEALTH_UNKNOWN);
    assert_false(world->status->link_is_open);
    assert_int_equal(world->status->link_since_ms, 0);
    assert_string_equal(world->status->link_text, "");
    assert_true(world->status->at_ms <= clock_monotonic_ms());
}

static void test_what_happened_is_in_it(void **state)
{
    struct world *world = *state;
    struct unit *unit = &world->line.units[1];
    note(&unit->record, FAULT_TIMEOUT, 0, 100);
    (void)line_note(&world->line, unit, FAULT_TIMEOUT, 100);
    world->line.why = (struct error){ERROR_NO_ANSWER, "nobody there"};
    world->agenda.units[1].missed = 7;
    world->agenda.units[0].missed = 9;
    fill(world, 50);
    const struct unit_status *status = &world->status->units[1];
    assert_int_equal(status->health, HEALTH_OFFLINE);
    assert_int_equal(status->health_since_ms, 100);
    assert_true(status->next_probe_ms > 100);
    assert_int_equal(status->counters.missed, 7);
    assert_int_equal(status->counters.timeouts, 1);
    assert_string_equal(world->status->link_text, "nobody there");
    assert_int_equal(world->status->link_since_ms, 50);
    assert_int_equal(world->status->units[0].health, HEALTH_UNKNOWN);
    assert_int_equal(world->status->units[0].counters.missed, 9);
}

static void test_commands_that_run_and_wait(void **state)
{
    struct world *world = *state;
    static const struct command command = {.key = "open_valve"};
    for (int i = 0; i < 3; i++) {
        struct job_request *request = mem_new(1, sizeof *request);
        request->device = 1;
        request->command = &command;
        assert_true(jobs_add(&world->jobs, request, 77));
    }
    fill(world, 0);
    assert_string_equal(world->status->units[0].command, "open_valve");
    assert_int_equal(world->status->units[0].command_since_ms, 77);
    assert_int_equal(world->status->units[0].commands_waiting, 2);
    assert_string_equal(world->status->units[1].command, "");
}

static const struct block blocks[] = {
    {.table = TABLE_HOLDING, .address = 10, .count = 4, .every_ms = 1000},
    {.table = TABLE_INPUT, .address = 7, .count = 1, .every_ms = 5000},
    {.table = TABLE_HOLDING, .address = 90, .count = 9, .every_ms = 1000},
};

static void test_the_requests_that_missed_most_come_first(void **state)
{
    struct world *world = *state;
    enum { COUNT = MAX_STATUS_MISSED + 3 };
    struct agenda_unit *unit = &world->agenda.units[0];
    static const uint64_t missed[COUNT] = {2, 9, 0, 5, 1, 7, 3};
    unit->entries = mem_new(COUNT, sizeof *unit->entries);
    unit->count = COUNT;
    for (size_t i = 0; i < COUNT; i++) {
        unit->entries[i].block = &blocks[i % ARRAY_LENGTH(blocks)];
        unit->entries[i].missed = missed[i];
    }
    fill(world, 0);
    const struct unit_status *status = &world->status->units[0];
    assert_int_equal(status->missed_count, 6); // all but the one that missed none
    static const uint64_t worst[MAX_STATUS_MISSED] = {9, 7, 5, 3};
    for (size_t i = 0; i < MAX_STATUS_MISSED; i++)
        assert_int_equal(status->missed[i].missed, worst[i]);
    assert_int_equal(status->missed[0].table, TABLE_INPUT);
    assert_int_equal(status->missed[0].address, 7);
    assert_int_equal(status->missed[1].count, 9);
    assert_int_equal(world->status->units[1].missed_count, 0);
}

static struct hold *hold_of(const char *values, int64_t for_ms)
{
    struct request request = {.unit_id = 4, .function = 6, .address = 10, .count = 1};
    struct hold *hold =
        hold_new(hold_end_empty(1, 1), "setpoint", &request, 1000, for_ms, 5000);
    (void)snprintf(hold->values, sizeof hold->values, "%s", values);
    return hold;
}

static void test_what_is_held(void **state)
{
    struct world *world = *state;
    struct hold *over = hold_of("rate = 3", 60000);
    holds_add(&world->holds, 0, hold_of("setpoint = 5 W", 60000));
    holds_add(&world->holds, 0, over);
    hold_finish(over, 7000);
    assert_true(hold_note_late(over, 7000));
    fill(world, 0);
    const struct unit_status *status = &world->status->units[0];
    assert_int_equal(status->hold_count, 2);
    const struct unit_hold *first = &status->holds[0];
    const struct unit_hold *second = &status->holds[1];
    assert_string_equal(first->text, "setpoint = 5 W");
    assert_int_equal(first->until_ms, 65000);
    assert_int_equal(first->every_ms, 1000);
    assert_false(first->is_failing);
    assert_string_equal(second->text, "rate = 3");
    assert_int_equal(second->until_ms, 0);
    assert_true(second->is_failing);
    for (int i = 0; i < MAX_STATUS_HOLDS; i++)
        holds_add(&world->holds, 1, hold_of("x", 1000));
    holds_add(&world->holds, 1, hold_of("x", 1000));
    fill(world, 0);
    assert_int_equal(world->status->units[1].hold_count, MAX_STATUS_HOLDS + 1);
}

static void test_the_share_of_the_dead(void **state)
{
    struct world *world = *state;
    int64_t now_us = clock_monotonic_us();
    busy_init(&world->line.busy, now_us - 40000000);
    busy_init(&world->line.dead, now_us - 40000000);
    busy_add(&world->line.busy, now_us - 30000000, now_us - 10000000);
    busy_add(&world->line.dead, now_us - 12000000, now_us - 10000000);
    fill(world, 0);
    assert_true(world->status->utilisation > 0.45 && world->status->utilisation < 0.51);
    assert_true(world->status->dead_share > 0.045 && world->status->dead_share < 0.051);
}

static void test_no_more_units_than_there_is_room_for(void **state)
{
    struct world *world = *state;
    bus_status_free(world->status);
    world->status = bus_status_new(1);
    fill(world, 0);
    assert_int_equal(world->status->unit_count, 1);
    bus_status_free(world->status);
    world->status = bus_status_new(5);
    fill(world, 0);
    assert_int_equal(world->status->unit_count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_outcome_has_its_counter),
        cmocka_unit_test(test_the_last_fault_stays_until_the_next),
        cmocka_unit_test(test_response_times_of_the_last_minutes),
        cmocka_unit_test(test_an_old_window_is_forgotten),
        cmocka_unit_test_setup_teardown(test_a_bus_that_has_not_begun, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_happened_is_in_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_commands_that_run_and_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_requests_that_missed_most_come_first, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_held, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_share_of_the_dead, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_more_units_than_there_is_room_for, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
