// SPDX-License-Identifier: MIT
// Plans of random small maps against brute force: what must be read together is derived here
// once more from the rules, and the least cost is found over all sets of requests whatsoever.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "registers/block.h"
#include "support/random.h"

enum {
    CASES = 3000,
    ROOM = 20, // addresses used
    MOST_POINTS = 6,
    MOST_SPANS = 2,
    MOST_DUTIES = 10,
};

static const int64_t periods[] = {1000, 0, 5000, EVERY_CONNECT, EVERY_NEED};

struct world {
    struct point points[MOST_POINTS];
    struct span unreadable[MOST_SPANS];
    struct span blocks[MOST_SPANS];
    struct span holes[MOST_SPANS];
    struct refusal refusals[MOST_SPANS];
    struct modbus_settings modbus;
    struct map map;
    struct plan_request request;
    struct arena *arena;
    const struct plan *plan;
};

// Addresses that one request has to bring for a value, with the entries it brings.
struct duty {
    int value;
    int from;
    int to;
    unsigned brings; // a bit per entry
};

// The entries that may share requests.
struct group {
    const struct world *world;
    const struct point *like;
    int exact; // index of the exact request, or NO_INDEX
    struct duty duties[MOST_DUTIES * 2];
    size_t duty_count;
    bool wanted[ROOM + 4];
};

// ----------------------------------------------------------------- random maps

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

static void random_world(uint64_t *state, struct world *world)
{
    static const int gaps[] = {0, 0, 1, 3, GAP_AUTO, GAP_AUTO};
    *world = (struct world){.arena = arena_new()};
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
    world->plan = block_plan(world->arena, &world->request);
}

// ------------------------------------------------------------------- the rules

static size_t part_count(const struct point *point)
{
    return point->part_count ? point->part_count : 1;
}

static int part_from(const struct point *point, size_t part)
{
    return point->part_count ? point->parts[part] : point->address;
}

static int part_to(const struct point *point, size_t part)
{
    return part_from(point, part) + (point->part_count ? 1 : point->word_count);
}

static bool in_spans(const struct span *spans, size_t count, enum table table, int address)
{
    for (size_t i = 0; i < count; i++) {
        if (spans[i].table == table && address >= spans[i].address &&
            address < spans[i].address + spans[i].count)
            return true;
    }
    return false;
}

static bool has_address(const struct point *point, int address)
{
    for (size_t i = 0; i < part_count(point); i++) {
        if (address >= part_from(point, i) && address < part_to(point, i))
            return true;
    }
    return false;
}

static bool is_polled(const struct world *world, const struct point *point)
{
    for (int address = 0; address < ROOM + 4; address++) {
        if (has_address(point, address) &&
            in_spans(world->holes, world->request.refusal_count, point->table, address))
            return false;
    }
    return (point->access & ACCESS_READ) && point->every_ms != EVERY_NEED;
}

// The first exact request that holds [from, to), or NO_INDEX.
static int exact_of(const struct world *world, enum table table, int from, int to)
{
    for (size_t i = 0; i < world->modbus.block_count; i++) {
        const struct span *span = &world->blocks[i];
        if (span->table == table && from >= span->address && to <= span->address + span->count)
            return (int)i;
    }
    return NO_INDEX;
}

static bool is_family(const struct point *a, const struct point *b)
{
    if (a == b)
        return true;
    return a->table == b->table && a->optional == b->optional && !a->alone && !b->alone;
}

static bool is_listed(const struct world *world, enum table table, int address)
{
    for (size_t i = 0; i < world->map.point_count; i++) {
        const struct point *point = &world->points[i];
        if (point->table == table && (point->access & ACCESS_READ) && !point->optional &&
            !point->alone && has_address(point, address))
            return true;
    }
    return false;
}

