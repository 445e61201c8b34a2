// SPDX-License-Identifier: MIT
// Plans of random small maps against brute force (support/plan_oracle.h).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "registers/apart.h"
#include "support/plan_oracle.h"
#include "support/random.h"

enum { CASES = 3000 };

static const int64_t periods[] = {1000, 0, 5000, EVERY_CONNECT, EVERY_NEED};

static struct point random_point(uint64_t *state, bool is_plain)
{
    struct point point = {
        .key = "entry",
        .source = SOURCE_WORDS,
        .table = TABLE_HOLDING,
        .unit_id = NO_INDEX,
        .address = (uint16_t)random_below(state, ROOM - 4),
        .word_count = (uint16_t)(1 + random_below(state, 3)),
        .access = ACCESS_READ,
        .from = NO_INDEX,
        .sf = NO_INDEX,
        .every_ms = periods[random_below(state, 4) == 0 ? random_below(state, 5) : 0],
    };
    if (is_plain)
        return point;
    if (random_below(state, 5) == 0)
        point.table = TABLE_DISCRETE;
    if (random_below(state, 8) == 0)
        point.optional = true;
    if (random_below(state, 10) == 0)
        point.alone = true;
    if (random_below(state, 12) == 0)
        point.access = ACCESS_WRITE;
    if (point.table == TABLE_HOLDING && random_below(state, 6) == 0) {
        point.part_count = 2;
        point.word_count = 2;
        point.parts[0] = point.address;
        point.parts[1] = (uint16_t)random_below(state, ROOM);
    }
    return point;
}

static size_t random_spans(uint64_t *state, uint32_t rarity, int longest,
                           struct span *ret_spans)
{
    size_t count = random_below(state, rarity) == 0 ? 1 + random_below(state, MOST_SPANS) : 0;
    for (size_t i = 0; i < count; i++)
        ret_spans[i] = (struct span){
            .table = TABLE_HOLDING,
            .address = (uint16_t)random_below(state, ROOM - (uint32_t)longest),
            .count = (uint16_t)(1 + random_below(state, (uint32_t)longest)),
        };
    return count;
}

static bool brings(const struct block *block, size_t point, uint16_t address)
{
    bool is_listed = false;
    for (size_t i = 0; i < block->point_count; i++)
        is_listed |= block->points[i] == point;
    return is_listed && address >= block->address && address < block->address + block->count;
}

// Words that lie apart are a value once all requests were made in their order.
static void check_round(const struct oracle_world *world, const struct plan *plan, size_t index)
{
    const struct point *point = &world->points[index];
    struct apart parts[2] = {{.read_ms = APART_NEVER}, {.read_ms = APART_NEVER}};
    uint16_t words[2] = {0};
    for (size_t i = 0; i < plan->block_count; i++) {
        for (size_t k = 0; k < point->part_count; k++) {
            if (brings(&plan->blocks[i], index, point->parts[k]))
                apart_store(&parts[k], &words[k], 7, i + 1, 0);
        }
    }
    if (point->part_count && parts[0].read_ms == 0 && parts[1].read_ms == 0)
        assert_int_equal(apart_time(parts, 2), 0);
}

// The oracle knows of nothing that is asked twice.
static const struct plan *without_repeats(struct arena *arena, const struct plan *plan)
{
    struct block *blocks = ARENA_NEW_ARRAY(arena, plan->block_count, struct block);
    struct plan *once = ARENA_NEW(arena, struct plan);
    size_t count = 0;
    for (size_t i = 0; i < plan->block_count; i++) {
        bool is_new = true;
        for (size_t k = 0; k < count; k++)
            is_new &= memcmp(&blocks[k], &plan->blocks[i], sizeof blocks[k]) != 0;
        if (is_new)
            blocks[count++] = plan->blocks[i];
    }
    *once = (struct plan){blocks, count};
    return once;
}

static void random_world(uint64_t *state, struct oracle_world *world)
{
    static const int gaps[] = {0, 0, 1, 3, GAP_AUTO, GAP_AUTO};
    *world = (struct oracle_world){.arena = arena_new()};
    size_t count = 1 + random_below(state, MOST_POINTS);
    bool is_plain = random_below(state, 3) == 0;
    for (size_t i = 0; i < count; i++) {
        world->points[i] = random_point(state, is_plain);
        int sf = (int)random_below(state, (uint32_t)count);
        if (sf != (int)i && random_below(state, 3) == 0)
            world->points[i].sf = sf;
    }
    world->modbus = (struct modbus_settings){
        .max_registers = 4 + (int)random_below(state, 8),
        .max_bits = 4 + (int)random_below(state, 20),
        .merge_gap = gaps[random_below(state, 6)],
        .unreadable = world->unreadable,
        .unreadable_count = random_spans(state, 3, 2, world->unreadable),
        .blocks = world->blocks,
        .block_count = random_spans(state, 4, 6, world->blocks),
    };
    world->map = (struct map){.points = world->points, .point_count = count};
    world->request = (struct plan_request){
        .map = &world->map,
        .modbus = &world->modbus,
        .cost = {.frames_ns = (int64_t)random_below(state, 12),
                 .response_ns = (int64_t)random_below(state, 12),
                 .byte_ns = 1 + (int64_t)random_below(state, 3)},
        .refusals = world->refusals,
        .refusal_count = random_spans(state, 5, 1, world->holes),
    };
    for (size_t i = 0; i < world->request.refusal_count; i++)
        world->refusals[i] =
            (struct refusal){.unit_id = NO_INDEX, .span = world->holes[i], .exception = 2};
    const struct plan *plan = block_plan(world->arena, &world->request);
    for (size_t i = 0; i < count; i++)
        check_round(world, plan, i);
    world->plan = without_repeats(world->arena, plan);
}

