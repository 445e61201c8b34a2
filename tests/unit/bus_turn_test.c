// SPDX-License-Identifier: MIT
// The decision of a turn: its rules one by one, then whole days of simulated buses with
// invariants. Time is a number here; nothing sleeps.
#include "bus/turn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "support/random.h"

enum { MAX_UNITS = 8, MAX_BLOCKS = 6 };

struct world {
    struct health health[MAX_UNITS];
    struct turn_unit units[MAX_UNITS];
    struct block blocks[MAX_UNITS][MAX_BLOCKS];
    struct plan plans[MAX_UNITS];
    struct agenda agenda;
    struct late late;
    struct turn turn;
};

static struct world *new_world(size_t units)
{
    struct world *world = mem_new(1, sizeof *world);
    agenda_init(&world->agenda, units);
    for (size_t i = 0; i < units; i++) {
        health_init(&world->health[i], 0);
        world->plans[i].blocks = world->blocks[i];
        world->units[i] = (struct turn_unit){
            .health = &world->health[i], .unit_id = (uint8_t)(i + 1), .can_be_probed = true};
    }
    world->turn = (struct turn){
        .agenda = &world->agenda,
        .units = world->units,
        .is_open = true,
        .job_ms = INT64_MAX,
        .hold_ms = INT64_MAX,
        .guest_ms = INT64_MAX,
    };
    return world;
}

static void add_block(struct world *world, size_t unit, int64_t every_ms)
{
    struct plan *plan = &world->plans[unit];
    world->blocks[unit][plan->block_count] = (struct block){
        .unit_id = NO_INDEX,
        .table = TABLE_HOLDING,
        .address = (uint16_t)(100 * plan->block_count),
        .count = (uint16_t)(plan->block_count + 1),
        .every_ms = every_ms,
    };
    plan->block_count++;
}

static void begin(struct world *world, int64_t now_ms)
{
    for (size_t i = 0; i < world->agenda.unit_count; i++)
        agenda_set_plan(&world->agenda, (uint16_t)i, &world->plans[i], now_ms);
    agenda_spread(&world->agenda, 0);
}

static void free_world(struct world *world)
{
    agenda_done(&world->agenda);
    free(world);
}

static struct world *two_units(void)
{
    struct world *world = new_world(2);
    for (size_t i = 0; i < 2; i++) {
        add_block(world, i, 1000);
        world->health[i].state = HEALTH_ONLINE;
    }
    begin(world, 1000);
    return world;
}

static void kill_unit(struct world *world, size_t unit, int64_t retry_at_ms)
{
    world->health[unit].state = HEALTH_OFFLINE;
    world->health[unit].retry_at_ms = retry_at_ms;
}

static void test_a_command_goes_before_everything(void **state)
{
    (void)state;
    struct world *world = two_units();
    kill_unit(world, 1, 0);
    world->turn.job_ms = 1500;
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_JOB);
    free_world(world);
}

// A command does not wait in connect(), where nothing else could be done; but it hears at once
// of a link that cannot be opened yet, and one that is told to stop does not wait for the link.
static void test_a_link_is_opened_before_a_command_goes_on(void **state)
{
    (void)state;
    struct world *world = two_units();
    world->turn.is_open = false;
    world->turn.job_ms = 1500;
    world->turn.open_at_ms = 1500;
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_OPEN);
    world->turn.open_at_ms = 1501;
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_JOB);
    world->turn.open_at_ms = 1500;
    world->turn.is_stopping = true;
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_JOB);
    free_world(world);
}

static void test_a_hold_goes_behind_commands_and_before_polls(void **state)
{
    (void)state;
    struct world *world = two_units();
    world->turn.hold_ms = 1500;
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_HOLD);
    world->turn.job_ms = 1500;
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_JOB);
    world->turn.job_ms = INT64_MAX;
    world->turn.is_stopping = true;
    struct turn_choice choice = turn_choose(&world->turn, 1400);
    assert_int_equal(choice.kind, TURN_WAIT);
    assert_int_equal(choice.until_ms, 1500);
    free_world(world);
}

