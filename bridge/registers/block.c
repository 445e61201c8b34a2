// SPDX-License-Identifier: MIT
#include "registers/block.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "registers/cover.h"
#include "registers/reach.h"
#include "registers/refusals.h"
#include "registers/run.h"
#include "registers/tie.h"

// A request that brings an entry.
struct delivery {
    size_t block;
    int address; // of the entry
    int point;
};

// A plan in the making.
struct planner {
    const struct plan_request *request;
    struct reach *reach;
    struct tie_list ties;
    bool *stays; // per entry of the map: it is not left to faster requests
    struct block *blocks;
    size_t block_count;
    size_t block_capacity;
    size_t *layers; // where the requests of each period of the present family begin
    size_t layer_count;
    size_t layer_capacity;
    struct delivery *deliveries;
    size_t delivery_count;
    size_t delivery_capacity;
};

uint16_t block_limit(const struct modbus_settings *modbus, enum table table)
{
    return (uint16_t)(table_is_bits(table) ? modbus->max_bits : modbus->max_registers);
}

static bool is_refused(const struct refusals *refusals, const struct point *point)
{
    struct place place = place_of(point);
    for (size_t i = 0; i < place_part_count(point); i++) {
        if (refusals_touch(refusals, &place, place_part(point, i)))
            return true;
    }
    return false;
}

static bool is_readable(const struct point *point)
{
    return point->source == SOURCE_WORDS && (point->access & ACCESS_READ);
}

static void add_block(struct planner *planner, const struct run_kind *kind, struct extent at)
{
    if (planner->block_count == planner->block_capacity) {
        planner->block_capacity = planner->block_capacity ? 2 * planner->block_capacity : 16;
        planner->blocks =
            mem_resize(planner->blocks, planner->block_capacity, sizeof *planner->blocks);
    }
    planner->blocks[planner->block_count++] = (struct block){
        .table = kind->place.table,
        .unit_id = kind->place.unit_id,
        .model = kind->place.model,
        .address = (uint16_t)at.from,
        .count = (uint16_t)(at.to - at.from),
        .every_ms = kind->every_ms,
        .when = kind->when,
        .optional = kind->optional,
    };
}

static void deliver(struct planner *planner, size_t block, int point)
{
    if (planner->delivery_count == planner->delivery_capacity) {
        planner->delivery_capacity =
            planner->delivery_capacity ? 2 * planner->delivery_capacity : 64;
        planner->deliveries = mem_resize(planner->deliveries, planner->delivery_capacity,
                                         sizeof *planner->deliveries);
    }
    planner->deliveries[planner->delivery_count++] =
        (struct delivery){block, planner->request->map->points[point].address, point};
}

// The first of the blocks [low, high), both of whose ends ascend, that holds all of a run; or
// `high`.
static size_t find_block(const struct planner *planner, size_t low, size_t high,
                         struct extent at)
{
    size_t end = high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct block *block = &planner->blocks[middle];
        if (block->address + block->count < at.to)
            low = middle + 1;
        else
            high = middle;
    }
    return low < end && planner->blocks[low].address <= at.from ? low : end;
}

static void begin_layer(struct planner *planner)
{
    if (planner->layer_count == planner->layer_capacity) {
        planner->layer_capacity = planner->layer_capacity ? 2 * planner->layer_capacity : 16;
        planner->layers =
            mem_resize(planner->layers, planner->layer_capacity, sizeof *planner->layers);
    }
    planner->layers[planner->layer_count++] = planner->block_count;
}

// The request of a faster period of the family that holds all of a run; or block_count.
static size_t find_faster(const struct planner *planner, struct extent at)
{
    for (size_t i = 0; i < planner->layer_count; i++) {
        bool is_last = i + 1 == planner->layer_count;
        size_t end = is_last ? planner->block_count : planner->layers[i + 1];
        size_t found = find_block(planner, planner->layers[i], end, at);
        if (found < end)
            return found;
    }
    return planner->block_count;
}

// Leaves to the requests of faster periods of the family what they bring anyway: values whose
// every run is in one.
static void use_faster(struct planner *planner, struct run_list *runs)
{
    size_t kept = 0;
    for (size_t i = 0; i < runs->count; i++) {
        const struct run *run = &runs->runs[i];
        if (find_faster(planner, run->at) == planner->block_count)
            planner->stays[run->value] = true;
    }
    for (size_t i = 0; i < runs->count; i++) {
        const struct run *run = &runs->runs[i];
        if (planner->stays[run->value])
            runs->runs[kept++] = *run;
        else
            deliver(planner, find_faster(planner, run->at), run->point);
    }
    for (size_t i = 0; i < kept; i++)
        planner->stays[runs->runs[i].value] = false;
    runs->count = kept;
}

