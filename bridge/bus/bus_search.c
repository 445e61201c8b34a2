// SPDX-License-Identifier: MIT
#include "base/clock.h"
#include "bus/bus_state.h"

enum {
    MAX_TRIES = 10, // of one question that is answered with "busy"
    RETRY_MS = 1000,
    MOOD_MS = 10 * 1000, // before what was refused once and granted at once is asked again
};

static void post_learned(struct bus *bus, const struct unit *unit,
                         const struct refusal *refusal, bool is_forgotten)
{
    if (refusal->optional)
        return;
    struct message message = {
        .kind = MESSAGE_LEARNED,
        .learned = {unit->index, *refusal, is_forgotten},
    };
    bus_post(bus, &message);
}

static void plan_anew(struct bus *bus, struct unit *unit)
{
    unit->plan = refused_plan(&unit->refused, bus->arena, &unit->planning);
    agenda_set_plan(&bus->agenda, (uint16_t)(unit - bus->line.units), unit->plan,
                    clock_monotonic_ms());
}

void bus_know(struct bus *bus, const struct learned_refusal *known, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct unit *unit = line_unit(&bus->line, known[i].device);
        struct refused_item item = {known[i].refusal, clock_monotonic_ms()};
        if (unit)
            (void)refused_add(&unit->refused, &item);
    }
    for (size_t i = 0; i < bus->line.unit_count; i++) {
        struct unit *unit = &bus->line.units[i];
        if (unit->refused.count > 0)
            unit->plan = refused_plan(&unit->refused, bus->arena, &unit->planning);
    }
}

// Whether it is one the firmware wants exactly so: then halves of it say nothing.
static bool is_exact(const struct unit *unit, const struct block *block)
{
    const struct modbus_settings *modbus = &unit->device->modbus;
    for (size_t i = 0; i < modbus->block_count; i++) {
        const struct span *span = &modbus->blocks[i];
        if (span->table == block->table && span->model == block->model &&
            span->address == block->address && span->count == block->count)
            return true;
    }
    return false;
}

bool bus_is_trial(const struct unit *unit, const struct block *block)
{
    const struct refused_item *known = refused_find(&unit->refused, block);
    return known && known->refusal.kind != REFUSAL_RANGE;
}

// Whether halves of a refused block say more than the whole.
static bool is_worth_searching(const struct unit *unit, const struct block *block,
                               uint8_t exception)
{
    // Of a SunSpec model its length says what is there.
    if (block->model != SUNSPEC_NONE || is_exact(unit, block))
        return false;
    if (!block->optional)
        return !refused_find(&unit->refused, block);
    // The words of a single entry may lie apart: then it can be what is between them.
    bool has_parts = unit->device->map->points[block->points[0]].part_count > 0;
    return (block->point_count > 1 || has_parts) &&
           exception_kind(exception) == EXCEPTION_REFUSAL;
}

bool bus_begin_search(struct unit *unit, const struct block *block, uint8_t exception)
{
    if (!is_worth_searching(unit, block, exception))
        return false;
    if (unit->search.atoms)
        return true; // its turn comes when the present one is over
    search_begin(&unit->search, unit->device->map, block, exception);
    unit->search_tries = 0;
    unit->search_ms = clock_monotonic_ms();
    return true;
}

// Nothing of an optional block is fitted: main hears it as it was asked.
static void post_not_fitted(struct bus *bus, struct unit *unit)
{
    struct message message = {.kind = MESSAGE_READING, .bus = bus->index};
    message.reading.device = unit->index;
    message.reading.block = unit->search.block;
    message.reading.fault = FAULT_EXCEPTION;
    message.reading.exception = unit->search.exception;
    message.reading.monotonic_ms = clock_monotonic_ms();
    message.reading.wall_ms = clock_wall_ms();
    mailbox_post_reading(bus->to_main, &message);
}

// Ends a search of which nothing is learned.
static void give_up(struct bus *bus, struct unit *unit)
{
    if (unit->search.block->optional)
        post_not_fitted(bus, unit);
    search_done(&unit->search);
}

static void put_off(struct bus *bus, struct unit *unit)
{
    unit->search_ms = clock_monotonic_ms() + RETRY_MS;
    if (++unit->search_tries >= MAX_TRIES)
        give_up(bus, unit); // begun again with the next refusal
}

