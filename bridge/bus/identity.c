// SPDX-License-Identifier: MIT
#include "bus/identity.h"

#include <stdio.h>

#include "base/clock.h"
#include "bus/models.h"
#include "bus/poll.h"
#include "registers/needs.h"

bool identity_matches(const char *pattern, size_t pattern_length, const char *text,
                      size_t length)
{
    size_t p = 0;
    size_t t = 0;
    size_t star = pattern_length; // where the last '*' stands, and what it covers up to
    size_t covered = 0;
    while (t < length) {
        if (p < pattern_length && pattern[p] == '*') {
            star = p++;
            covered = t;
        } else if (p < pattern_length && pattern[p] == text[t]) {
            p++;
            t++;
        } else if (star < pattern_length) {
            p = star + 1;
            t = ++covered;
        } else {
            return false;
        }
    }
    while (p < pattern_length && pattern[p] == '*')
        p++;
    return p == pattern_length;
}

static bool fits(const struct value *wanted, const struct value *value)
{
    if (wanted->kind == VALUE_TEXT && value->kind == VALUE_TEXT)
        return identity_matches(wanted->text.bytes, wanted->text.length, value->text.bytes,
                                value->text.length);
    return value_equal(wanted, value);
}

static bool fits_any(const struct identify *identify, const struct value *value)
{
    for (size_t i = 0; i < identify->value_count; i++) {
        if (fits(&identify->values[i], value))
            return true;
    }
    return false;
}

static void explain(const struct map *map, const struct identify *identify,
                    const struct value *value, char *ret_text, size_t size)
{
    char found[80];
    char wanted[80];
    value_format(value, found, sizeof found);
    value_format(&identify->values[0], wanted, sizeof wanted);
    (void)snprintf(ret_text, size, "%s is %s instead of %s%s", map->points[identify->point].key,
                   found, wanted, identify->value_count > 1 ? " or another that fits" : "");
}

enum fault identity_judge(const struct map *map, const struct image *image, int64_t now_ms,
                          char *ret_text, size_t size)
{
    for (size_t i = 0; i < map->identify_count; i++) {
        const struct identify *identify = &map->identify[i];
        struct image_space space = {0};
        struct value value = image_value(image, identify->point, now_ms, &space);
        if (!value_is_known(&value) || fits_any(identify, &value))
            continue;
        explain(map, identify, &value, ret_text, size);
        return FAULT_IDENTITY;
    }
    return FAULT_NONE;
}

bool identity_is_known(const struct line *line, const struct unit *unit)
{
    if (unit->device->map->identify_count == 0 && unit->device->modbus.sunspec_count == 0)
        return true;
    return link_is_open(line->link) && unit->identified_serial != 0 &&
           unit->identified_serial == line->link_serial;
}

// The first silence; FAULT_EXCEPTION when the unit is busy or fails, which says nothing of what
// it would answer; FAULT_NONE when everything was answered, if only with a refusal for good.
static enum fault read_needs(struct line *line, struct unit *unit, const struct needs *needs)
{
    struct arena *arena = arena_new();
    const struct plan *plan =
        block_plan_for(arena, &unit->planning, needs->points, needs->count);
    enum fault fault = FAULT_NONE;
    for (size_t i = 0; i < plan->block_count && fault == FAULT_NONE; i++) {
        struct reading reading;
        uint16_t address = 0;
        uint16_t count = 0;
        if (!image_place(unit->image, &plan->blocks[i], &address, &count))
            continue;
        enum agenda_outcome outcome = poll_block(line, unit, &plan->blocks[i], &reading);
        bool is_settled = outcome == AGENDA_REFUSED || outcome == AGENDA_NOT_FITTED;
        fault = is_settled ? FAULT_NONE : reading.fault;
    }
    arena_free(arena);
    return fault;
}

static enum fault compare(struct line *line, struct unit *unit, char *ret_text, size_t size)
{
    const struct map *map = unit->device->map;
    struct needs needs;
    needs_init(&needs, map);
    for (size_t i = 0; i < map->identify_count; i++)
        needs_add(&needs, map->identify[i].point);
    needs_close(&needs);
    enum fault fault = read_needs(line, unit, &needs);
    if (fault == FAULT_NONE)
        fault = identity_judge(map, unit->image, clock_monotonic_ms(), ret_text, size);
    needs_done(&needs);
    return fault;
}

enum fault identity_check(struct line *line, struct unit *unit, char *ret_text, size_t size)
{
    enum fault fault = FAULT_NONE;
    // What an earlier connection brought says nothing about this one.
    image_forget(unit->image);
    ret_text[0] = '\0';
    if (unit->device->modbus.sunspec_count)
        fault = models_walk(line, unit, ret_text, size);
    uint64_t walked_serial = line->link_serial;
    if (fault == FAULT_NONE)
        fault = compare(line, unit, ret_text, size);
    if (fault == FAULT_NONE && unit->device->modbus.sunspec_count &&
        line->link_serial != walked_serial)
        fault = FAULT_LINK; // the chain is of a connection that broke meanwhile
    if (fault == FAULT_NONE)
        unit->identified_serial = line->link_serial;
    else
        image_set_models(unit->image, NULL);
    if (fault == FAULT_IDENTITY)
        image_forget(unit->image);
    return fault;
}