static void test_a_hold_goes_between_the_moves_of_a_command(void **state)
{
    (void)state;
    static const enum turn_kind kinds[] = {TURN_JOB, TURN_HOLD, TURN_JOB, TURN_HOLD, TURN_JOB};
    struct world *world = two_units();
    world->turn.hold_ms = 1500;
    world->turn.job_ms = 1500;
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        assert_int_equal(turn_choose(&world->turn, 1500).kind, kinds[i]);
        world->turn.job_has_begun = true;
    }
    // A command that comes meanwhile waits for one transaction, not for two.
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_HOLD);
    world->turn.job_has_begun = false;
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_JOB);
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_JOB);
    // What is not due takes nothing from it.
    world->turn.job_has_begun = true;
    world->turn.hold_ms = 1501;
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_JOB);
    free_world(world);
}

static void test_a_closed_link_is_opened_when_its_time_comes(void **state)
{
    (void)state;
    struct world *world = two_units();
    world->turn.is_open = false;
    world->turn.open_at_ms = 2000;
    struct turn_choice choice = turn_choose(&world->turn, 1500);
    assert_int_equal(choice.kind, TURN_WAIT);
    assert_int_equal(choice.until_ms, 2000);
    assert_int_equal(turn_choose(&world->turn, 2000).kind, TURN_OPEN);
    free_world(world);
}

static void test_stopping_leaves_only_commands(void **state)
{
    (void)state;
    struct world *world = two_units();
    world->turn.is_stopping = true;
    world->turn.job_ms = 3000;
    struct turn_choice choice = turn_choose(&world->turn, 1500);
    assert_int_equal(choice.kind, TURN_WAIT);
    assert_int_equal(choice.until_ms, 3000);
    free_world(world);
}

static void test_units_take_turns_at_the_same_date(void **state)
{
    (void)state;
    struct world *world = two_units();
    struct turn_choice first = turn_choose(&world->turn, 1000);
    assert_int_equal(first.kind, TURN_POLL);
    struct turn_choice second = turn_choose(&world->turn, 1000);
    assert_int_not_equal(first.unit, second.unit);
    for (int i = 0; i < 3; i++) { // the one that waits longest
        assert_int_equal(turn_choose(&world->turn, 1000).unit, first.unit);
        assert_int_equal(turn_choose(&world->turn, 1000).unit, second.unit);
    }
    free_world(world);
}

static void test_a_pause_of_one_unit_is_used_by_another(void **state)
{
    (void)state;
    struct world *world = two_units();
    world->units[0].free_ms = 1200;
    struct turn_choice choice = turn_choose(&world->turn, 1000);
    assert_int_equal(choice.kind, TURN_POLL);
    assert_int_equal(choice.unit, 1);
    agenda_settle(&world->agenda, choice.entry, AGENDA_READ, 1010);
    choice = turn_choose(&world->turn, 1010);
    assert_int_equal(choice.kind, TURN_WAIT);
    assert_int_equal(choice.until_ms, 1200);
    free_world(world);
}

static void test_no_poll_between_the_frames_of_a_command(void **state)
{
    (void)state;
    struct world *world = two_units();
    world->units[0].in_command = true;
    world->turn.job_ms = 1900;
    struct turn_choice choice = turn_choose(&world->turn, 1000);
    assert_int_equal(choice.unit, 1);
    agenda_settle(&world->agenda, choice.entry, AGENDA_READ, 1010);
    choice = turn_choose(&world->turn, 1010);
    assert_int_equal(choice.kind, TURN_WAIT);
    assert_int_equal(choice.until_ms, 1500); // the other unit's date
    free_world(world);
}

