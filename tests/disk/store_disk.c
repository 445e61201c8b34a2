// SPDX-License-Identifier: MIT
// The store on a disk that loses power, or refuses calls (docs/testing.md):
//
//   store_disk cuts [--seed N] [--lives N] [--cuts OF_EACH] [--turns N]
//   store_disk failures [--seed N] [--turns N] [--every NTH_CALL] [--nth CALL]
//
// What it complains about comes with the words that repeat it.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "disk/disk.h"
#include "disk/life.h"
#include "support/random.h"

struct choice {
    const char *what;
    uint64_t seed;
    uint64_t lives;
    uint64_t cuts;
    uint64_t turns;
    uint64_t every;
    uint64_t nth; // only this one; 0: all
};

// Power cuts
// ----------------------------------------------------------------------------------------

struct cut_tally {
    uint64_t cuts;
    uint64_t chained; // of lives that began with one
    uint64_t rows;
    uint64_t commands;
};

static void count(struct cut_tally *tally, const struct facts *facts)
{
    tally->cuts++;
    for (int i = 0; i < LIFE_ROWS; i++)
        tally->rows += facts->rows[i] != 0;
    for (int i = 0; i < LIFE_COMMANDS; i++)
        tally->commands += facts->commands[i] != COMMAND_UNKNOWN;
}

// The power was cut at an instant of the disk's history, and is back. With `begins` the history
// is from then on the one of what the cut has left. The life that goes on; life_end ends it.
static struct life *wake(const struct life *before, size_t at, uint64_t seed, bool begins,
                         struct cut_tally *tally)
{
    static const char *const fates[DISK_FATE_COUNT] = {"all", "nothing", "in order",
                                                       "scattered", "garbled"};
    struct life *life = mem_new(1, sizeof *life);
    life_branch(before, life, seed, at);
    enum disk_fate fate = (enum disk_fate)random_below(&life->random, DISK_FATE_COUNT);
    size_t length = strlen(life_story);
    (void)snprintf(life_story + length, sizeof life_story - length, ", cut at %zu (%s)", at,
                   fates[fate]);
    disk_cut(at, fate, &life->random, life->folder);
    if (begins)
        disk_begin(life->folder);
    life_open(life);
    life_judge(life, at);
    count(tally, &life->facts);
    if (!begins)
        life_story[length] = '\0';
    return life;
}

static void end(struct life *life)
{
    life_break(life);
    life_done(life);
    free(life);
}

static void live(struct life *life, uint64_t turns)
{
    for (uint64_t i = 0; i < turns; i++)
        life_turn(life);
}

// Lives that begin with a power cut and end with one, also while the store is being opened.
static void live_on(struct life *life, uint64_t seed, uint64_t turns, struct cut_tally *tally)
{
    enum { CHAIN = 4 };
    for (uint64_t i = 0; i < CHAIN; i++) {
        size_t at = random_below(&life->random, (uint32_t)disk_now() + 1);
        life_break(life); // what this writes is behind the cut
        struct life *next = wake(life, at, seed + i, true, tally);
        life_done(life);
        free(life);
        life = next;
        live(life, random_below(&life->random, (uint32_t)turns / CHAIN + 1));
        tally->chained++;
    }
    end(life);
}

static int cut_power(const struct choice *choice)
{
    struct cut_tally tally = {0};
    for (uint64_t seed = choice->seed; seed < choice->seed + choice->lives; seed++) {
        (void)snprintf(life_story, sizeof life_story,
                       "cuts --seed %llu --lives 1 --cuts %llu --turns %llu",
                       (unsigned long long)seed, (unsigned long long)choice->cuts,
                       (unsigned long long)choice->turns);
        struct life *life = mem_new(1, sizeof *life);
        life_init(life, seed);
        disk_begin(life->folder);
        life_open(life);
        live(life, choice->turns);
        size_t now = disk_now();
        for (uint64_t i = 0; i < choice->cuts; i++) {
            size_t at = random_below(&life->random, (uint32_t)now + 1);
            end(wake(life, at, seed * 1000 + i, false, &tally));
        }
        live_on(life, seed, choice->turns, &tally);
    }
    (void)printf("%llu power cuts, %llu of them of lives that began with one; %llu rows and "
                 "%llu commands found, %u complaints\n",
                 (unsigned long long)tally.cuts, (unsigned long long)tally.chained,
                 (unsigned long long)tally.rows, (unsigned long long)tally.commands,
                 life_complaints);
    return life_complaints || !tally.rows || !tally.commands;
}

// Failing calls
// ------------------------------------------------------------------------------------------

struct failing {
    enum disk_call call;
    int code;
    const char *name;
};

static const struct failing failings[] = {
    {DISK_OPEN, SQLITE_CANTOPEN, "cannot open"},
    {DISK_READ, SQLITE_IOERR_READ, "I/O error"},
    {DISK_WRITE, SQLITE_IOERR_WRITE, "I/O error"},
    {DISK_WRITE, SQLITE_FULL, "full"},
    {DISK_SYNC, SQLITE_IOERR_FSYNC, "I/O error"},
    {DISK_TRUNCATE, SQLITE_IOERR_TRUNCATE, "I/O error"},
    {DISK_LOCK, SQLITE_IOERR_LOCK, "I/O error"},
    {DISK_LOCK, SQLITE_BUSY, "busy"},
    {DISK_SIZE, SQLITE_IOERR_FSTAT, "I/O error"},
    {DISK_DELETE, SQLITE_IOERR_DELETE, "I/O error"},
    {DISK_ACCESS, SQLITE_IOERR_ACCESS, "I/O error"},
};