// The runs that no other one contains, and whether a request may read on from each to the next.
static size_t strip(const struct planner *planner, const struct run_list *runs,
                    struct extent *ret_items, bool *ret_joins)
{
    size_t count = 0;
    for (size_t i = 0; i < runs->count; i++) {
        struct extent at = runs->runs[i].at;
        if (count > 0 && at.to <= ret_items[count - 1].to)
            continue;
        if (count > 0)
            ret_joins[count - 1] = reach_may_cross(
                planner->reach, (struct extent){ret_items[count - 1].to - 1, at.from + 1});
        ret_items[count++] = at;
    }
    return count;
}

static void cover_runs(struct planner *planner, const struct run_list *runs)
{
    const struct run_kind *kind = &runs->runs[0].kind;
    struct extent *items = mem_new(runs->count, sizeof *items);
    struct extent *requests = mem_new(runs->count, sizeof *requests);
    bool *joins = mem_new(runs->count, sizeof *joins);
    struct cover_problem problem = {
        .items = items,
        .joins = joins,
        .count = strip(planner, runs, items, joins),
        .table = kind->place.table,
        .limit = reach_limit(planner->reach),
        .cost = &planner->request->cost,
    };
    size_t count = cover_cheapest(&problem, requests);
    for (size_t i = 0; i < count; i++)
        add_block(planner, kind, requests[i]);
    free(items);
    free(requests);
    free(joins);
}

static void use_exact_block(struct planner *planner, const struct run_kind *kind)
{
    const struct span *span = &planner->request->modbus->blocks[kind->block];
    add_block(planner, kind, (struct extent){span->address, span->address + span->count});
}

static void plan_kind(struct planner *planner, const struct run *first, size_t count)
{
    struct run_list runs = {0};
    reach_enter(planner->reach, &first->kind.place);
    for (size_t i = 0; i < count; i++) {
        run_list_add(&runs, &first[i]);
        reach_want(planner->reach, first[i].at, true);
    }
    tie_runs(&planner->ties, planner->request, planner->reach, &runs);
    if (first->kind.every_ms > 0)
        use_faster(planner, &runs);
    run_list_sort(&runs);
    size_t start = planner->block_count;
    begin_layer(planner);
    if (runs.count > 0 && first->kind.block != NO_INDEX)
        use_exact_block(planner, &first->kind);
    else if (runs.count > 0)
        cover_runs(planner, &runs);
    for (size_t i = 0; i < runs.count; i++)
        deliver(planner, find_block(planner, start, planner->block_count, runs.runs[i].at),
                runs.runs[i].point);
    for (size_t i = 0; i < count; i++)
        reach_want(planner->reach, first[i].at, false);
    run_list_done(&runs);
}

static void plan_kinds(struct planner *planner, const struct run_list *runs)
{
    for (size_t i = 0; i < runs->count;) {
        const struct run *first = &runs->runs[i];
        size_t next = i + 1;
        while (next < runs->count &&
               run_compare_kind(&first->kind, &runs->runs[next].kind) == 0)
            next++;
        if (i > 0 && run_compare_family(&first[-1].kind, &first->kind) != 0)
            planner->layer_count = 0;
        plan_kind(planner, first, next - i);
        i = next;
    }
}

static int compare_deliveries(const void *left, const void *right)
{
    const struct delivery *a = left;
    const struct delivery *b = right;
    if (a->block != b->block)
        return a->block < b->block ? -1 : 1;
    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    return a->point < b->point ? -1 : a->point > b->point;
}

// Gives each block its entries, each once.
static void assign_points(const struct planner *planner, struct arena *arena,
                          struct block *blocks)
{
    struct delivery *deliveries = planner->deliveries;
    size_t count = planner->delivery_count;
    if (count > 1)
        qsort(deliveries, count, sizeof *deliveries, compare_deliveries);
    uint16_t *points = ARENA_NEW_ARRAY(arena, count, uint16_t);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && compare_deliveries(&deliveries[i - 1], &deliveries[i]) == 0)
            continue;
        struct block *block = &blocks[deliveries[i].block];
        if (block->point_count++ == 0)
            block->points = &points[used];
        points[used++] = (uint16_t)deliveries[i].point;
    }
}

// Of the requests that bring words of one value that lie apart, all but the last are made once
// more behind it: words that are the same before and after belong to those of the last.
static size_t find_repeated(const struct planner *planner, bool *ret_repeated)
{
    const struct map *map = planner->request->map;
    size_t *ends = mem_new(map->point_count, sizeof *ends);
    size_t count = 0;
    for (size_t i = 0; i < planner->delivery_count; i++) {
        const struct delivery *delivery = &planner->deliveries[i];
        if (ends[delivery->point] < delivery->block + 1)
            ends[delivery->point] = delivery->block + 1;
    }
    for (size_t i = 0; i < planner->delivery_count; i++) {
        const struct delivery *delivery = &planner->deliveries[i];
        if (ends[delivery->point] == delivery->block + 1 || ret_repeated[delivery->block])
            continue;
        if (!map->points[delivery->point].part_count)
            continue;
        ret_repeated[delivery->block] = true;
        count++;
    }
    free(ends);
    return count;
}

