// SPDX-License-Identifier: MIT
#include "registers/block.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/message.h"
#include "registers/formula.h"

enum {
    // With merge_gap: auto. A request of its own costs about as much line time as this many
    // registers: 8 + 5 bytes of frames, two silences of 3.5 characters, the unit's turnaround.
    AUTO_GAP = 10,
    ADDRESS_END = 65536,
};

// A run of words of one entry: all of them, or one part when they lie apart.
struct run {
    const struct point *point;
    uint16_t index; // of the point in the map
    uint16_t address;
    uint16_t count;
    int block; // index of the forced block it lies in, or NO_INDEX
};

uint16_t block_limit(const struct modbus_settings *modbus, enum table table)
{
    return (uint16_t)(table_is_bits(table) ? modbus->max_bits : modbus->max_registers);
}

static int compare_numbers(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_conditions(const struct formula *a, const struct formula *b)
{
    if (a == b)
        return 0;
    if (!a || !b)
        return a ? 1 : -1;
    return strcmp(formula_text(a), formula_text(b));
}

// Whether entries may share a request at all: 0 when they may.
static int compare_kind(const struct run *a, const struct run *b)
{
    const struct point *p = a->point;
    const struct point *q = b->point;
    int order = compare_numbers(p->unit_id, q->unit_id);
    if (!order)
        order = compare_numbers((int)p->table, (int)q->table);
    if (!order)
        order = compare_numbers(p->every_ms, q->every_ms);
    if (!order)
        order = compare_numbers(p->optional, q->optional);
    if (!order)
        order = compare_numbers(a->block, b->block);
    return order ? order : compare_conditions(p->when, q->when);
}

static int compare_runs(const void *left, const void *right)
{
    const struct run *a = left;
    const struct run *b = right;
    int order = compare_kind(a, b);
    if (!order)
        order = compare_numbers(a->address, b->address);
    return order ? order : compare_numbers(a->index, b->index);
}

static int forced_block(const struct modbus_settings *modbus, enum table table, int address,
                        int count)
{
    for (size_t i = 0; i < modbus->block_count; i++) {
        const struct span *span = &modbus->blocks[i];
        if (span->table == table && address >= span->address &&
            address + count <= span->address + span->count)
            return (int)i;
    }
    return NO_INDEX;
}

static bool touches(const struct span *spans, size_t count, enum table table, int from, int to)
{
    for (size_t i = 0; i < count; i++) {
        const struct span *span = &spans[i];
        if (span->table == table && from < span->address + span->count && to > span->address)
            return true;
    }
    return false;
}

// Whether [from, to) may not be read through.
static bool is_closed(const struct plan_request *request, enum table table, int from, int to)
{
    const struct modbus_settings *modbus = request->modbus;
    return touches(modbus->unreadable, modbus->unreadable_count, table, from, to) ||
           touches(request->holes, request->hole_count, table, from, to);
}

static int allowed_gap(const struct modbus_settings *modbus, enum table table)
{
    if (modbus->merge_gap != GAP_AUTO)
        return modbus->merge_gap;
    return table_is_bits(table) ? AUTO_GAP * 16 : AUTO_GAP;
}

// Whether a run may join a request that covers [start, end).
static bool may_join(const struct plan_request *request, const struct run *first,
                     const struct run *run, int start, int end)
{
    const struct modbus_settings *modbus = request->modbus;
    if (compare_kind(first, run) != 0 || first->point->alone || run->point->alone)
        return false;
    if (first->block != NO_INDEX)
        return true;
    int run_end = run->address + run->count;
    int new_end = run_end > end ? run_end : end;
    if (new_end - start > block_limit(modbus, run->point->table))
        return false;
    int gap = run->address - end;
    if (gap <= 0)
        return true;
    return gap <= allowed_gap(modbus, run->point->table) &&
           !is_closed(request, run->point->table, end, run->address);
}

static struct block make_block(struct arena *arena, const struct modbus_settings *modbus,
                               const struct run *runs, size_t count, int end)
{
    const struct run *first = &runs[0];
    uint16_t *points = ARENA_NEW_ARRAY(arena, count, uint16_t);
    for (size_t i = 0; i < count; i++)
        points[i] = runs[i].index;
    struct block block = {
        .table = first->point->table,
        .unit_id = first->point->unit_id,
        .address = first->address,
        .count = (uint16_t)(end - first->address),
        .every_ms = first->point->every_ms,
        .when = first->point->when,
        .optional = first->point->optional,
        .points = points,
        .point_count = count,
    };
    if (first->block != NO_INDEX) {
        block.address = modbus->blocks[first->block].address;
        block.count = modbus->blocks[first->block].count;
    }
    return block;
}

static const struct plan *join_runs(struct arena *arena, const struct plan_request *request,
                                    struct run *runs, size_t count)
{
    qsort(runs, count, sizeof *runs, compare_runs);
    struct block *blocks = ARENA_NEW_ARRAY(arena, count, struct block);
    size_t block_count = 0;
    for (size_t i = 0; i < count;) {
        size_t next = i + 1;
        int end = runs[i].address + runs[i].count;
        while (next < count && may_join(request, &runs[i], &runs[next], runs[i].address, end)) {
            int run_end = runs[next].address + runs[next].count;
            end = run_end > end ? run_end : end;
            next++;
        }
        blocks[block_count++] = make_block(arena, request->modbus, &runs[i], next - i, end);
        i = next;
    }
    struct plan *plan = ARENA_NEW(arena, struct plan);
    *plan = (struct plan){blocks, block_count};
    return plan;
}

// Appends the runs of an entry; returns how many.
static size_t add_runs(const struct plan_request *request, int index, struct run *ret_runs)
{
    const struct point *point = &request->map->points[index];
    size_t parts = point->part_count ? point->part_count : 1;
    for (size_t i = 0; i < parts; i++) {
        uint16_t address = point->part_count ? point->parts[i] : point->address;
        uint16_t count = point->part_count ? 1 : point->word_count;
        ret_runs[i] = (struct run){
            .point = point,
            .index = (uint16_t)index,
            .address = address,
            .count = count,
            .block = forced_block(request->modbus, point->table, address, count),
        };
    }
    return parts;
}

static bool is_in_hole(const struct plan_request *request, const struct point *point)
{
    size_t parts = point->part_count ? point->part_count : 1;
    for (size_t i = 0; i < parts; i++) {
        int from = point->part_count ? point->parts[i] : point->address;
        int to = from + (point->part_count ? 1 : point->word_count);
        if (touches(request->holes, request->hole_count, point->table, from, to))
            return true;
    }
    return false;
}

static bool is_asked(const struct plan_request *request, const struct point *point)
{
    return point->source == SOURCE_WORDS && (point->access & ACCESS_READ) &&
           !is_in_hole(request, point);
}

const struct plan *block_plan(struct arena *arena, const struct plan_request *request)
{
    const struct map *map = request->map;
    struct run *runs = mem_new(map->point_count * MAX_PARTS, sizeof *runs);
    size_t count = 0;
    for (size_t i = 0; i < map->point_count; i++) {
        if (is_asked(request, &map->points[i]) && map->points[i].every_ms != EVERY_NEED)
            count += add_runs(request, (int)i, &runs[count]);
    }
    const struct plan *plan = join_runs(arena, request, runs, count);
    free(runs);
    return plan;
}

const struct plan *block_plan_for(struct arena *arena, const struct plan_request *request,
                                  const int *points, size_t point_count)
{
    const struct map *map = request->map;
    // Copies whose period and condition are alike, so that only addresses decide.
    struct point *copies = mem_new(point_count, sizeof *copies);
    struct run *runs = mem_new(point_count * MAX_PARTS, sizeof *runs);
    size_t count = 0;
    for (size_t i = 0; i < point_count; i++) {
        if (!is_asked(request, &map->points[points[i]]))
            continue;
        size_t added = add_runs(request, points[i], &runs[count]);
        copies[i] = map->points[points[i]];
        copies[i].every_ms = EVERY_NEED;
        copies[i].when = NULL;
        for (size_t k = 0; k < added; k++)
            runs[count + k].point = &copies[i];
        count += added;
    }
    const struct plan *plan = join_runs(arena, request, runs, count);
    free(runs);
    free(copies);
    return plan;
}
