// SPDX-License-Identifier: MIT
#include "registers/reach.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    ADDRESS_COUNT = 65536,
    MARK_LISTED = 1,
    MARK_CLOSED = 2,
    MARK_WRITE_ONLY = 4,
    MARK_BORDER = 8, // no request comes here from the address before
};

struct reach {
    const struct plan_request *request;
    const struct refusals *refusals;
    int limit;
    bool is_placed;
    struct place place;
    uint8_t marks[ADDRESS_COUNT];
    uint16_t wants[ADDRESS_COUNT]; // how many runs want it
};

struct reach *reach_new(const struct plan_request *request, const struct refusals *refusals)
{
    struct reach *reach = mem_new(1, sizeof *reach);
    reach->request = request;
    reach->refusals = refusals;
    return reach;
}

void reach_free(struct reach *reach)
{
    free(reach);
}

static void mark(struct reach *reach, struct extent at, uint8_t how)
{
    for (int address = at.from; address < at.to && address < ADDRESS_COUNT; address++)
        reach->marks[address] |= how;
}

static void close_spans(struct reach *reach, const struct span *spans, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct extent at = {spans[i].address, spans[i].address + spans[i].count};
        if (place_has(&reach->place, &spans[i]))
            mark(reach, at, MARK_CLOSED);
    }
}

static void mark_refusals(struct reach *reach, const struct refusal *refusals, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct span *span = &refusals[i].span;
        struct place place = refusal_place(&refusals[i]);
        if (place_compare(&place, &reach->place) != 0)
            continue;
        if (refusals[i].kind == REFUSAL_RANGE)
            mark(reach, (struct extent){span->address, span->address + span->count},
                 MARK_CLOSED);
        else if (refusals[i].kind == REFUSAL_BORDER)
            mark(reach, (struct extent){refusals[i].split, refusals[i].split + 1}, MARK_BORDER);
    }
}

static void mark_point(struct reach *reach, const struct point *point)
{
    struct place place = place_of(point);
    if (point->source != SOURCE_WORDS || place_compare(&place, &reach->place) != 0)
        return;
    uint8_t how = MARK_LISTED;
    if (point->alone)
        how = MARK_CLOSED;
    else if (!(point->access & ACCESS_READ))
        how = MARK_WRITE_ONLY;
    else if (point->when || point->optional)
        how = 0;
    for (size_t i = 0; i < place_part_count(point); i++)
        mark(reach, place_part(point, i), how);
}

void reach_enter(struct reach *reach, const struct place *place)
{
    if (reach->is_placed && place_compare(place, &reach->place) == 0)
        return;
    const struct plan_request *request = reach->request;
    if (reach->is_placed) {
        memset(reach->marks, 0, sizeof reach->marks);
        memset(reach->wants, 0, sizeof reach->wants);
    }
    reach->is_placed = true;
    reach->place = *place;
    for (size_t i = 0; i < request->map->point_count; i++)
        mark_point(reach, &request->map->points[i]);
    close_spans(reach, request->modbus->blocks, request->modbus->block_count);
    close_spans(reach, request->modbus->unreadable, request->modbus->unreadable_count);
    mark_refusals(reach, request->refusals, request->refusal_count);
    reach->limit =
        refusals_limit(reach->refusals, place, block_limit(request->modbus, place->table));
}

int reach_limit(const struct reach *reach)
{
    return reach->limit;
}

void reach_want(struct reach *reach, struct extent at, bool is_wanted)
{
    for (int address = at.from; address < at.to && address < ADDRESS_COUNT; address++) {
        reach->wants[address] = (uint16_t)(reach->wants[address] + (is_wanted ? 1 : -1));
    }
}

bool reach_may_cross(const struct reach *reach, struct extent at)
{
    int gap = reach->request->modbus->merge_gap;
    int unlisted = 0;
    for (int address = at.from; address < at.to; address++) {
        uint8_t marks = reach->marks[address];
        bool is_wanted = reach->wants[address] > 0;
        bool is_listed = marks & MARK_LISTED;
        bool is_closed = (marks & MARK_CLOSED) || (!is_listed && (marks & MARK_WRITE_ONLY));
        bool is_over_border = (marks & MARK_BORDER) && address > at.from;
        if ((!is_wanted && is_closed) || is_over_border)
            return false;
        unlisted = is_wanted || is_listed ? 0 : unlisted + 1;
        if (gap != GAP_AUTO && unlisted > gap)
            return false;
    }
    return true;
}
