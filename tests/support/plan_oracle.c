// SPDX-License-Identifier: MIT
#include "support/plan_oracle.h"

size_t oracle_part_count(const struct point *point)
{
    return point->part_count ? point->part_count : 1;
}

int oracle_part_from(const struct point *point, size_t part)
{
    return point->part_count ? point->parts[part] : point->address;
}

int oracle_part_to(const struct point *point, size_t part)
{
    return oracle_part_from(point, part) + (point->part_count ? 1 : point->word_count);
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
    for (size_t i = 0; i < oracle_part_count(point); i++) {
        if (address >= oracle_part_from(point, i) && address < oracle_part_to(point, i))
            return true;
    }
    return false;
}

bool oracle_is_polled(const struct oracle_world *world, const struct point *point)
{
    for (int address = 0; address < ROOM + 4; address++) {
        if (has_address(point, address) &&
            in_spans(world->holes, world->request.refusal_count, point->table, address))
            return false;
    }
    return (point->access & ACCESS_READ) && point->every_ms != EVERY_NEED;
}

int oracle_exact_of(const struct oracle_world *world, enum table table, int from, int to)
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

static bool is_listed(const struct oracle_world *world, enum table table, int address)
{
    for (size_t i = 0; i < world->map.point_count; i++) {
        const struct point *point = &world->points[i];
        if (point->table == table && (point->access & ACCESS_READ) && !point->optional &&
            !point->alone && has_address(point, address))
            return true;
    }
    return false;
}

static bool is_closed(const struct oracle_world *world, enum table table, int address)
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

bool oracle_may_ask(const struct group *group, int from, int to, unsigned also)
{
    const struct oracle_world *world = group->world;
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

static bool has_part_in(const struct group *group, const struct point *point)
{
    for (size_t i = 0; i < oracle_part_count(point); i++) {
        if (oracle_exact_of(group->world, point->table, oracle_part_from(point, i),
                            oracle_part_to(point, i)) != NO_INDEX)
            return true;
    }
    return false;
}

// Notes that a value and other entries come together, when that may be.
static bool add_duty(struct group *group, int value, unsigned brings)
{
    const struct oracle_world *world = group->world;
    struct duty duty = {.value = value, .from = ROOM * 2, .brings = brings};
    bool any_exact = false;
    for (size_t i = 0; i < world->map.point_count; i++) {
        if (!(brings >> i & 1))
            continue;
        const struct point *point = &world->points[i];
        any_exact |= has_part_in(group, point);
        for (size_t k = 0; k < oracle_part_count(point); k++) {
            duty.from =
                oracle_part_from(point, k) < duty.from ? oracle_part_from(point, k) : duty.from;
            duty.to = oracle_part_to(point, k) > duty.to ? oracle_part_to(point, k) : duty.to;
        }
    }
    if (group->exact != NO_INDEX) {
        const struct span *span = &world->blocks[group->exact];
        if (duty.from < span->address || duty.to > span->address + span->count)
            return false;
    } else if (any_exact || !oracle_may_ask(group, duty.from, duty.to, brings)) {
        return false;
    }
    group->duties[group->duty_count++] = duty;
    return true;
}

bool oracle_is_part_of(const struct group *group, const struct point *point, size_t part)
{
    return is_family(group->like, point) && group->like->every_ms == point->every_ms &&
           group->exact == oracle_exact_of(group->world, point->table,
                                           oracle_part_from(point, part),
                                           oracle_part_to(point, part));
}

static void add_duties_of(struct group *group, int value)
{
    const struct oracle_world *world = group->world;
    const struct point *point = &world->points[value];
    size_t before = group->duty_count;
    if (oracle_is_part_of(group, point, 0)) {
        const struct point *scale = point->sf == NO_INDEX ? NULL : &world->points[point->sf];
        if (scale && oracle_is_polled(world, scale) && scale != point &&
            is_family(point, scale))
            (void)add_duty(group, value, 1U << value | 1U << point->sf);
        if (group->duty_count == before && point->part_count)
            (void)add_duty(group, value, 1U << value);
    }
    bool together = group->duty_count > before;
    for (size_t i = 0; i < oracle_part_count(point) && !together; i++) {
        if (oracle_is_part_of(group, point, i))
            group->duties[group->duty_count++] = (struct duty){
                value, oracle_part_from(point, i), oracle_part_to(point, i), 1U << value};
    }
}

void oracle_fill_group(struct group *group)
{
    const struct oracle_world *world = group->world;
    for (size_t i = 0; i < world->map.point_count; i++) {
        const struct point *point = &world->points[i];
        for (size_t k = 0; oracle_is_polled(world, point) && k < oracle_part_count(point);
             k++) {
            for (int at = oracle_part_from(point, k); at < oracle_part_to(point, k); at++)
                group->wanted[at] |= oracle_is_part_of(group, point, k);
        }
    }
    for (size_t i = 0; i < world->map.point_count; i++) {
        if (oracle_is_polled(world, &world->points[i]))
            add_duties_of(group, (int)i);
    }
}

int64_t oracle_cost_of(const struct group *group, int from, int to)
{
    return wire_cost_of_read(&group->world->request.cost, group->like->table, to - from);
}

unsigned oracle_done_by(const struct group *group, int from, int to)
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
    return done && oracle_may_ask(group, from, to, brings) ? done : 0;
}

int64_t oracle_least_cost(const struct group *group)
{
    enum { SETS = 1 << MOST_DUTIES };
    static int64_t single[SETS];
    static int64_t best[SETS];
    size_t sets = (size_t)1 << group->duty_count;
    for (size_t i = 0; i < sets; i++)
        single[i] = INT64_MAX;
    for (int from = 0; from < ROOM + 4; from++) {
        for (int to = from + 1; to <= ROOM + 4; to++) {
            unsigned done = oracle_done_by(group, from, to);
            int64_t cost = done ? oracle_cost_of(group, from, to) : INT64_MAX;
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
