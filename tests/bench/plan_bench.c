// SPDX-License-Identifier: MIT
// How long a plan takes to compute, and a new one to take its place when one entry in ten was
// found to be refused: maps of so many entries, of the shapes that cost most.
// Prints one JSON object a line; `valgrind --tool=callgrind` on it counts instructions.
//
//     plan_bench [ENTRIES]     10000 unless given
//
// Against regressions: 2.56e9 instructions with 10000 entries (gcc 12, -O2), of which 1.64e9
// are the search in registers/cover and four fifths of those the coils.
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bus/agenda.h"
#include "bus/refused.h"
#include "registers/block.h"
#include "support/random.h"

enum { ENTRIES = 10000, MOST_ENTRIES = 60000, RUNS = 5, REFUSED_EVERY = 10 };

struct shape {
    const char *name;
    enum table table;
    uint32_t most_gap;   // unlisted addresses between entries
    uint32_t most_words; // of an entry
    uint32_t periods;
    int sf_every; // every so many entries one that scales those behind it; 0: none
};

static const struct shape shapes[] = {
    {"adjacent registers", TABLE_HOLDING, 1, 1, 1, 0},
    {"gaps and values of one to four words", TABLE_HOLDING, 6, 4, 1, 0},
    {"scattered, five periods", TABLE_HOLDING, 6, 2, 5, 0},
    {"scale factors", TABLE_HOLDING, 3, 2, 2, 20},
    {"adjacent coils", TABLE_COIL, 1, 1, 1, 0},
};

static void fill(const struct shape *shape, struct point *points, size_t count)
{
    uint64_t seed = 11;
    uint32_t address = 0;
    int unit_id = 1;
    int sf = NO_INDEX;
    for (size_t i = 0; i < count; i++) {
        bool is_scale = shape->sf_every && i % (size_t)shape->sf_every == 0;
        uint32_t words = is_scale ? 1 : 1 + random_below(&seed, shape->most_words);
        if (address + words > 65000) { // the next unit behind the same address
            address = 0;
            unit_id++;
        }
        sf = is_scale ? (int)i : sf;
        points[i] = (struct point){
            .key = "entry",
            .source = SOURCE_WORDS,
            .table = shape->table,
            .unit_id = unit_id,
            .address = (uint16_t)address,
            .word_count = (uint16_t)words,
            .access = ACCESS_READ,
            .from = NO_INDEX,
            .sf = is_scale ? NO_INDEX : sf,
            .every_ms = 1000 * (1 + (int64_t)random_below(&seed, shape->periods)),
        };
        address += words + random_below(&seed, shape->most_gap);
    }
}

static void refuse_some(const struct map *map, struct refused *refused)
{
    for (size_t i = 0; i < map->point_count; i += REFUSED_EVERY) {
        const struct point *point = &map->points[i];
        const struct refused_item item = {
            .refusal = {.kind = REFUSAL_RANGE,
                        .unit_id = point->unit_id,
                        .span = {point->table, point->address, point->word_count, 0},
                        .exception = 2},
        };
        (void)refused_add(refused, &item);
    }
}

// From what was learned to dates for all requests, those of the plan before included.
static void measure_again(const struct shape *shape, const struct plan_request *request)
{
    int64_t best_us = INT64_MAX;
    size_t blocks = 0;
    for (int i = 0; i < RUNS; i++) {
        struct arena *arena = arena_new();
        struct refused refused = {0};
        struct agenda agenda;
        struct plan_request planning = *request;
        agenda_init(&agenda, 1);
        agenda_set_plan(&agenda, 0, block_plan(arena, &planning), 0);
        int64_t start_us = clock_monotonic_us();
        refuse_some(request->map, &refused);
        const struct plan *plan = refused_plan(&refused, arena, &planning);
        agenda_set_plan(&agenda, 0, plan, 1000);
        int64_t took_us = clock_monotonic_us() - start_us;
        best_us = took_us < best_us ? took_us : best_us;
        blocks = plan->block_count;
        agenda_done(&agenda);
        refused_done(&refused);
        arena_free(arena);
    }
    (void)printf("{\"shape\":\"%s, planned anew\",\"entries\":%zu,\"requests\":%zu,"
                 "\"ms\":%.2f}\n",
                 shape->name, request->map->point_count, blocks, (double)best_us / 1000);
}

static void measure(const struct shape *shape, struct point *points, size_t count)
{
    struct modbus_settings modbus = {
        .max_registers = 125, .max_bits = 2000, .merge_gap = GAP_AUTO};
    struct map map = {.points = points, .point_count = count};
    struct plan_request request = {
        .map = &map,
        .modbus = &modbus,
        .cost = {.frames_ns = 13541671, .silence_ns = 8022000, .byte_ns = 1041667},
    };
    int64_t best_us = INT64_MAX;
    size_t blocks = 0;
    fill(shape, points, count);
    for (int i = 0; i < RUNS; i++) {
        struct arena *arena = arena_new();
        int64_t start_us = clock_monotonic_us();
        blocks = block_plan(arena, &request)->block_count;
        int64_t took_us = clock_monotonic_us() - start_us;
        best_us = took_us < best_us ? took_us : best_us;
        arena_free(arena);
    }
    (void)printf("{\"shape\":\"%s\",\"entries\":%zu,\"requests\":%zu,\"ms\":%.2f}\n",
                 shape->name, count, blocks, (double)best_us / 1000);
    measure_again(shape, &request);
}

int main(int argc, char **argv)
{
    long entries = argc > 1 ? strtol(argv[1], NULL, 10) : ENTRIES;
    if (entries < 1 || entries > MOST_ENTRIES) {
        (void)fprintf(stderr, "plan_bench: 1 to %d entries\n", MOST_ENTRIES);
        return 2;
    }
    struct point *points = mem_new((size_t)entries, sizeof *points);
    for (size_t i = 0; i < ARRAY_LENGTH(shapes); i++)
        measure(&shapes[i], points, (size_t)entries);
    free(points);
    return 0;
}
