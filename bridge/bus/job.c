// SPDX-License-Identifier: MIT
#include "bus/job.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "bus/job_read.h"
#include "bus/job_state.h"
#include "bus/job_text.h"
#include "bus/job_try.h"
#include "bus/job_wait.h"
#include "bus/job_write.h"

static enum progress (*const step_functions[STEP_KIND_COUNT])(struct job *job,
                                                              const struct step *step) = {
    [STEP_WRITE] = job_run_write,   [STEP_VERIFY] = job_run_verify,
    [STEP_WAIT] = job_run_wait,     [STEP_REQUIRE] = job_run_require,
    [STEP_EXPECT] = job_run_expect, [STEP_TRY] = job_run_try,
    [STEP_LOG] = job_run_log,       [STEP_RECONNECT] = job_run_reconnect,
};

struct job *job_new(const struct plan_request *planning, int unit_id, struct image *image,
                    struct job_request *request, int64_t now_ms)
{
    struct job *job = mem_new(1, sizeof *job);
    job->planning = planning;
    job->map = planning->map;
    job->modbus = planning->modbus;
    job->unit_id = unit_id;
    job->image = image;
    job->request = request;
    job->arena = arena_new();
    job->now_ms = now_ms;
    job->until_ms = now_ms + request->command->timeout_ms;
    job->result = mem_new(1, sizeof *job->result);
    job->result->serial = request->serial;
    job->result->device = request->device;
    job_read_init(job);
    job->frames[0] = (struct job_frame){
        .steps = request->command->steps,
        .count = request->command->step_count,
    };
    job->depth = 1;
    return job;
}

void job_free(struct job *job)
{
    if (!job)
        return;
    job_read_done(job);
    job_request_free(job->request);
    job_result_free(job->result);
    arena_free(job->arena);
    free(job);
}

const struct job_request *job_request_of(const struct job *job)
{
    return job->request;
}

void job_limit(struct job *job, int64_t until_ms)
{
    if (job->until_ms > until_ms)
        job->until_ms = until_ms;
}

struct job_result *job_take_result(struct job *job)
{
    struct job_result *result = job->result;
    job->result = NULL;
    return result;
}

enum progress job_fail(struct job *job, enum fault fault, const char *format, ...)
{
    va_list args;
    job->failure = (struct failure){.error.code = ERROR_FAILED, .fault = fault};
    va_start(args, format);
    (void)vsnprintf(job->failure.error.text, sizeof job->failure.error.text, format, args);
    va_end(args);
    utf8_mend_end(job->failure.error.text);
    return PROGRESS_FAILED;
}

static void name_current(const struct job *job, char *ret_text, size_t size)
{
    const struct job_frame *frame = &job->frames[job->depth - 1];
    if (job->note.reason != NOTE_NOTHING)
        (void)snprintf(ret_text, size, "noting on disk what a crash would leave open");
    else if (job->phase == PHASE_STEPS && frame->index < frame->count)
        job_name_step(job, &frame->steps[frame->index], ret_text, size);
    else
        (void)snprintf(ret_text, size, "reading what the command depends on");
}

bool job_must_end(struct job *job)
{
    char step[JOB_TEXT_SIZE];
    char duration[32];
    if (job->is_rolling_back) {
        if (job->now_ms < job->rollback_until_ms)
            return false;
        (void)job_fail(job, FAULT_NONE, "there was no time left for it");
        return true;
    }
    if (!job->is_stopping && job->now_ms < job->until_ms)
        return false;
    name_current(job, step, sizeof step);
    bool is_in_doubt = job->verify.doubt.fault != FAULT_NONE;
    const char *unknown = is_in_doubt ? ", the outcome of the write is unknown" : "";
    if (job->is_stopping) {
        (void)job_fail(job, FAULT_STOPPED, "stopped while %s%s", step, unknown);
        job->failure.is_unknown = is_in_doubt;
        return true;
    }
    enum fault fault = job->last_fault == FAULT_EXCEPTION ? FAULT_NONE : job->last_fault;
    num_format_duration(duration, sizeof duration, job->request->command->timeout_ms);
    (void)job_fail(job, fault, "timed out after %s while %s%s", duration, step, unknown);
    job->failure.is_unknown = is_in_doubt;
    return true;
}

