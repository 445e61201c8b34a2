// SPDX-License-Identifier: MIT
#include "bus/execute.h"

#include "base/clock.h"
#include "base/stop_signals.h"
#include "bus/placed.h"
#include "bus/written.h"

static void send_request(struct line *line, struct unit *unit, struct running_job *running,
                         const struct execute_report *report, const struct job_action *action,
                         enum fault *ret_fault)
{
    int64_t late_us = line_late_until_us(line, &action->request);
    int64_t rest_ms = line_rests_until_ms(line);
    if (late_us > 0 || rest_ms > clock_monotonic_ms()) {
        running->has_pending = true;
        running->pending = *action;
        running->ready_ms = late_us > 0 ? late_us / 1000 + 1 : rest_ms;
        return;
    }
    enum fault fault =
        placed_transact(line, unit, &action->request, action->model, &running->answer);
    if (action->is_write && !written_is_void(line->was_sent, fault, &running->answer))
        report->wrote(report->context, unit, job_request_of(running->job), action);
    *ret_fault = fault;
    running->event = (struct job_event){
        .kind = JOB_EVENT_ANSWER,
        .fault = fault,
        .answer = &running->answer,
        .is_unsent = !line->was_sent,
    };
    running->ready_ms = clock_monotonic_ms();
}

// Sends what had to wait, unless the job is told to stop instead.
static bool send_pending(struct line *line, struct unit *unit, struct running_job *running,
                         const struct execute_report *report, enum fault *ret_fault)
{
    if (!running->has_pending)
        return false;
    running->has_pending = false;
    if (running->event.kind == JOB_EVENT_STOP)
        return false;
    struct job_action action = running->pending;
    send_request(line, unit, running, report, &action, ret_fault);
    return true;
}

static void note(struct running_job *running, const struct execute_report *report,
                 const struct job_action *action, int64_t now_ms)
{
    running->note = action->note;
    running->ready_ms = action->until_ms;
    if (report->note)
        report->note(report->context, job_request_of(running->job), action);
    else
        running_take_noted(running, action->note, true, now_ms);
}

bool execute_step(struct line *line, struct unit *unit, struct running_job *running,
                  const struct execute_report *report, enum fault *ret_fault)
{
    if (send_pending(line, unit, running, report, ret_fault))
        return false;
    int64_t now_ms = clock_monotonic_ms();
    struct job_action action = job_step(running->job, now_ms, clock_wall_ms(), &running->event);
    running->event = (struct job_event){.kind = JOB_EVENT_TIME};
    running->ready_ms = now_ms;
    running->is_waiting = action.kind == JOB_WAIT || action.kind == JOB_NOTE;
    switch (action.kind) {
    case JOB_SEND:
        send_request(line, unit, running, report, &action, ret_fault);
        return false;
    case JOB_WAIT:
        running->ready_ms = action.until_ms;
        return false;
    case JOB_RECONNECT:
        line_close(line);
        return false;
    case JOB_LOG:
        report->log(report->context, job_request_of(running->job), action.text);
        return false;
    case JOB_NOTE:
        note(running, report, &action, now_ms);
        return false;
    case JOB_DONE:
        return true;
    }
    return true;
}

struct job_result *execute_job(struct line *line, struct unit *unit,
                               struct job_request *request, const struct execute_report *report)
{
    int64_t now_ms = clock_monotonic_ms();
    struct running_job running = {
        .job = job_new(&unit->planning, unit->device->unit_id, unit->image, request, now_ms),
        .ready_ms = now_ms,
    };
    enum fault fault = FAULT_NONE;
    while (!execute_step(line, unit, &running, report, &fault)) {
        if (!clock_wait(&line->stop_descriptor, 1, running.ready_ms * 1000))
            continue;
        // Taken, so that rolling back may use the line; a second signal ends its waits too.
        stop_signals_take(line->stop_descriptor);
        running.event.kind = JOB_EVENT_STOP;
    }
    struct job_result *result = job_take_result(running.job);
    job_free(running.job);
    return result;
}