static void test_a_late_answer_keeps_only_its_shape_away(void **state)
{
    (void)state;
    struct world *world = new_world(1);
    add_block(world, 0, 1000);
    add_block(world, 0, 1000);
    world->health[0].state = HEALTH_ONLINE;
    begin(world, 1000);
    world->turn.late = &world->late;
    struct request lost = {.unit_id = 1, .function = 3, .address = 7, .count = 1};
    late_add(&world->late, &lost, 3000 * 1000, 1000 * 1000);
    struct turn_choice choice = turn_choose(&world->turn, 1000);
    assert_int_equal(choice.kind, TURN_POLL);
    assert_int_equal(choice.entry->block->count, 2);
    agenda_settle(&world->agenda, choice.entry, AGENDA_READ, 1010);
    choice = turn_choose(&world->turn, 1010);
    assert_int_equal(choice.kind, TURN_WAIT);
    assert_int_equal(choice.until_ms, 2000); // the second block's date
    choice = turn_choose(&world->turn, 3001);
    assert_int_equal(choice.entry->block->count, 2);
    agenda_settle(&world->agenda, choice.entry, AGENDA_READ, 3005);
    choice = turn_choose(&world->turn, 3005);
    assert_int_equal(choice.entry->block->count, 1);
    assert_int_equal(choice.entry->due_ms, 1000);
    free_world(world);
}

static void test_probes_wait_for_their_date_and_their_share(void **state)
{
    (void)state;
    struct world *world = two_units();
    kill_unit(world, 1, 1300);
    struct turn_choice choice = turn_choose(&world->turn, 1000);
    assert_int_equal(choice.unit, 0);
    agenda_settle(&world->agenda, choice.entry, AGENDA_READ, 1010);
    choice = turn_choose(&world->turn, 1010);
    assert_int_equal(choice.kind, TURN_WAIT);
    assert_int_equal(choice.until_ms, 1300);
    choice = turn_choose(&world->turn, 1300);
    assert_int_equal(choice.kind, TURN_PROBE);
    assert_int_equal(choice.unit, 1);
    probing_note(&world->turn.probing, 1300, 1350);
    assert_int_equal(turn_choose(&world->turn, 1400).until_ms, 2000);
    assert_int_equal(turn_choose(&world->turn, 2300).kind, TURN_PROBE); // 20 x 50 ms later
    world->health[0].state = HEALTH_OFFLINE;
    world->health[0].retry_at_ms = 9000;
    assert_int_equal(turn_choose(&world->turn, 1400).kind, TURN_PROBE); // nobody waits
    free_world(world);
}

static void test_the_dead_unit_that_waits_longest_is_probed(void **state)
{
    (void)state;
    struct world *world = two_units();
    kill_unit(world, 0, 1200);
    kill_unit(world, 1, 1100);
    assert_int_equal(turn_choose(&world->turn, 1300).unit, 1);
    world->units[1].can_be_probed = false;
    assert_int_equal(turn_choose(&world->turn, 1300).unit, 0);
    free_world(world);
}

static void test_a_search_uses_what_dates_leave(void **state)
{
    (void)state;
    struct world *world = two_units();
    world->units[0].searches = true;
    for (int i = 0; i < 2; i++) {
        struct turn_choice choice = turn_choose(&world->turn, 1000);
        assert_int_equal(choice.kind, TURN_POLL);
        agenda_settle(&world->agenda, choice.entry, AGENDA_READ, 1000);
    }
    struct turn_choice choice = turn_choose(&world->turn, 1000);
    assert_int_equal(choice.kind, TURN_SEARCH);
    assert_int_equal(choice.unit, 0);
    world->units[0].search_ms = 1400;
    assert_int_equal(turn_choose(&world->turn, 1000).until_ms, 1400);
    free_world(world);
}

static void test_a_guest_goes_behind_commands_and_what_is_due(void **state)
{
    (void)state;
    struct world *world = two_units();
    world->turn.guest_ms = 900;
    world->turn.guest_rest_ms = 5000;
    world->turn.guest_cost_ms = 100;
    for (int i = 0; i < 2; i++) {
        struct turn_choice choice = turn_choose(&world->turn, 1000);
        assert_int_equal(choice.kind, TURN_POLL);
        agenda_settle(&world->agenda, choice.entry, AGENDA_READ, 1000);
    }
    assert_int_equal(turn_choose(&world->turn, 1010).kind, TURN_GUEST);
    world->turn.job_ms = 1010;
    assert_int_equal(turn_choose(&world->turn, 1010).kind, TURN_JOB);
    world->turn.job_ms = INT64_MAX;
    world->turn.is_stopping = true;
    assert_int_equal(turn_choose(&world->turn, 1010).kind, TURN_WAIT);
    world->turn.is_stopping = false;
    world->turn.is_open = false;
    world->turn.open_at_ms = 3000;
    assert_int_equal(turn_choose(&world->turn, 1010).kind, TURN_WAIT);
    free_world(world);
}

