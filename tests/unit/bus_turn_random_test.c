// SPDX-License-Identifier: MIT
// Whole days of simulated buses, turn by turn: what holds whatever comes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/random.h"
#include "support/turn_world.h"

struct run {
    struct turn_world *world;
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
    run->world = turn_world_new(units);
    run->world->turn.late = &run->world->late;
    for (size_t i = 0; i < units; i++) {
        size_t blocks = 1 + random_below(&run->seed, MAX_BLOCKS);
        run->cost_ms[i] = 5 + random_below(&run->seed, 60);
        run->is_dead[i] = i > 0 && random_below(&run->seed, 3) == 0;
        for (size_t k = 0; k < blocks; k++) {
            int64_t every_ms = 1000 + random_below(&run->seed, 9000);
            bool fits = run->load + (double)run->cost_ms[i] / (double)every_ms < 0.8;
            turn_world_add(run->world, i, fits ? every_ms : 60000);
            if (!run->is_dead[i] && fits)
                run->load += (double)run->cost_ms[i] / (double)every_ms;
            run->all_ms += run->cost_ms[i];
        }
    }
    turn_world_begin(run->world, run->now_ms);
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
        turn_world_free(run.world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_buses_keep_their_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