enum progress job_send(struct job *job, const struct request *request, uint8_t model,
                       bool is_write)
{
    if (job_must_end(job))
        return PROGRESS_FAILED;
    job->action = (struct job_action){
        .kind = JOB_SEND,
        .request = *request,
        .model = model,
        .is_write = is_write,
    };
    job->is_sent = true;
    job->writes_sent += is_write;
    return PROGRESS_ACT;
}

enum progress job_wait(struct job *job, int64_t until_ms)
{
    if (job_must_end(job))
        return PROGRESS_FAILED;
    int64_t end_ms = job->is_rolling_back ? job->rollback_until_ms : job->until_ms;
    job->action = (struct job_action){
        .kind = JOB_WAIT,
        .until_ms = until_ms < end_ms ? until_ms : end_ms,
    };
    return PROGRESS_ACT;
}

struct value job_evaluate(struct job *job, const struct formula *formula,
                          struct image_space *space)
{
    if (job_read_misses(job, formula))
        return value_unknown();
    return image_evaluate(job->image, formula, job->request->arguments, job->reads.begun_ms,
                          space);
}

static void finish(struct job *job, enum job_outcome outcome)
{
    job->result->outcome = outcome;
    job->result->anything_written = job->writes_sent > 0;
    job->phase = PHASE_DONE;
}

static enum progress finish_failed(struct job *job)
{
    const struct failure *failure = &job->failure;
    struct job_result *result = job->result;
    const char *suffix = "";
    if (failure->rollback[0])
        suffix = "; on_failure also failed: ";
    else if (failure->rolled_back)
        // What may have been executed for good cannot be said to be undone.
        suffix = failure->is_unknown ? "; on_failure was executed" : "; rolled back";
    // The cause leaves room for what came of the rollback: both are said.
    char cause[sizeof result->message - JOB_TEXT_SIZE - 32];
    (void)snprintf(cause, sizeof cause, "%s", failure->error.text);
    utf8_mend_end(cause);
    (void)snprintf(result->message, sizeof result->message, "%s%s%s",
                   failure->rollback[0] ? cause : failure->error.text, suffix,
                   failure->rollback);
    utf8_mend_end(result->message);
    result->fault = failure->fault;
    result->mismatch = failure->mismatch;
    finish(job, JOB_ERROR);
    return PROGRESS_AGAIN;
}

void job_begin_step(struct job *job)
{
    job->stage = STAGE_BEGIN;
    job->verify = (struct job_verify){0};
    job->busy_tries = 0;
}

static enum progress run_when(struct job *job, const struct step *step)
{
    enum progress progress = job_read_run(job);
    if (progress != PROGRESS_DONE)
        return progress;
    struct image_space space = {0};
    struct value when = job_evaluate(job, step->when, &space);
    if (when.kind == VALUE_BOOLEAN && !when.boolean)
        return PROGRESS_DONE;
    job->stage = STAGE_FIRST;
    if (when.kind == VALUE_BOOLEAN)
        return PROGRESS_AGAIN;
    char reason[JOB_TEXT_SIZE];
    job_explain_unknown(job, step->when, reason, sizeof reason);
    return job_fail(job, job_read_fault(job), "when: %s cannot be checked: %s",
                    formula_text(step->when), reason);
}

static enum progress run_step(struct job *job, const struct step *step)
{
    if (job->stage == STAGE_BEGIN) {
        if (job_must_end(job))
            return PROGRESS_FAILED;
        job->stage = STAGE_FIRST;
        // What was written is read back whatever has become of the condition it was written on.
        if (!step->when || step->kind == STEP_VERIFY)
            return PROGRESS_AGAIN;
        job_read_begin(job);
        job_read_need_formula(job, step->when);
        job->stage = STAGE_WHEN;
    }
    if (job->stage == STAGE_WHEN)
        return run_when(job, step);
    return step_functions[step->kind](job, step);
}