static void test_a_guest_that_would_make_a_date_late_waits_for_its_rest(void **state)
{
    (void)state;
    struct world *world = two_units();
    for (int i = 0; i < 2; i++)
        agenda_settle(&world->agenda, turn_choose(&world->turn, 1000).entry, AGENDA_READ, 1000);
    world->turn.guest_ms = 900;
    world->turn.guest_rest_ms = 1300;
    world->turn.guest_cost_ms = 491; // the next date is 1500
    struct turn_choice choice = turn_choose(&world->turn, 1010);
    assert_int_equal(choice.kind, TURN_WAIT);
    assert_int_equal(choice.until_ms, 1300);
    assert_int_equal(turn_choose(&world->turn, 1009).kind, TURN_GUEST);
    assert_int_equal(turn_choose(&world->turn, 1300).kind, TURN_GUEST);
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_GUEST); // before what is due
    world->turn.guest_ms = 1200; // its unit wants a pause
    choice = turn_choose(&world->turn, 1010);
    assert_int_equal(choice.kind, TURN_WAIT);
    assert_int_equal(choice.until_ms, 1300);
    free_world(world);
}

static void test_a_guest_in_its_rest_goes_behind_what_has_no_date(void **state)
{
    (void)state;
    struct world *world = two_units();
    for (int i = 0; i < 2; i++)
        agenda_settle(&world->agenda, turn_choose(&world->turn, 1000).entry, AGENDA_READ, 1000);
    world->turn.guest_ms = 900;
    world->turn.guest_rest_ms = 5000;
    world->turn.guest_cost_ms = 1;
    world->units[0].searches = true;
    assert_int_equal(turn_choose(&world->turn, 1010).kind, TURN_SEARCH);
    assert_int_equal(world->units[0].served, world->turn.count);
    world->units[0].searches = false;
    assert_int_equal(turn_choose(&world->turn, 1010).kind, TURN_GUEST);
    free_world(world);
    world = new_world(1);
    add_block(world, 0, 0);
    world->health[0].state = HEALTH_ONLINE;
    begin(world, 1000);
    world->turn.guest_ms = 900;
    world->turn.guest_rest_ms = 5000;
    assert_int_equal(turn_choose(&world->turn, 1010).kind, TURN_POLL);
    assert_int_equal(world->units[0].served, world->turn.count);
    free_world(world);
}

static void test_overload_leaves_one_request_in_twenty_to_the_undated(void **state)
{
    (void)state;
    struct world *world = new_world(1);
    add_block(world, 0, 10);
    add_block(world, 0, 10);
    add_block(world, 0, 0);
    world->health[0].state = HEALTH_ONLINE;
    begin(world, 0);
    int undated = 0;
    for (int64_t now_ms = 0; now_ms < 200000; now_ms += 100) {
        struct turn_choice choice = turn_choose(&world->turn, now_ms);
        assert_int_equal(choice.kind, TURN_POLL);
        undated += choice.entry->block->every_ms == 0;
        agenda_settle(&world->agenda, choice.entry, AGENDA_READ, now_ms + 100);
    }
    assert_int_equal(undated, 100);
    assert_true(world->agenda.units[0].missed > 1000);
    free_world(world);
}

// ---- whole buses ----

struct run {
    struct world *world;
    uint64_t seed;
    int64_t now_ms;
    int64_t cost_ms[MAX_UNITS]; // of a request
    bool is_dead[MAX_UNITS];
    double load;    // of the units that live
    int64_t all_ms; // one request to each block
    int64_t ceiling_ms;
    int64_t dead_ms;
    int64_t job_asked_ms;
    int64_t worst_late_ms;
    uint64_t polls;
    uint64_t jobs;
    uint64_t losses;
};