static bool is_closed(const struct world *world, enum table table, int address)
{
    const struct modbus_settings *modbus = &world->modbus;
    for (size_t i = 0; i < world->map.point_count; i++) {
        const struct point *point = &world->points[i];
        bool is_write_only =
            !(point->access & ACCESS_READ) && !is_listed(world, table, address);
        if ((point->alone || is_write_only) && point->table == table &&
            has_address(point, address))
            return true;
    }
    return in_spans(modbus->unreadable, modbus->unreadable_count, table, address) ||
           in_spans(modbus->blocks, modbus->block_count, table, address) ||
           in_spans(world->holes, world->request.refusal_count, table, address);
}

// Whether one request of the group may be [from, to); `also` are wanted besides (bits of
// entries).
static bool may_ask(const struct group *group, int from, int to, unsigned also)
{
    const struct world *world = group->world;
    enum table table = group->like->table;
    if (group->exact != NO_INDEX)
        return from == world->blocks[group->exact].address &&
               to == from + world->blocks[group->exact].count;
    int unlisted = 0;
    for (int address = from; address < to; address++) {
        bool wanted = group->wanted[address];
        for (size_t i = 0; i < world->map.point_count; i++)
            wanted |= (also >> i & 1) && has_address(&world->points[i], address);
        if (!wanted && is_closed(world, table, address))
            return false;
        unlisted = wanted || is_listed(world, table, address) ? 0 : unlisted + 1;
        if (world->modbus.merge_gap != GAP_AUTO && unlisted > world->modbus.merge_gap)
            return false;
    }
    return to - from <= block_limit(&world->modbus, table);
}

// -------------------------------------------------------- what must be together

static bool has_part_in(const struct group *group, const struct point *point)
{
    for (size_t i = 0; i < part_count(point); i++) {
        if (exact_of(group->world, point->table, part_from(point, i), part_to(point, i)) !=
            NO_INDEX)
            return true;
    }
    return false;
}

// Notes that a value and other entries come together, when that may be.
static bool add_duty(struct group *group, int value, unsigned brings)
{
    const struct world *world = group->world;
    struct duty duty = {.value = value, .from = ROOM * 2, .brings = brings};
    bool any_exact = false;
    for (size_t i = 0; i < world->map.point_count; i++) {
        if (!(brings >> i & 1))
            continue;
        const struct point *point = &world->points[i];
        any_exact |= has_part_in(group, point);
        for (size_t k = 0; k < part_count(point); k++) {
            duty.from = part_from(point, k) < duty.from ? part_from(point, k) : duty.from;
            duty.to = part_to(point, k) > duty.to ? part_to(point, k) : duty.to;
        }
    }
    if (group->exact != NO_INDEX) {
        const struct span *span = &world->blocks[group->exact];
        if (duty.from < span->address || duty.to > span->address + span->count)
            return false;
    } else if (any_exact || !may_ask(group, duty.from, duty.to, brings)) {
        return false;
    }
    group->duties[group->duty_count++] = duty;
    return true;
}

static bool is_part_of(const struct group *group, const struct point *point, size_t part)
{
    return is_family(group->like, point) && group->like->every_ms == point->every_ms &&
           group->exact == exact_of(group->world, point->table, part_from(point, part),
                                    part_to(point, part));
}

static void add_duties_of(struct group *group, int value)
{
    const struct world *world = group->world;
    const struct point *point = &world->points[value];
    size_t before = group->duty_count;
    if (is_part_of(group, point, 0)) {
        const struct point *scale = point->sf == NO_INDEX ? NULL : &world->points[point->sf];
        if (scale && is_polled(world, scale) && scale != point && is_family(point, scale))
            (void)add_duty(group, value, 1U << value | 1U << point->sf);
        if (group->duty_count == before && point->part_count)
            (void)add_duty(group, value, 1U << value);
    }
    bool together = group->duty_count > before;
    for (size_t i = 0; i < part_count(point) && !together; i++) {
        if (is_part_of(group, point, i))
            group->duties[group->duty_count++] =
                (struct duty){value, part_from(point, i), part_to(point, i), 1U << value};
    }
}

