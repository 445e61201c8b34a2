// SPDX-License-Identifier: MIT
#include "bus/refused.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void refused_done(struct refused *refused)
{
    free(refused->ranges);
    free(refused->spans);
    *refused = (struct refused){0};
}

void refused_forget(struct refused *refused)
{
    unsigned plans = refused->plans;
    refused_done(refused);
    refused->plans = plans;
}

bool refused_is_restless(const struct refused *refused)
{
    return refused->plans >= MAX_REFUSED_PLANS;
}

static bool is_same(const struct span *a, const struct span *b)
{
    return a->table == b->table && a->model == b->model && a->address == b->address &&
           a->count == b->count;
}

static size_t place_of_span(const struct refused *refused, const struct span *span)
{
    size_t i = 0;
    while (i < refused->count && !is_same(&refused->ranges[i].span, span))
        i++;
    return i;
}

bool refused_add(struct refused *refused, const struct refused_range *range)
{
    if (place_of_span(refused, &range->span) < refused->count)
        return false;
    size_t count = refused->count + 1;
    refused->ranges = mem_resize(refused->ranges, count, sizeof *refused->ranges);
    refused->spans = mem_resize(refused->spans, count, sizeof *refused->spans);
    refused->ranges[refused->count] = *range;
    refused->spans[refused->count] = range->span;
    refused->count = count;
    return true;
}

const struct refused_range *refused_find(const struct refused *refused,
                                         const struct block *block)
{
    struct span span = {block->table, block->address, block->count, block->model};
    size_t i = place_of_span(refused, &span);
    return i < refused->count ? &refused->ranges[i] : NULL;
}

void refused_remove(struct refused *refused, const struct span *span)
{
    size_t i = place_of_span(refused, span);
    if (i == refused->count)
        return;
    refused->count--;
    refused->ranges[i] = refused->ranges[refused->count];
    refused->spans[i] = refused->spans[refused->count];
}

void refused_limit(struct refused *refused, enum table table, uint16_t count)
{
    uint16_t *limit = table_is_bits(table) ? &refused->bit_limit : &refused->register_limit;
    if (*limit == 0 || count < *limit)
        *limit = count;
}

static bool lies_inside(const struct point *point, const struct span *span)
{
    size_t parts = point->part_count ? point->part_count : 1;
    if (point->source != SOURCE_WORDS || point->table != span->table ||
        point->model != span->model || point->unit_id != NO_INDEX ||
        !(point->access & ACCESS_READ) || point->every_ms == EVERY_NEED)
        return false;
    for (size_t i = 0; i < parts; i++) {
        uint32_t from = point->part_count ? point->parts[i] : point->address;
        uint32_t to = from + (point->part_count ? 1 : point->word_count);
        if (from >= span->address && to <= (uint32_t)span->address + span->count)
            return true;
    }
    return false;
}

static int64_t shorter(int64_t every_ms, const struct point *point)
{
    enum { LEAST_EVERY_MS = 1000 };
    if (point->every_ms < 0 || point->every_ms > every_ms)
        return every_ms;
    return point->every_ms > LEAST_EVERY_MS ? point->every_ms : LEAST_EVERY_MS;
}

// The request for one refused range, and the entries it would bring.
static struct block block_of(struct arena *arena, const struct map *map,
                             const struct span *span)
{
    enum { LONGEST_EVERY_MS = 30 * 1000 };
    struct block block = {
        .table = span->table,
        .unit_id = NO_INDEX,
        .model = span->model,
        .address = span->address,
        .count = span->count,
        .every_ms = LONGEST_EVERY_MS,
    };
    size_t count = 0;
    for (size_t i = 0; i < map->point_count; i++)
        count += lies_inside(&map->points[i], span);
    uint16_t *points = ARENA_NEW_ARRAY(arena, count, uint16_t);
    for (size_t i = 0; i < map->point_count; i++) {
        if (!lies_inside(&map->points[i], span))
            continue;
        points[block.point_count++] = (uint16_t)i;
        block.every_ms = shorter(block.every_ms, &map->points[i]);
    }
    block.points = points;
    if (block.point_count > 0)
        block.when = map->points[points[0]].when;
    return block;
}

static void apply_limits(struct refused *refused, const struct modbus_settings *modbus)
{
    refused->modbus = *modbus;
    if (refused->register_limit > 0 && refused->register_limit < modbus->max_registers)
        refused->modbus.max_registers = refused->register_limit;
    if (refused->bit_limit > 0 && refused->bit_limit < modbus->max_bits)
        refused->modbus.max_bits = refused->bit_limit;
}

const struct plan *refused_plan(struct refused *refused, struct arena *arena,
                                const struct plan_request *planning)
{
    struct plan_request request = *planning;
    refused->plans++;
    apply_limits(refused, planning->modbus);
    request.modbus = &refused->modbus;
    request.holes = refused->spans;
    request.hole_count = refused->count;
    const struct plan *granted = block_plan(arena, &request);
    size_t count = granted->block_count + refused->count;
    struct block *blocks = ARENA_NEW_ARRAY(arena, count, struct block);
    if (granted->block_count > 0)
        memcpy(blocks, granted->blocks, granted->block_count * sizeof *blocks);
    for (size_t i = 0; i < refused->count; i++)
        blocks[granted->block_count + i] = block_of(arena, planning->map, &refused->spans[i]);
    struct plan *plan = ARENA_NEW(arena, struct plan);
    *plan = (struct plan){blocks, count};
    return plan;
}