static void set_up_run(struct run *run, uint64_t seed)
{
    *run = (struct run){.seed = seed, .ceiling_ms = 500, .now_ms = 100000};
    size_t units = 2 + random_below(&run->seed, MAX_UNITS - 1);
    run->world = new_world(units);
    run->world->turn.late = &run->world->late;
    for (size_t i = 0; i < units; i++) {
        size_t blocks = 1 + random_below(&run->seed, MAX_BLOCKS);
        run->cost_ms[i] = 5 + random_below(&run->seed, 60);
        run->is_dead[i] = i > 0 && random_below(&run->seed, 3) == 0;
        for (size_t k = 0; k < blocks; k++) {
            int64_t every_ms = 1000 + random_below(&run->seed, 9000);
            bool fits = run->load + (double)run->cost_ms[i] / (double)every_ms < 0.8;
            add_block(run->world, i, fits ? every_ms : 60000);
            if (!run->is_dead[i] && fits)
                run->load += (double)run->cost_ms[i] / (double)every_ms;
            run->all_ms += run->cost_ms[i];
        }
    }
    begin(run->world, run->now_ms);
}

static void note_health(struct run *run, size_t unit, enum fault fault)
{
    struct health_event event = {
        .fault = fault,
        .waited_long = true,
        .others_live = true,
        .chance = (double)random_below(&run->seed, 1000) / 1000,
    };
    (void)health_note(&run->world->health[unit], &event, run->now_ms);
}

static void probe(struct run *run, size_t unit)
{
    int64_t began_ms = run->now_ms;
    assert_true(run->is_dead[unit]);
    assert_true(began_ms >= run->world->health[unit].retry_at_ms);
    run->now_ms += run->ceiling_ms;
    run->dead_ms += run->ceiling_ms;
    note_health(run, unit, FAULT_TIMEOUT);
    probing_note(&run->world->turn.probing, began_ms, run->now_ms);
}

static void poll_live(struct run *run, struct agenda_entry *entry)
{
    const struct block *block = entry->block;
    size_t unit = entry->unit;
    uint8_t unit_id = run->world->units[unit].unit_id;
    assert_int_equal(
        late_until_us(&run->world->late, unit_id, 3, block->count, run->now_ms * 1000), 0);
    const struct health *health = &run->world->health[unit];
    bool may_be_lost = health->state == HEALTH_ONLINE && health->failures == 0;
    bool is_lost = may_be_lost && random_below(&run->seed, 200) == 0;
    bool is_on_grid = entry->is_on_grid;
    int64_t late_ms = run->now_ms - entry->due_ms;
    run->now_ms += is_lost ? 100 : run->cost_ms[unit];
    note_health(run, unit, is_lost ? FAULT_TIMEOUT : FAULT_NONE);
    agenda_settle(&run->world->agenda, entry, is_lost ? AGENDA_SILENT : AGENDA_READ,
                  run->now_ms);
    run->polls++;
    if (is_lost) {
        struct request request = {.unit_id = unit_id, .function = 3, .count = block->count};
        int64_t until_us = (run->now_ms + run->ceiling_ms) * 1000;
        late_add(&run->world->late, &request, until_us, run->now_ms * 1000);
        run->losses++;
    } else if (is_on_grid && late_ms > run->worst_late_ms) {
        run->worst_late_ms = late_ms;
    }
}

static void poll_entry(struct run *run, struct agenda_entry *entry)
{
    if (!run->is_dead[entry->unit]) {
        poll_live(run, entry);
        return;
    }
    run->now_ms += run->ceiling_ms; // its only try before it is offline
    assert_int_equal(run->world->health[entry->unit].state, HEALTH_UNKNOWN);
    note_health(run, entry->unit, FAULT_TIMEOUT);
    agenda_settle(&run->world->agenda, entry, AGENDA_SILENT, run->now_ms);
}

