// SPDX-License-Identifier: MIT
#include "bus/survey.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bus/poll.h"

struct survey {
    struct line *line;
    struct unit *unit;
    struct arena *arena;
    bool *asked;                            // per entry of the map
    const struct survey_listener *listener; // or NULL
    bool answered;
    enum fault fault; // of the last silence
};

static enum fault read_block(struct survey *survey, const struct block *block)
{
    struct reading reading;
    // A lost frame, or a busy moment, is worth a second try of a unit that is there.
    for (int tries = 0; tries < 2; tries++) {
        enum agenda_outcome outcome = poll_block(survey->line, survey->unit, block, &reading);
        bool may_be_chance = outcome == AGENDA_SILENT || outcome == AGENDA_LATER;
        if (!may_be_chance || !survey->answered || reading.fault == FAULT_STOPPED)
            break;
    }
    (void)line_note(survey->line, survey->unit, reading.fault, clock_monotonic_ms());
    uint16_t address = 0;
    uint16_t count = 0;
    if (survey->listener && image_place(survey->unit->image, block, &address, &count))
        survey->listener->heard(survey->listener->context, &reading, address, count);
    bool silent = reading.fault != FAULT_NONE && reading.fault != FAULT_EXCEPTION;
    if (silent)
        survey->fault = reading.fault;
    else
        survey->answered = true;
    return reading.fault;
}

static void read_one_by_one(struct survey *survey, const struct block *block)
{
    for (size_t i = 0; i < block->point_count; i++) {
        int point = block->points[i];
        const struct plan *plan =
            block_plan_for(survey->arena, &survey->unit->planning, &point, 1);
        for (size_t k = 0; k < plan->block_count; k++)
            (void)read_block(survey, &plan->blocks[k]);
    }
}

// False when the unit is silent: then asking for the rest would only take long.
static bool read_points(struct survey *survey, const int *points, size_t count)
{
    const struct plan *plan =
        block_plan_for(survey->arena, &survey->unit->planning, points, count);
    for (size_t i = 0; i < plan->block_count; i++) {
        enum fault fault = read_block(survey, &plan->blocks[i]);
        if (fault == FAULT_STOPPED || (fault != FAULT_NONE && !survey->answered))
            return false;
        if (fault == FAULT_EXCEPTION && plan->blocks[i].point_count > 1)
            read_one_by_one(survey, &plan->blocks[i]);
    }
    return true;
}

static bool is_wanted(const struct survey *survey, const struct point *point)
{
    if (image_lacks(survey->unit->image, point))
        return false;
    if (!point->when)
        return true;
    struct image_space space = {0};
    struct value when =
        image_evaluate(survey->unit->image, point->when, NULL, clock_monotonic_ms(), &space);
    return when.kind == VALUE_BOOLEAN && when.boolean;
}

// Reads the entries that are wanted and were not asked for. False when there are none, or the
// unit is silent.
static bool read_round(struct survey *survey, const struct needs *needs)
{
    int *points = mem_new(needs->count, sizeof *points);
    size_t count = 0;
    for (size_t i = 0; i < needs->count; i++) {
        int point = needs->points[i];
        if (survey->asked[point] || !is_wanted(survey, &needs->map->points[point]))
            continue;
        survey->asked[point] = true;
        points[count++] = point;
    }
    bool goes_on = count > 0 && read_points(survey, points, count);
    free(points);
    return goes_on;
}

enum fault survey_read(struct line *line, struct unit *unit, struct needs *needs,
                       const struct survey_listener *listener)
{
    struct survey survey = {
        .line = line,
        .unit = unit,
        .listener = listener,
        .arena = arena_new(),
        .asked = mem_new(needs->map->point_count, sizeof *survey.asked),
    };
    needs_close(needs);
    // A condition may hang on entries that have one themselves: each round makes more known.
    while (read_round(&survey, needs))
        continue;
    free(survey.asked);
    arena_free(survey.arena);
    return survey.answered ? FAULT_NONE : survey.fault;
}