static void fill_group(struct group *group)
{
    const struct world *world = group->world;
    for (size_t i = 0; i < world->map.point_count; i++) {
        const struct point *point = &world->points[i];
        for (size_t k = 0; is_polled(world, point) && k < part_count(point); k++) {
            for (int at = part_from(point, k); at < part_to(point, k); at++)
                group->wanted[at] |= is_part_of(group, point, k);
        }
    }
    for (size_t i = 0; i < world->map.point_count; i++) {
        if (is_polled(world, &world->points[i]))
            add_duties_of(group, (int)i);
    }
}

// ------------------------------------------------------------- plan against rules

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
        !may_ask(group, block->address, block->address + block->count, 0))
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

static int64_t cost_of(const struct group *group, int from, int to)
{
    return wire_cost_of_read(&group->world->request.cost, group->like->table, to - from);
}

// The duties that a request [from, to) does, as bits; 0 when it may not be asked.
static unsigned done_by(const struct group *group, int from, int to)
{
    unsigned done = 0;
    unsigned brings = 0;
    bool is_one = false;
    for (size_t i = 0; i < group->duty_count; i++) {
        const struct duty *duty = &group->duties[i];
        if (duty->from < from || duty->to > to)
            continue;
        done |= 1U << i;
        brings |= duty->brings;
        is_one |= duty->from == from && duty->to == to;
    }
    // What is longer than a request may be is asked for all the same.
    if (is_one && group->exact == NO_INDEX)
        return done;
    return done && may_ask(group, from, to, brings) ? done : 0;
}

static int64_t least_cost(const struct group *group)
{
    enum { SETS = 1 << MOST_DUTIES };
    static int64_t single[SETS];
    static int64_t best[SETS];
    size_t sets = (size_t)1 << group->duty_count;
    for (size_t i = 0; i < sets; i++)
        single[i] = INT64_MAX;
    for (int from = 0; from < ROOM + 4; from++) {
        for (int to = from + 1; to <= ROOM + 4; to++) {
            unsigned done = done_by(group, from, to);
            int64_t cost = done ? cost_of(group, from, to) : INT64_MAX;
            if (cost < single[done])
                single[done] = cost;
        }
    }
    best[0] = 0;
    for (size_t wanted = 1; wanted < sets; wanted++) {
        best[wanted] = INT64_MAX;
        for (size_t done = 1; done < sets; done++) {
            if (single[done] == INT64_MAX || !(done & wanted))
                continue;
            int64_t cost = best[wanted & ~done] + single[done];
            best[wanted] = cost < best[wanted] ? cost : best[wanted];
        }
    }
    return best[sets - 1];
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
        if (!done_by(&group, block->address, to))
            fail_msg("case %d: a request of %u+%u may not be", number, block->address,
                     block->count);
        cost += cost_of(&group, block->address, to);
    }
    for (size_t i = 0; i < group.duty_count; i++) {
        if (!is_served(&group, &group.duties[i], false))
            fail_msg("case %d: entry %d is not read as %d..%d", number, group.duties[i].value,
                     group.duties[i].from, group.duties[i].to - 1);
    }
    int64_t least = least_cost(&group);
    if (cost != least)
        fail_msg("case %d: the plan takes %ld, the cheapest %ld", number, (long)cost,
                 (long)least);
}

// A value is in no request that tears it from its scale or its other words.
static void check_untorn(const struct group *group, int value, int number)
{
    const struct world *world = group->world;
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
        for (size_t k = 0; k < part_count(point) && (i < index || k < part); k++) {
            if (is_polled(group->world, point) && is_part_of(group, point, k))
                return false;
        }
    }
    return true;
}

static size_t check_world(const struct world *world, int number)
{
    size_t groups = 0;
    for (size_t i = 0; i < world->map.point_count; i++) {
        const struct point *point = &world->points[i];
        for (size_t k = 0; is_polled(world, point) && k < part_count(point); k++) {
            struct group group = {
                .world = world,
                .like = point,
                .exact = exact_of(world, point->table, part_from(point, k), part_to(point, k)),
            };
            fill_group(&group);
            if (is_first_of_group(&group, i, k)) {
                check_group(&group, number);
                groups++;
            }
            if (part_count(point) == 1)
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
        static struct world world;
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