static void take_job(struct run *run)
{
    assert_true(run->now_ms - run->job_asked_ms <= run->ceiling_ms);
    run->world->turn.job_ms = INT64_MAX;
    run->now_ms += 30;
    run->jobs++;
}

static void step(struct run *run)
{
    struct turn *turn = &run->world->turn;
    struct turn_choice choice = turn_choose(turn, run->now_ms);
    int64_t began_ms = run->now_ms;
    switch (choice.kind) {
    case TURN_JOB:
        take_job(run);
        return;
    case TURN_PROBE:
        probe(run, choice.unit);
        break;
    case TURN_POLL:
        poll_entry(run, choice.entry);
        break;
    case TURN_WAIT:
        assert_true(choice.until_ms > run->now_ms); // never a busy loop
        run->now_ms = choice.until_ms;
        break;
    case TURN_HOLD:
    case TURN_OPEN:
    case TURN_SEARCH:
    case TURN_GUEST:
        fail_msg("nothing asked for it");
    }
    // A command comes at any moment of what was just done, and waits for no more than that.
    if (random_below(&run->seed, 50) == 0 && turn->job_ms == INT64_MAX) {
        int64_t passed_ms = run->now_ms - began_ms;
        bool waited = choice.kind == TURN_WAIT;
        run->job_asked_ms = waited ? run->now_ms : began_ms + passed_ms / 2;
        turn->job_ms = run->job_asked_ms;
    }
}

static void test_random_buses_keep_their_promises(void **state)
{
    (void)state;
    enum { RUNS = 60, LASTS_MS = 20 * 60 * 1000 };
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct run run;
        set_up_run(&run, seed);
        int64_t began_ms = run.now_ms;
        while (run.now_ms < began_ms + LASTS_MS)
            step(&run);
        double dead_share =
            (double)(run.dead_ms - run.ceiling_ms) / (double)(run.now_ms - began_ms);
        // Nobody waits longer than for everybody else once, a probe, a lost frame, its window
        // and the commands meanwhile.
        int64_t bound_ms = 2 * run.all_ms + 2 * run.ceiling_ms + 400;
        if (dead_share > 0.05 || run.worst_late_ms > bound_ms)
            fail_msg("seed %llu: dead share %f, late by %lld of %lld ms, load %f",
                     (unsigned long long)seed, dead_share, (long long)run.worst_late_ms,
                     (long long)bound_ms, run.load);
        assert_true(run.polls > 1000 || run.load < 0.2);
        assert_true(run.jobs > 10);
        free_world(run.world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_command_goes_before_everything),
        cmocka_unit_test(test_a_hold_goes_behind_commands_and_before_polls),
        cmocka_unit_test(test_a_hold_goes_between_the_moves_of_a_command),
        cmocka_unit_test(test_a_closed_link_is_opened_when_its_time_comes),
        cmocka_unit_test(test_a_link_is_opened_before_a_command_goes_on),
        cmocka_unit_test(test_stopping_leaves_only_commands),
        cmocka_unit_test(test_units_take_turns_at_the_same_date),
        cmocka_unit_test(test_a_pause_of_one_unit_is_used_by_another),
        cmocka_unit_test(test_no_poll_between_the_frames_of_a_command),
        cmocka_unit_test(test_a_late_answer_keeps_only_its_shape_away),
        cmocka_unit_test(test_probes_wait_for_their_date_and_their_share),
        cmocka_unit_test(test_the_dead_unit_that_waits_longest_is_probed),
        cmocka_unit_test(test_a_search_uses_what_dates_leave),
        cmocka_unit_test(test_a_guest_goes_behind_commands_and_what_is_due),
        cmocka_unit_test(test_a_guest_that_would_make_a_date_late_waits_for_its_rest),
        cmocka_unit_test(test_a_guest_in_its_rest_goes_behind_what_has_no_date),
        cmocka_unit_test(test_overload_leaves_one_request_in_twenty_to_the_undated),
        cmocka_unit_test(test_random_buses_keep_their_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
