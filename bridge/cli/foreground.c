// SPDX-License-Identifier: MIT
#include "cli/foreground.h"

#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/stop_signals.h"
#include "bus/execute.h"
#include "bus/identity.h"
#include "daemon/local_answer.h"

enum { LONGEST_WAIT_MS = 60 * 1000 };

static bool identify(void *context, struct unit *unit, char *ret_text, size_t size)
{
    struct foreground *foreground = context;
    ret_text[0] = '\0';
    return identity_is_known(&foreground->target->line, unit) ||
           identity_check(&foreground->target->line, unit, ret_text, size) == FAULT_NONE;
}

static void settle(void *context, struct unit *unit, enum fault fault)
{
    (void)context;
    (void)unit;
    (void)fault;
}

static void print_change(void *context, const struct hold_change *change)
{
    (void)context;
    (void)fprintf(stderr, "%s\n", change->text);
}

void foreground_init(struct foreground *foreground, struct target *target)
{
    struct keep_owner owner = {
        .context = foreground,
        .identify = identify,
        .settle = settle,
        .change = print_change,
    };
    *foreground = (struct foreground){.target = target};
    keep_init(&foreground->keep, &target->line, &owner);
}

void foreground_done(struct foreground *foreground)
{
    keep_done(&foreground->keep);
}

static void print_log(void *context, const struct job_request *request, const char *text)
{
    (void)context;
    (void)request;
    (void)fprintf(stderr, "%s\n", text);
}

static void note_write(void *context, struct unit *unit, const struct job_request *request,
                       const struct job_action *action)
{
    struct foreground *foreground = context;
    keep_note_write(&foreground->keep, unit, request, action, clock_monotonic_ms());
}

struct job_result *foreground_run(struct foreground *foreground, struct job_request *request)
{
    struct execute_report report = {
        .context = foreground, .log = print_log, .wrote = note_write};
    struct target *target = foreground->target;
    bool ends_hold = request->ends_hold;
    struct job_result *result = execute_job(&target->line, target->unit, request, &report);
    if (!ends_hold)
        keep_settle(&foreground->keep, target->unit, result, clock_monotonic_ms());
    return result;
}

// Sleeps until then; true when a signal came.
static bool is_interrupted(const struct foreground *foreground, int64_t until_ms)
{
    struct pollfd stop = {.fd = foreground->target->line.stop_descriptor, .events = POLLIN};
    int64_t wait_ms = until_ms - clock_monotonic_ms();
    if (wait_ms > LONGEST_WAIT_MS)
        wait_ms = LONGEST_WAIT_MS;
    if (poll(&stop, 1, wait_ms > 0 ? (int)wait_ms : 0) <= 0)
        return false;
    // Taken, so that the end can be written; a second signal ends that too.
    stop_signals_take(stop.fd);
    return true;
}

static const struct hold *first_hold(const struct foreground *foreground)
{
    const struct target *target = foreground->target;
    return foreground->keep.holds.lists[target->unit - target->line.units];
}

// Whether the end of a hold was tried in vain.
static bool has_failed(const struct foreground *foreground)
{
    for (const struct hold *hold = first_hold(foreground); hold; hold = hold->next) {
        if (hold->is_over && hold->is_failing)
            return true;
    }
    return false;
}

// One turn of keeping: a frame, an end, or nothing. True when there may be more at once.
static bool turn(struct foreground *foreground)
{
    struct unit *unit = foreground->target->unit;
    int64_t now_ms = clock_monotonic_ms();
    foreground->code = ERROR_NO_ANSWER; // unless the end says why not
    bool did = keep_turn(&foreground->keep, now_ms);
    struct job_request *request = keep_take_end(&foreground->keep, unit, now_ms);
    if (!request)
        return did;
    struct job_result *result = foreground_run(foreground, request);
    foreground->code = local_answer_code(result);
    keep_take_result(&foreground->keep, unit, result, clock_monotonic_ms());
    return true;
}

int foreground_keep(struct foreground *foreground, bool is_patient)
{
    bool was_interrupted = false;
    while (first_hold(foreground)) {
        bool did = turn(foreground);
        if (!is_patient && has_failed(foreground))
            return foreground->code;
        int64_t now_ms = clock_monotonic_ms();
        int64_t until_ms = did ? now_ms : keep_next_ms(&foreground->keep, now_ms);
        if (!first_hold(foreground) || !is_interrupted(foreground, until_ms))
            continue;
        if (was_interrupted)
            return ERROR_NO_ANSWER;
        was_interrupted = true;
        is_patient = false;
        holds_finish_all(&foreground->keep.holds, clock_monotonic_ms());
    }
    return ERROR_NONE;
}