// Of two lengths that are refused only the shorter one matters.
static bool is_shortest(struct bus *bus, struct unit *unit, const struct refusal *refusal)
{
    const struct refused_item *known = refused_find_length(&unit->refused, refusal);
    if (!known)
        return true;
    if (known->refusal.split <= refusal->split)
        return false;
    struct refusal longer = known->refusal;
    refused_remove(&unit->refused, &longer);
    post_learned(bus, unit, &longer, true);
    return true;
}

// What was known of an optional block as a whole gives way to what is known of its parts.
static bool forget_whole(struct unit *unit)
{
    const struct block *block = unit->search.block;
    const struct refused_item *known =
        block->optional ? refused_find(&unit->refused, block) : NULL;
    if (!known)
        return false;
    struct refusal whole = known->refusal;
    refused_remove(&unit->refused, &whole);
    return true;
}

// Takes the verdict over, if the unit grants anything at all: one that refuses everything is
// not itself at the moment.
static void conclude(struct bus *bus, struct unit *unit)
{
    const struct search *search = &unit->search;
    if (search->granted == 0 && !unit->has_granted) {
        put_off(bus, unit);
        return;
    }
    if (search->block->optional && search->granted == 0) {
        give_up(bus, unit);
        return;
    }
    if (search->block->optional && search->found_count == 0) { // all is fitted: it was a mood
        agenda_ask_again(&bus->agenda, (uint16_t)(unit - bus->line.units), search->block,
                         clock_monotonic_ms() + MOOD_MS);
        search_done(&unit->search);
        return;
    }
    bool is_news = forget_whole(unit);
    for (size_t i = 0; i < search->found_count; i++) {
        struct refused_item item = {search->found[i], clock_monotonic_ms()};
        bool matters =
            item.refusal.kind != REFUSAL_LENGTH || is_shortest(bus, unit, &item.refusal);
        if (!matters || !refused_add(&unit->refused, &item))
            continue;
        post_learned(bus, unit, &item.refusal, false);
        is_news = true;
    }
    search_done(&unit->search);
    if (is_news)
        plan_anew(bus, unit);
}

void bus_search(struct bus *bus, struct unit *unit)
{
    struct span span;
    struct answer answer = {0};
    if (!search_next(&unit->search, &span)) {
        conclude(bus, unit);
        return;
    }
    struct request request = {
        .unit_id = line_unit_id(unit, unit->search.unit_id),
        .function = pdu_read_function(span.table),
        .address = span.address,
        .count = span.count,
    };
    int64_t late_us = line_late_until_us(&bus->line, &request);
    if (late_us > 0) {
        unit->search_ms = late_us / 1000 + 1;
        return;
    }
    enum fault fault = line_poll(&bus->line, unit, &request, &answer);
    // A gateway's word about a unit of an entry's own is not about the device.
    bool is_own = unit->search.unit_id == NO_INDEX;
    bus_settle(bus, unit, is_own ? line_fault_of_unit(fault, &answer) : fault, "");
    enum exception_kind kind = exception_kind(answer.exception);
    if (fault != FAULT_NONE && (fault != FAULT_EXCEPTION || kind != EXCEPTION_REFUSAL)) {
        put_off(bus, unit);
        return;
    }
    search_note(&unit->search, answer.exception);
    unit->search_tries = 0;
}

void bus_take_granted(struct bus *bus, struct unit *unit, const struct block *block)
{
    const struct refused_item *known = refused_find(&unit->refused, block);
    unit->has_granted = true;
    if (!known || refused_is_restless(&unit->refused))
        return;
    struct refusal refusal = known->refusal;
    refused_remove(&unit->refused, &refusal);
    post_learned(bus, unit, &refusal, true);
    plan_anew(bus, unit);
}

void bus_forget_refused(struct bus *bus, struct unit *unit)
{
    search_done(&unit->search);
    if (unit->refused.count == 0)
        return;
    for (size_t i = 0; i < unit->refused.count; i++)
        post_learned(bus, unit, &unit->refused.refusals[i], true);
    refused_forget(&unit->refused);
    plan_anew(bus, unit);
}
