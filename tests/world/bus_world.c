// SPDX-License-Identifier: MIT
// Runs worlds: bus_world [--kind NAME] [--seed N] [--seeds COUNT] [--minutes OF_EACH]
// [--from SECOND --to SECOND, between which every frame is printed] [--least TRANSACTIONS,
// fewer of which are a failure]. A run that finds something prints how to repeat it and fails.
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/time_units.h"
#include "world/world.h"

struct choice {
    int kind; // NO_INDEX: all
    uint64_t seed;
    uint64_t seeds;
    int64_t minutes;
    int64_t told_from_s;
    int64_t told_to_s;
    uint64_t least;
};

struct tally {
    unsigned bad;
    unsigned worlds;
    uint64_t transactions;
};

enum { JOIN_MS = 600000 };

static void print_outcome(const struct world *world)
{
    const struct witness *witness = &world->witness;
    (void)printf("%-10s seed %-6llu %7.0f s: %llu frames, %llu readings, %llu faults, commands "
                 "%llu + %llu failed",
                 world_kind_names[world->kind], (unsigned long long)world->seed,
                 (double)world->now_us / US_PER_S, (unsigned long long)witness->frames,
                 (unsigned long long)witness->readings, (unsigned long long)witness->faults,
                 (unsigned long long)witness->jobs_completed,
                 (unsigned long long)witness->jobs_failed);
    if (witness->dead_us)
        (void)printf(", dead %.2f %%",
                     100.0 * (double)witness->dead_us / (double)witness->counted_us);
    if (witness->renewals)
        (void)printf(", %llu renewals, late by %.1f ms at most",
                     (unsigned long long)witness->renewals,
                     (double)witness->latest_renewal_us / US_PER_MS);
    if (witness->foreign)
        (void)printf(", %llu foreign", (unsigned long long)witness->foreign);
    if (world_is_clean(world))
        (void)printf(", command within %.1f ms, late by %.1f ms at most",
                     (double)witness->slowest_start_us / US_PER_MS,
                     (double)witness->longest_gap_us / US_PER_MS);
    (void)printf("\n");
}

static bool run_bus(struct world *world)
{
    struct error err;
    physics_begin(world);
    struct bus *bus = bus_start(world->site, 0, NULL, 0, world->to_main, &err);
    if (!bus) {
        (void)printf("no bus: %s\n", err.text);
        return false;
    }
    atomic_store(&world->bus, bus);
    if (!bus_join(bus, JOIN_MS)) {
        (void)printf("seed %llu: the bus hangs\n", (unsigned long long)world->seed);
        exit(1);
    }
    world->is_joined = true;
    witness_messages(world);
    bus_free(bus);
    return true;
}

static void run_world(enum world_kind kind, uint64_t seed, const struct choice *choice,
                      struct tally *tally)
{
    struct world *world = mem_new(1, sizeof *world);
    world->kind = kind;
    world->seed = seed;
    world->end_us = choice->minutes * 60 * US_PER_S;
    world->told_from_us = choice->told_from_s * US_PER_S;
    world->told_to_us = choice->told_to_s * US_PER_S;
    bool is_good = world_make(world) && run_bus(world);
    if (is_good) {
        witness_end(world);
        print_outcome(world);
        is_good = world->witness.complaints == 0;
    }
    if (!is_good)
        (void)printf("  %u complaints; again: bus_world --kind %s --seed %llu --minutes %lld\n",
                     world->witness.complaints, world_kind_names[kind],
                     (unsigned long long)seed, (long long)choice->minutes);
    tally->bad += !is_good;
    tally->worlds++;
    tally->transactions += world->witness.frames;
    world_free(world);
    free(world);
}

static int find_kind(const char *name)
{
    for (int i = 0; i < WORLD_KINDS; i++) {
        if (strcmp(world_kind_names[i], name) == 0)
            return i;
    }
    (void)fprintf(stderr, "there is no kind of world '%s'; there are:", name);
    for (int i = 0; i < WORLD_KINDS; i++)
        (void)fprintf(stderr, " %s", world_kind_names[i]);
    (void)fprintf(stderr, "\n");
    exit(2);
}

static struct choice parse(int argc, char **argv)
{
    struct choice choice = {.kind = NO_INDEX, .seed = 1, .seeds = 1, .minutes = 10};
    for (int i = 1; i + 1 < argc; i += 2) {
        long long number = strtoll(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--kind") == 0)
            choice.kind = find_kind(argv[i + 1]);
        else if (strcmp(argv[i], "--seed") == 0)
            choice.seed = (uint64_t)number;
        else if (strcmp(argv[i], "--seeds") == 0)
            choice.seeds = (uint64_t)number;
        else if (strcmp(argv[i], "--minutes") == 0)
            choice.minutes = number;
        else if (strcmp(argv[i], "--from") == 0)
            choice.told_from_s = number;
        else if (strcmp(argv[i], "--to") == 0)
            choice.told_to_s = number;
        else if (strcmp(argv[i], "--least") == 0)
            choice.least = (uint64_t)number;
        else
            exit(2);
    }
    return choice;
}

int main(int argc, char **argv)
{
    struct choice choice = parse(argc, argv);
    struct timespec begun;
    struct timespec ended;
    struct tally tally = {0};
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    (void)clock_gettime(CLOCK_MONOTONIC, &begun);
    for (uint64_t seed = choice.seed; seed < choice.seed + choice.seeds; seed++) {
        for (int kind = 0; kind < WORLD_KINDS; kind++) {
            if (choice.kind == NO_INDEX || choice.kind == kind)
                run_world((enum world_kind)kind, seed, &choice, &tally);
        }
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &ended);
    (void)printf("%llu transactions in %u worlds, %u with complaints, %lld s\n",
                 (unsigned long long)tally.transactions, tally.worlds, tally.bad,
                 (long long)(ended.tv_sec - begun.tv_sec));
    if (tally.transactions < choice.least)
        (void)printf("these are fewer than %llu\n", (unsigned long long)choice.least);
    return tally.bad || tally.transactions < choice.least;
}