static enum progress fail_step(struct job *job)
{
    enum progress progress = job_fail_step(job);
    return progress == PROGRESS_FAILED ? finish_failed(job) : progress;
}

static enum progress end_steps(struct job *job)
{
    enum progress progress = job_end_steps(job);
    if (progress == PROGRESS_FAILED)
        return fail_step(job);
    if (progress == PROGRESS_DONE)
        job->phase = PHASE_RESULT;
    return PROGRESS_AGAIN;
}

static enum progress run_steps(struct job *job)
{
    enum progress progress = job_run_note(job);
    if (progress == PROGRESS_FAILED)
        return fail_step(job);
    if (progress != PROGRESS_DONE)
        return progress;
    struct job_frame *frame = &job->frames[job->depth - 1];
    if (frame->index == frame->count)
        return end_steps(job);
    progress = run_step(job, &frame->steps[frame->index]);
    if (progress == PROGRESS_FAILED)
        return fail_step(job);
    if (progress != PROGRESS_DONE)
        return progress;
    frame->index++;
    job_begin_step(job);
    return PROGRESS_AGAIN;
}

static enum progress advance(struct job *job)
{
    enum progress progress = PROGRESS_ACT;
    switch (job->phase) {
    case PHASE_CHECK:
        progress = job_run_check(job);
        if (progress == PROGRESS_FAILED)
            return finish_failed(job);
        if (progress == PROGRESS_DONE) {
            job->phase = PHASE_STEPS;
            job_begin_step(job);
        }
        return progress;
    case PHASE_STEPS:
        return run_steps(job);
    case PHASE_RESULT:
        progress = job_run_result(job);
        if (progress == PROGRESS_FAILED)
            return finish_failed(job);
        if (progress == PROGRESS_DONE)
            finish(job, JOB_COMPLETED);
        return progress;
    case PHASE_DONE:
        job->action = (struct job_action){.kind = JOB_DONE};
        break;
    }
    return progress;
}

static void note_stop(struct job *job)
{
    job->is_stopping = true;
    int64_t until_ms = job->now_ms + JOB_ROLLBACK_STOP_MS;
    if (job->rollback_until_ms > until_ms)
        job->rollback_until_ms = until_ms;
}

// What came of the request on its way. An event without answer counts as no answer: a write is
// never sent again for it.
static void take_outcome(struct job *job, const struct job_event *event)
{
    struct job_outcome_of_send outcome = {.fault = FAULT_TIMEOUT};
    if (event->kind == JOB_EVENT_STOP)
        outcome.fault = FAULT_STOPPED;
    if (event->kind == JOB_EVENT_ANSWER || event->answer)
        outcome = (struct job_outcome_of_send){event->fault, event->is_unsent, event->answer};
    bool needs_answer = outcome.fault == FAULT_NONE || outcome.fault == FAULT_EXCEPTION;
    if (needs_answer && !outcome.answer)
        outcome.fault = FAULT_GARBLED;
    job->outcome = outcome;
    job->last_fault = outcome.fault;
    job->writes_sent -= job->action.is_write && outcome.is_unsent;
    job->is_sent = false;
}

struct job_action job_step(struct job *job, int64_t now_ms, int64_t wall_ms,
                           const struct job_event *event)
{
    job->now_ms = now_ms;
    job->wall_ms = wall_ms;
    image_set_wall(job->image, wall_ms);
    if (event->kind == JOB_EVENT_STOP || event->fault == FAULT_STOPPED)
        note_stop(job);
    if (job->is_sent)
        take_outcome(job, event);
    job_take_noted(job, event);
    while (advance(job) != PROGRESS_ACT)
        continue;
    return job->action;
}
