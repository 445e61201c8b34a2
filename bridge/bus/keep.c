// SPDX-License-Identifier: MIT
#include "bus/keep.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "bus/hold_end.h"
#include "bus/hold_text.h"
#include "bus/job_text.h"
#include "bus/placed.h"
#include "bus/written.h"

enum { END_TIMEOUT_MS = 10 * 1000 }; // what the command that writes an end may take

static struct job_request *take_end(void *context, struct unit *unit, int64_t now_ms)
{
    return keep_take_end(context, unit, now_ms);
}

void keep_init(struct keep *keep, struct line *line, const struct keep_owner *owner)
{
    *keep = (struct keep){.line = line, .owner = *owner, .stop_ms = INT64_MAX};
    holds_init(&keep->holds, line->unit_count);
    if (owner->jobs)
        owner->jobs->first = (struct job_source){.context = keep, .take = take_end};
}

void keep_done(struct keep *keep)
{
    holds_done(&keep->holds);
}

static size_t index_of(const struct keep *keep, const struct unit *unit)
{
    return (size_t)(unit - keep->line->units);
}

static void tell(const struct keep *keep, const struct hold *hold, enum hold_event event,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

static void tell(const struct keep *keep, const struct hold *hold, enum hold_event event,
                 const char *format, ...)
{
    struct hold_change change = {
        .serial = hold->end->serial,
        .step = hold->end->step,
        .device = hold->end->device,
        .event = event,
        .count = hold->end->count,
    };
    for (size_t i = 0; i < change.count; i++)
        change.points[i] = hold->end->entries[i].point;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(change.text, sizeof change.text, format, args);
    va_end(args);
    utf8_mend_end(change.text);
    keep->owner.change(keep->owner.context, &change);
}

static void begin(struct keep *keep, struct unit *unit, const struct job_request *request,
                  const struct job_action *action, int64_t now_ms)
{
    struct hold_end *end = hold_end_new(request, action->hold);
    char name[HOLD_NAME_SIZE];
    char every[32];
    char time[32];
    hold_text_names(unit->device, end, name, sizeof name);
    struct hold *hold = hold_new(end, name, &action->request, action->hold->hold_every_ms,
                                 action->hold_for_ms, now_ms);
    hold->model = action->model;
    hold_text_values(unit->image, request->command, action, now_ms, hold->values,
                     sizeof hold->values);
    holds_add(&keep->holds, index_of(keep, unit), hold);
    num_format_duration(every, sizeof every, action->hold->hold_every_ms);
    num_format_duration(time, sizeof time, action->hold_for_ms);
    tell(keep, hold, HOLD_BEGUN, "%s is held for %s, written again every %s", hold->name, time,
         every);
    if (keep->stop_ms != INT64_MAX)
        hold_finish(hold, now_ms);
}

void keep_overwrite(struct keep *keep, struct unit *unit, const struct request *request,
                    uint8_t model, int64_t now_ms)
{
    const struct device *device = unit->device;
    size_t index = index_of(keep, unit);
    struct hold *next = NULL;
    for (struct hold *hold = keep->holds.lists[index]; hold; hold = next) {
        next = hold->next;
        size_t before = hold->end->count;
        bool is_touched =
            hold_overwrite(hold, device->map, device->unit_id, request, model, now_ms);
        if (is_touched && hold->end->count > 0 && hold->end->count < before)
            tell(keep, hold, HOLD_NARROWED,
                 "the hold of %s has ended: something else was written to a part of it",
                 hold->name);
        if (!is_touched || hold->end->count > 0)
            continue;
        tell(keep, hold, HOLD_REPLACED, "the hold of %s has ended: something else was written",
             hold->name);
        holds_take(&keep->holds, index, hold);
        hold_free(hold);
    }
}

void keep_note_write(struct keep *keep, struct unit *unit, const struct job_request *request,
                     const struct job_action *action, int64_t now_ms)
{
    if (request->ends_hold)
        return;
    keep_overwrite(keep, unit, &action->request, action->model, now_ms);
    if (action->hold)
        begin(keep, unit, request, action, now_ms);
}

void keep_settle(struct keep *keep, const struct unit *unit, const struct job_result *result,
                 int64_t now_ms)
{
    struct hold *hold = keep->holds.lists[index_of(keep, unit)];
    for (; hold && result->outcome == JOB_ERROR; hold = hold->next) {
        if (hold->end->serial == result->serial)
            hold_finish(hold, now_ms);
    }
}

void keep_add_left_over(struct keep *keep, struct hold_end *end, int64_t now_ms)
{
    char name[HOLD_NAME_SIZE];
    const struct unit *unit = line_unit(keep->line, end->device);
    hold_text_names(unit->device, end, name, sizeof name);
    struct hold *hold = hold_new_over(end, name, now_ms);
    hold_text_ends(unit->device->map, end, hold->values, sizeof hold->values);
    holds_add(&keep->holds, index_of(keep, unit), hold);
}

// Holds are kept and ended while the device answers; one that is never polled is asked at its
// probe dates.
static enum holds_access access_of(void *context, size_t index)
{
    const struct keep *keep = context;
    const struct unit *unit = &keep->line->units[index];
    if (!keep->owner.jobs)
        return HOLDS_FREE;
    bool answers = unit->plan->block_count > 0
                       ? unit->health.state == HEALTH_ONLINE
                       : health_may_ask(&unit->health, clock_monotonic_ms());
    if (!answers)
        return HOLDS_AWAY;
    if (!jobs_is_running(keep->owner.jobs, unit))
        return HOLDS_FREE;
    return jobs_is_waiting(keep->owner.jobs, unit) ? HOLDS_BUSY : HOLDS_TAKEN;
}

static struct holds_asking asking_of(struct keep *keep)
{
    return (struct holds_asking){.context = keep, .access = access_of};
}

// Why the equipment has not taken a frame; "" when it has.
static void explain(enum fault fault, const struct answer *answer, char *ret_text, size_t size)
{
    ret_text[0] = '\0';
    if (fault == FAULT_NONE)
        return;
    if (fault != FAULT_EXCEPTION || exception_on_write(answer->exception) != WRITE_ACCEPTED)
        job_name_fault(fault, answer->exception, ret_text, size);
}

static void note_frame(struct keep *keep, struct hold *hold, const char *why, int64_t now_ms)
{
    char every[32];
    bool taken = why[0] == '\0';
    if (!hold_note_frame(hold, taken, now_ms))
        return;
    num_format_duration(every, sizeof every, hold->every_ms);
    if (taken)
        tell(keep, hold, HOLD_TAKEN, "%s is held again", hold->name);
    else
        tell(keep, hold, HOLD_LOST, "%s could not be written again: %s; tried every %s",
             hold->name, why, every);
}

static void write_again(struct keep *keep, struct unit *unit, struct hold *hold)
{
    struct answer answer = {0};
    char why[80];
    int64_t began_ms = clock_monotonic_ms();
    enum fault fault = placed_transact(keep->line, unit, &hold->request, hold->model, &answer);
    if (keep->owner.wrote && !written_is_void(keep->line->was_sent, fault, &answer))
        keep->owner.wrote(keep->owner.context, unit, &hold->request, hold->model);
    int64_t now_ms = clock_monotonic_ms();
    holds_note_cost(&keep->holds, now_ms - began_ms, now_ms);
    keep->owner.settle(keep->owner.context, unit, line_fault_of_unit(fault, &answer));
    if (fault == FAULT_STOPPED)
        return;
    explain(fault, &answer, why, sizeof why);
    note_frame(keep, hold, why, now_ms);
}

// The unit is silent, or another device.
static void note_stranger(struct keep *keep, struct hold *hold, const char *why)
{
    int64_t now_ms = clock_monotonic_ms();
    if (why[0] == '\0')
        why = "no answer";
    if (hold_wants(hold, now_ms) == HOLD_WANTS_FRAME)
        note_frame(keep, hold, why, now_ms);
    else if (hold_note_late(hold, now_ms))
        tell(keep, hold, HOLD_LATE, "the end of the hold of %s could not be written: %s",
             hold->name, why);
}

bool keep_turn(struct keep *keep, int64_t now_ms)
{
    struct holds_asking asking = asking_of(keep);
    char other[200];
    size_t index = 0;
    struct hold *hold = holds_next(&keep->holds, &asking, now_ms, &index);
    if (!hold || now_ms >= keep->stop_ms)
        return false;
    struct unit *unit = &keep->line->units[index];
    enum hold_want want = hold_wants(hold, now_ms);
    if (want == HOLD_WANTS_REST) {
        tell(keep, hold, HOLD_GIVEN_UP,
             "the end of the hold of %s could not be written for a day; it is not tried any "
             "more",
             hold->name);
        holds_take(&keep->holds, index, hold);
        hold_free(hold);
    } else if (access_of(keep, index) == HOLDS_AWAY) {
        note_stranger(keep, hold, "");
    } else if (!keep->owner.identify(keep->owner.context, unit, other, sizeof other)) {
        note_stranger(keep, hold, other);
    } else if (want == HOLD_WANTS_FRAME) {
        write_again(keep, unit, hold);
    } else if (keep->owner.jobs) {
        jobs_wake(keep->owner.jobs, unit, now_ms);
    }
    return true;
}

int64_t keep_next_ms(struct keep *keep, int64_t now_ms)
{
    struct holds_asking asking = asking_of(keep);
    return now_ms < keep->stop_ms ? holds_next_ms(&keep->holds, &asking, now_ms) : INT64_MAX;
}

struct job_request *keep_take_end(struct keep *keep, struct unit *unit, int64_t now_ms)
{
    if (now_ms >= keep->stop_ms || access_of(keep, index_of(keep, unit)) == HOLDS_AWAY)
        return NULL;
    struct hold *hold = holds_find_end(&keep->holds, index_of(keep, unit), now_ms);
    if (!hold)
        return NULL;
    int64_t left_ms = keep->stop_ms - now_ms;
    hold_finish(hold, now_ms);
    hold->is_being_over = true;
    return hold_end_request(unit->device->map, hold->end,
                            left_ms < END_TIMEOUT_MS ? left_ms : END_TIMEOUT_MS);
}

static void note_over(struct keep *keep, size_t index, struct hold *hold)
{
    char text[HOLD_VALUES_SIZE];
    const struct map *map = keep->line->units[index].device->map;
    hold_text_ends(map, hold->end, text, sizeof text);
    tell(keep, hold, HOLD_OVER, "the hold is over: %s was written", text);
    holds_take(&keep->holds, index, hold);
    hold_free(hold);
}

void keep_take_result(struct keep *keep, struct unit *unit, struct job_result *result,
                      int64_t now_ms)
{
    size_t index = index_of(keep, unit);
    struct hold *hold = holds_find_ending(&keep->holds, index);
    if (hold && result->outcome == JOB_COMPLETED)
        note_over(keep, index, hold);
    else if (hold && hold_note_late(hold, now_ms))
        tell(keep, hold, HOLD_LATE, "the end of the hold of %s could not be written: %s",
             hold->name, result->message);
    job_result_free(result);
}

void keep_stop(struct keep *keep, int64_t now_ms, int64_t within_ms)
{
    keep->stop_ms = now_ms + within_ms;
    holds_finish_all(&keep->holds, now_ms);
}

bool keep_has_end(struct keep *keep, int64_t now_ms)
{
    struct holds_asking asking = asking_of(keep);
    return now_ms < keep->stop_ms && holds_has_end(&keep->holds, &asking, keep->stop_ms);
}