struct fail_tally {
    uint64_t lives;
    uint64_t failed; // in which the call came
    uint64_t in_memory;
    uint64_t unsaved;
    uint64_t lines;
};

// All is well again: within three looks of the store at the disk.
static void recover(struct life *life)
{
    disk_mend();
    life_wait(life, 3LL * STORE_RETRY_MS);
    if (life->writer.stats.health != STORE_GOOD)
        life_complain("it does not recover: %s", life->trouble);
    if (life->troubles > life->openings || life->recoveries > life->troubles)
        life_complain("%u lines of trouble, %u of recovery for one failure: %s", life->troubles,
                      life->recoveries, life->trouble);
    live(life, 3);
}

// A start and some work, with the nth call failing. Whether it came.
static bool fail_once(const struct life *before, const struct failing *failing, uint64_t nth,
                      bool lasts, struct fail_tally *tally)
{
    enum { TURNS_OF_FAILURE = 14 };
    struct life *life = mem_new(1, sizeof *life);
    life_branch(before, life, nth, SIZE_MAX);
    disk_cut(disk_now(), DISK_ALL, &life->random, life->folder);
    disk_fail(failing->call, failing->code, nth, lasts);
    life_open(life);
    live(life, TURNS_OF_FAILURE);
    bool has_failed = disk_has_failed();
    tally->in_memory += life->writer.stats.is_in_memory;
    recover(life);
    life_close(life);
    tally->lives++;
    tally->failed += has_failed;
    tally->unsaved += life->unsaved;
    tally->lines += life->troubles;
    life->snapshot_count = 0;
    life_open(life);
    life_judge_told(life);
    life_break(life);
    life_done(life);
    free(life);
    return has_failed;
}

static void fail_each(const struct life *before, const struct failing *failing, uint64_t turns,
                      bool lasts, const struct choice *choice, struct fail_tally *tally)
{
    bool goes_on = true;
    for (uint64_t nth = choice->nth ? choice->nth : 1; goes_on; nth += choice->every) {
        (void)snprintf(life_story, sizeof life_story,
                       "failures --seed %llu --turns %llu --nth %llu: %s of %s fails (%s)",
                       (unsigned long long)choice->seed, (unsigned long long)turns,
                       (unsigned long long)nth, lasts ? "every later one" : "one",
                       disk_call_names[failing->call], failing->name);
        goes_on = fail_once(before, failing, nth, lasts, tally) && !choice->nth;
    }
}

static void fail_all(const struct choice *choice, uint64_t turns, struct fail_tally *tally)
{
    struct life *before = mem_new(1, sizeof *before);
    life_init(before, choice->seed);
    disk_begin(before->folder);
    if (turns) {
        life_open(before);
        live(before, turns);
        life_settle(before);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(failings); i++) {
        fail_each(before, &failings[i], turns, false, choice, tally);
        fail_each(before, &failings[i], turns, true, choice, tally);
    }
    if (turns)
        life_break(before);
    life_done(before);
    free(before);
}

// The first start of all, and one that finds something.
static int refuse_calls(const struct choice *choice)
{
    struct fail_tally tally = {0};
    fail_all(choice, 0, &tally);
    fail_all(choice, choice->turns, &tally);
    (void)printf("%llu lives, in %llu a call failed: %llu orders not kept, %llu in memory, "
                 "%llu lines, %u complaints\n",
                 (unsigned long long)tally.lives, (unsigned long long)tally.failed,
                 (unsigned long long)tally.unsaved, (unsigned long long)tally.in_memory,
                 (unsigned long long)tally.lines, life_complaints);
    return life_complaints || !tally.unsaved || !tally.in_memory;
}

static struct choice parse(int argc, char **argv)
{
    struct choice choice = {.seed = 1, .lives = 1, .cuts = 10, .turns = 100, .every = 1};
    const struct {
        const char *name;
        uint64_t *number;
    } options[] = {{"--seed", &choice.seed},   {"--lives", &choice.lives},
                   {"--cuts", &choice.cuts},   {"--turns", &choice.turns},
                   {"--every", &choice.every}, {"--nth", &choice.nth}};
    choice.what = argc > 1 ? argv[1] : "";
    for (int i = 2; i + 1 < argc; i += 2) {
        for (size_t option = 0; option < ARRAY_LENGTH(options); option++) {
            if (strcmp(argv[i], options[option].name) == 0)
                *options[option].number = strtoull(argv[i + 1], NULL, 10);
        }
    }
    return choice;
}

int main(int argc, char **argv)
{
    struct choice choice = parse(argc, argv);
    disk_install();
    if (strcmp(choice.what, "cuts") == 0)
        return cut_power(&choice);
    if (strcmp(choice.what, "failures") == 0)
        return refuse_calls(&choice);
    (void)fprintf(stderr, "store_disk cuts | failures: see the source\n");
    return 2;
}