static bool lists(const struct block *block, unsigned brings)
{
    unsigned listed = 0;
    for (size_t i = 0; i < block->point_count; i++)
        listed |= 1U << block->points[i];
    return (listed & brings) == brings;
}

static bool holds(const struct block *block, const struct duty *duty)
{
    return block->address <= duty->from && duty->to <= block->address + block->count;
}

static bool is_block_of(const struct group *group, const struct block *block)
{
    if (block->table != group->like->table || block->optional != group->like->optional ||
        block->every_ms != group->like->every_ms)
        return false;
    if (group->exact != NO_INDEX &&
        !oracle_may_ask(group, block->address, block->address + block->count, 0))
        return false;
    for (size_t i = 0; i < group->duty_count; i++) {
        const struct duty *duty = &group->duties[i];
        if (holds(block, duty) && lists(block, 1U << duty->value))
            return true;
    }
    return false;
}

static bool is_faster(const struct group *group, const struct block *block)
{
    // A block of another group lists none of these values unless it serves them.
    return block->table == group->like->table && block->optional == group->like->optional &&
           block->every_ms >= 0 && block->every_ms < group->like->every_ms;
}

static bool is_served(const struct group *group, const struct duty *duty, bool by_faster)
{
    const struct plan *plan = group->world->plan;
    for (size_t i = 0; i < plan->block_count; i++) {
        const struct block *block = &plan->blocks[i];
        bool fits = by_faster ? is_faster(group, block) : is_block_of(group, block);
        if (fits && holds(block, duty) && lists(block, duty->brings))
            return true;
    }
    return false;
}

// Removes the values all of whose duties faster requests do.
static void drop_served(struct group *group)
{
    bool stays[MOST_POINTS] = {false};
    size_t kept = 0;
    for (size_t i = 0; i < group->duty_count; i++)
        stays[group->duties[i].value] |= !is_served(group, &group->duties[i], true);
    for (size_t i = 0; i < group->duty_count; i++) {
        if (stays[group->duties[i].value])
            group->duties[kept++] = group->duties[i];
    }
    group->duty_count = kept;
}

static void check_group(const struct group *whole, int number)
{
    struct group group = *whole;
    drop_served(&group);
    if (group.duty_count > MOST_DUTIES)
        return;
    int64_t cost = 0;
    const struct plan *plan = group.world->plan;
    for (size_t i = 0; i < plan->block_count; i++) {
        const struct block *block = &plan->blocks[i];
        if (!is_block_of(&group, block))
            continue;
        int to = block->address + block->count;
        if (!oracle_done_by(&group, block->address, to))
            fail_msg("case %d: a request of %u+%u may not be", number, block->address,
                     block->count);
        cost += oracle_cost_of(&group, block->address, to);
    }
    for (size_t i = 0; i < group.duty_count; i++) {
        if (!is_served(&group, &group.duties[i], false))
            fail_msg("case %d: entry %d is not read as %d..%d", number, group.duties[i].value,
                     group.duties[i].from, group.duties[i].to - 1);
    }
    int64_t least = oracle_least_cost(&group);
    if (cost != least)
        fail_msg("case %d: the plan takes %ld, the cheapest %ld", number, (long)cost,
                 (long)least);
}

// A value is in no request that tears it from its scale or its other words.
static void check_untorn(const struct group *group, int value, int number)
{
    const struct oracle_world *world = group->world;
    for (size_t i = 0; i < world->map.point_count; i++) {
        if (world->points[i].sf == value)
            return; // it comes with others
    }
    for (size_t i = 0; i < world->plan->block_count; i++) {
        const struct block *block = &world->plan->blocks[i];
        bool is_whole = !lists(block, 1U << value);
        for (size_t k = 0; k < group->duty_count; k++)
            is_whole |= group->duties[k].value == value && holds(block, &group->duties[k]) &&
                        lists(block, group->duties[k].brings);
        if (!is_whole)
            fail_msg("case %d: a request of %u+%u tears entry %d", number, block->address,
                     block->count, value);
    }
}

static bool is_first_of_group(const struct group *group, size_t index, size_t part)
{
    for (size_t i = 0; i <= index; i++) {
        const struct point *point = &group->world->points[i];
        for (size_t k = 0; k < oracle_part_count(point) && (i < index || k < part); k++) {
            if (oracle_is_polled(group->world, point) && oracle_is_part_of(group, point, k))
                return false;
        }
    }
    return true;
}

static size_t check_world(const struct oracle_world *world, int number)
{
    size_t groups = 0;
    for (size_t i = 0; i < world->map.point_count; i++) {
        const struct point *point = &world->points[i];
        for (size_t k = 0; oracle_is_polled(world, point) && k < oracle_part_count(point);
             k++) {
            struct group group = {
                .world = world,
                .like = point,
                .exact = oracle_exact_of(world, point->table, oracle_part_from(point, k),
                                         oracle_part_to(point, k)),
            };
            oracle_fill_group(&group);
            if (is_first_of_group(&group, i, k)) {
                check_group(&group, number);
                groups++;
            }
            if (oracle_part_count(point) == 1)
                check_untorn(&group, (int)i, number);
        }
    }
    return groups;
}

static void test_plans_are_the_cheapest(void **state)
{
    (void)state;
    uint64_t seed = 20260217;
    size_t groups = 0;
    size_t blocks = 0;
    for (int i = 0; i < CASES; i++) {
        static struct oracle_world world;
        random_world(&seed, &world);
        groups += check_world(&world, i);
        blocks += world.plan->block_count;
        arena_free(world.arena);
    }
    // The cases are not trivial.
    assert_true(groups > CASES);
    assert_true(blocks > groups);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plans_are_the_cheapest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