static const struct plan *finish(const struct planner *planner, struct arena *arena)
{
    bool *repeated = mem_new(planner->block_count, sizeof *repeated);
    size_t count = planner->block_count + find_repeated(planner, repeated);
    struct block *blocks = ARENA_NEW_ARRAY(arena, count, struct block);
    for (size_t i = 0; i < planner->block_count; i++)
        blocks[i] = planner->blocks[i];
    assign_points(planner, arena, blocks);
    for (size_t i = 0, at = planner->block_count; i < planner->block_count; i++) {
        if (repeated[i])
            blocks[at++] = blocks[i];
    }
    free(repeated);
    struct plan *plan = ARENA_NEW(arena, struct plan);
    *plan = (struct plan){blocks, count};
    return plan;
}

// `may_tie`: the entries that may share a request with others.
static const struct plan *make_plan(struct arena *arena, const struct plan_request *request,
                                    const struct refusals *refusals, struct run_list *runs,
                                    const bool *may_tie)
{
    struct planner planner = {
        .request = request,
        .reach = reach_new(request, refusals),
        .ties = tie_list_of(request, may_tie),
        .stays = mem_new(request->map->point_count, sizeof *planner.stays),
    };
    run_list_sort(runs);
    plan_kinds(&planner, runs);
    const struct plan *plan = finish(&planner, arena);
    reach_free(planner.reach);
    tie_list_done(&planner.ties);
    free(planner.stays);
    free(planner.blocks);
    free(planner.layers);
    free(planner.deliveries);
    return plan;
}

static void add_runs(const struct plan_request *request, int index, struct run_list *runs)
{
    const struct point *point = &request->map->points[index];
    const struct modbus_settings *modbus = request->modbus;
    struct place place = place_of(point);
    for (size_t i = 0; i < place_part_count(point); i++) {
        struct extent at = place_part(point, i);
        int block = place_inside(&place, at, modbus->blocks, modbus->block_count);
        struct run run = {run_kind_of(point, index, block), at, index, index};
        run_list_add(runs, &run);
    }
}

// Whoever asks for them has looked at their conditions.
static void make_due_now(struct run_list *runs, size_t first, bool is_alone)
{
    for (size_t i = first; i < runs->count; i++) {
        struct run *run = &runs->runs[i];
        run->kind.every_ms = EVERY_NEED;
        run->kind.when = NULL;
        if (is_alone)
            run->kind.alone = run->point;
    }
}

const struct plan *block_plan(struct arena *arena, const struct plan_request *request)
{
    size_t count = request->map->point_count;
    bool *is_wanted = mem_new(count, sizeof *is_wanted);
    struct refusals *refusals = refusals_new(request->refusals, request->refusal_count);
    struct run_list runs = {0};
    for (size_t i = 0; i < count; i++) {
        const struct point *point = &request->map->points[i];
        is_wanted[i] =
            is_readable(point) && point->every_ms != EVERY_NEED && !is_refused(refusals, point);
        if (is_wanted[i])
            add_runs(request, (int)i, &runs);
    }
    const struct plan *plan = make_plan(arena, request, refusals, &runs, is_wanted);
    run_list_done(&runs);
    refusals_free(refusals);
    free(is_wanted);
    return plan;
}

const struct plan *block_plan_for(struct arena *arena, const struct plan_request *request,
                                  const int *points, size_t point_count)
{
    bool *is_wanted = mem_new(request->map->point_count, sizeof *is_wanted);
    bool *may_tie = mem_new(request->map->point_count, sizeof *may_tie);
    struct refusals *refusals = refusals_new(request->refusals, request->refusal_count);
    struct run_list runs = {0};
    for (size_t i = 0; i < point_count; i++) {
        int index = points[i];
        const struct point *point = &request->map->points[index];
        if (is_wanted[index] || !is_readable(point))
            continue;
        size_t first = runs.count;
        is_wanted[index] = true;
        may_tie[index] = !is_refused(refusals, point);
        add_runs(request, index, &runs);
        make_due_now(&runs, first, !may_tie[index]);
    }
    const struct plan *plan = make_plan(arena, request, refusals, &runs, may_tie);
    run_list_done(&runs);
    refusals_free(refusals);
    free(may_tie);
    free(is_wanted);
    return plan;
}
