// SPDX-License-Identifier: MIT
#include "bus/refused.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/sorted.h"
#include "registers/refusals.h"

void refused_done(struct refused *refused)
{
    free(refused->items);
    free(refused->refusals);
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

// By what is asked: a request is refused for one reason at a time.
static int compare_requests(const void *left, const void *right)
{
    const struct refusal *a = left;
    const struct refusal *b = right;
    struct place place_a = refusal_place(a);
    struct place place_b = refusal_place(b);
    int order = place_compare(&place_a, &place_b);
    if (!order)
        order = (int)a->span.address - (int)b->span.address;
    return order ? order : (int)a->span.count - (int)b->span.count;
}

// The first that is not before it.
static size_t place_in(const struct refused *refused, const struct refusal *refusal)
{
    return sorted_place(refusal, refused->refusals, refused->count, sizeof *refused->refusals,
                        compare_requests);
}

static bool is_at(const struct refused *refused, size_t place, const struct refusal *refusal)
{
    return place < refused->count && compare_requests(&refused->refusals[place], refusal) == 0;
}

bool refused_add(struct refused *refused, const struct refused_item *item)
{
    size_t place = place_in(refused, &item->refusal);
    size_t count = refused->count + 1;
    if (is_at(refused, place, &item->refusal))
        return false;
    refused->items = mem_resize(refused->items, count, sizeof *refused->items);
    refused->refusals = mem_resize(refused->refusals, count, sizeof *refused->refusals);
    size_t behind = refused->count - place;
    memmove(&refused->items[place + 1], &refused->items[place],
            behind * sizeof *refused->items);
    memmove(&refused->refusals[place + 1], &refused->refusals[place],
            behind * sizeof *refused->refusals);
    refused->items[place] = *item;
    refused->refusals[place] = item->refusal;
    refused->count = count;
    return true;
}

const struct refused_item *refused_find(const struct refused *refused,
                                        const struct block *block)
{
    const struct refusal like = {
        .unit_id = block->unit_id,
        .span = {block->table, block->address, block->count, block->model},
    };
    size_t place = place_in(refused, &like);
    return is_at(refused, place, &like) ? &refused->items[place] : NULL;
}

const struct refused_item *refused_find_length(const struct refused *refused,
                                               const struct refusal *like)
{
    struct place place = refusal_place(like);
    for (size_t i = 0; i < refused->count; i++) {
        struct place other = refusal_place(&refused->refusals[i]);
        if (refused->refusals[i].kind == REFUSAL_LENGTH && place_compare(&place, &other) == 0)
            return &refused->items[i];
    }
    return NULL;
}

void refused_remove(struct refused *refused, const struct refusal *refusal)
{
    size_t place = place_in(refused, refusal);
    if (!is_at(refused, place, refusal))
        return;
    size_t behind = --refused->count - place;
    memmove(&refused->items[place], &refused->items[place + 1],
            behind * sizeof *refused->items);
    memmove(&refused->refusals[place], &refused->refusals[place + 1],
            behind * sizeof *refused->refusals);
}

// ---- the plan ----

// A run of an entry that is polled.
struct home {
    struct place place;
    struct extent at;
    uint16_t point;
};

static int compare_homes(const void *left, const void *right)
{
    const struct home *a = left;
    const struct home *b = right;
    int order = place_compare(&a->place, &b->place);
    if (!order)
        order = a->at.from - b->at.from;
    return order ? order : (int)a->point - (int)b->point;
}

// All of them, sorted; the caller frees them.
static struct home *find_homes(const struct map *map, size_t *ret_count)
{
    size_t room = 0;
    for (size_t i = 0; i < map->point_count; i++)
        room += place_part_count(&map->points[i]);
    struct home *homes = mem_new(room, sizeof *homes);
    *ret_count = 0;
    for (size_t i = 0; i < map->point_count; i++) {
        const struct point *point = &map->points[i];
        if (point->source != SOURCE_WORDS || !(point->access & ACCESS_READ) ||
            point->every_ms == EVERY_NEED)
            continue;
        for (size_t k = 0; k < place_part_count(point); k++)
            homes[(*ret_count)++] =
                (struct home){place_of(point), place_part(point, k), (uint16_t)i};
    }
    if (*ret_count > 1)
        qsort(homes, *ret_count, sizeof *homes, compare_homes);
    return homes;
}

// The first home at or behind the beginning of a refusal.
static size_t first_home(const struct home *homes, size_t count, const struct refusal *refusal)
{
    const struct home like = {refusal_place(refusal), {refusal->span.address, 0}, 0};
    return sorted_place(&like, homes, count, sizeof *homes, compare_homes);
}

static int64_t shorter(int64_t every_ms, const struct point *point)
{
    enum { LEAST_EVERY_MS = 1000 };
    if (point->every_ms < 0 || point->every_ms > every_ms)
        return every_ms;
    return point->every_ms > LEAST_EVERY_MS ? point->every_ms : LEAST_EVERY_MS;
}

// Gives a block the entries that have a run inside the refusal, each once.
static void fill_block(struct block *block, struct arena *arena, const struct map *map,
                       const struct home *homes, size_t count, const struct refusal *refusal)
{
    int end = refusal->span.address + refusal->span.count;
    struct place place = refusal_place(refusal);
    size_t first = first_home(homes, count, refusal);
    size_t last = first;
    while (last < count && place_compare(&homes[last].place, &place) == 0 &&
           homes[last].at.from < end)
        last++;
    uint16_t *points = ARENA_NEW_ARRAY(arena, last - first, uint16_t);
    for (size_t i = first; i < last; i++) {
        bool is_there = false;
        for (size_t k = 0; k < block->point_count && !is_there; k++)
            is_there = points[k] == homes[i].point;
        if (homes[i].at.to > end || is_there)
            continue;
        points[block->point_count++] = homes[i].point;
        block->every_ms = shorter(block->every_ms, &map->points[homes[i].point]);
    }
    block->points = points;
    if (block->point_count > 0)
        block->when = map->points[points[0]].when;
}

// The request for a refusal.
static struct block block_of(const struct refusal *refusal)
{
    enum { LONGEST_EVERY_MS = 30 * 1000 };
    return (struct block){
        .table = refusal->span.table,
        .unit_id = refusal->unit_id,
        .model = refusal->span.model,
        .address = refusal->span.address,
        .count = refusal->span.count,
        .every_ms = LONGEST_EVERY_MS,
        .optional = refusal->optional,
    };
}

const struct plan *refused_plan(struct refused *refused, struct arena *arena,
                                struct plan_request *planning)
{
    size_t home_count = 0;
    refused->plans++;
    planning->refusals = refused->refusals;
    planning->refusal_count = refused->count;
    const struct plan *granted = block_plan(arena, planning);
    size_t count = granted->block_count + refused->count;
    struct block *blocks = ARENA_NEW_ARRAY(arena, count, struct block);
    struct home *homes = find_homes(planning->map, &home_count);
    if (granted->block_count > 0)
        memcpy(blocks, granted->blocks, granted->block_count * sizeof *blocks);
    for (size_t i = 0; i < refused->count; i++) {
        const struct refusal *refusal = &refused->refusals[i];
        struct block *block = &blocks[granted->block_count + i];
        *block = block_of(refusal);
        if (refusal->kind == REFUSAL_RANGE)
            fill_block(block, arena, planning->map, homes, home_count, refusal);
    }
    free(homes);
    struct plan *plan = ARENA_NEW(arena, struct plan);
    *plan = (struct plan){blocks, count};
    return plan;
}
