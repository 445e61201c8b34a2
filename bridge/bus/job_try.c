// SPDX-License-Identifier: MIT
#include "bus/job_try.h"

#include <stdio.h>

#include "base/utf8.h"
#include "bus/tries.h"

// Notes
// -----------------------------------------------------------------------------------------

// Only on_failure is worth a note. What is undone after a crash was noted before that began.
static bool is_noted(const struct job *job, const struct step *trying)
{
    return trying && trying->on_failure_count > 0 && !job->request->undoes;
}

static void want_note(struct job *job, const struct step *trying, enum job_note_reason reason)
{
    if (is_noted(job, trying))
        job->note.reason = reason;
}

// A try is not entered without its note. All else is not kept from happening by a disk.
static bool is_needed(const struct job *job)
{
    return job->note.reason == NOTE_ENTERED && !job->is_rolling_back;
}

static void find_open(const struct job *job, struct open_tries *ret_tries)
{
    *ret_tries = (struct open_tries){0};
    for (size_t i = 1; i < job->depth && ret_tries->count < MAX_OPEN_TRIES; i++) {
        const struct job_frame *frame = &job->frames[i];
        if (is_noted(job, frame->trying))
            ret_tries->tries[ret_tries->count++] = (struct open_try){
                tries_ordinal(job->request->command, frame->trying), frame->in_failure};
    }
}

static enum progress settle(struct job *job, enum progress progress)
{
    if (progress == PROGRESS_FAILED)
        job->depth--; // it was not entered: its on_failure has nothing to undo
    job->note.is_asked = false;
    job->note.reason = NOTE_NOTHING;
    return progress;
}

static enum progress ask(struct job *job)
{
    struct job_note *note = &job->note;
    int64_t patience_ms = job->is_stopping ? JOB_NOTE_STOP_MS : JOB_NOTE_MS;
    if (is_needed(job) && job_must_end(job))
        return settle(job, PROGRESS_FAILED);
    find_open(job, &note->tries);
    note->number++;
    note->is_asked = true;
    note->is_answered = false;
    note->until_ms = is_needed(job) ? job->until_ms : job->now_ms + patience_ms;
    job->action = (struct job_action){
        .kind = JOB_NOTE,
        .until_ms = note->until_ms,
        .note = note->number,
        .tries = &note->tries,
    };
    return PROGRESS_ACT;
}

enum progress job_run_note(struct job *job)
{
    struct job_note *note = &job->note;
    if (note->reason == NOTE_NOTHING)
        return PROGRESS_DONE;
    if (!note->is_asked)
        return ask(job);
    if (is_needed(job) && note->is_answered && !note->is_kept) {
        (void)job_fail(job, FAULT_NONE,
                       "try: the disk does not take what must be undone after a crash; none of "
                       "its steps was done");
        return settle(job, PROGRESS_FAILED);
    }
    if (is_needed(job) && job_must_end(job))
        return settle(job, PROGRESS_FAILED);
    if (job->is_stopping && note->until_ms > job->now_ms + JOB_NOTE_STOP_MS)
        note->until_ms = job->now_ms + JOB_NOTE_STOP_MS;
    if (note->is_answered || job->now_ms >= note->until_ms)
        return settle(job, PROGRESS_DONE);
    job->action = (struct job_action){.kind = JOB_WAIT, .until_ms = note->until_ms};
    return PROGRESS_ACT;
}

void job_take_noted(struct job *job, const struct job_event *event)
{
    if (event->note == 0 || event->note != job->note.number)
        return;
    job->note.is_answered = true;
    job->note.is_kept = event->is_noted;
}

// Failing
// ---------------------------------------------------------------------------------------

static void begin_rollback(struct job *job, struct job_frame *frame)
{
    frame->cause = job->failure;
    frame->steps = frame->trying->on_failure;
    frame->count = frame->trying->on_failure_count;
    frame->index = 0;
    frame->in_failure = true;
    // One time for all on_failure of a command: those of the tries around this one follow.
    if (!job->is_rolling_back)
        job->rollback_until_ms =
            job->now_ms + (job->is_stopping ? JOB_ROLLBACK_STOP_MS : JOB_ROLLBACK_MS);
    job->is_rolling_back = true;
    want_note(job, frame->trying, NOTE_FAILED);
    job_begin_step(job);
}

// Remembers the first failure of an on_failure, and lets its other steps run.
static void note_rollback_failure(struct job *job, struct job_frame *frame)
{
    if (!frame->cause.rollback[0]) {
        (void)snprintf(frame->cause.rollback, sizeof frame->cause.rollback, "%s",
                       job->failure.error.text);
        frame->cause.rollback_fault = job->failure.fault;
    }
    utf8_mend_end(frame->cause.rollback);
    frame->index++;
    job_begin_step(job);
}

// The same of a job that undoes, where no cause is left to be told beside it.
static void note_undo_failure(struct job *job, const char *text, enum fault fault)
{
    struct job_result *result = job->result;
    if (!text[0] || result->message[0])
        return;
    (void)snprintf(result->message, sizeof result->message, "%s", text);
    result->fault = fault;
}

// One on_failure of a job that undoes is over, well or not; the next follows.
static enum progress next_undo(struct job *job)
{
    job->frames[0].index++;
    job_begin_step(job);
    return PROGRESS_AGAIN;
}

enum progress job_fail_step(struct job *job)
{
    for (;;) {
        struct job_frame *frame = &job->frames[job->depth - 1];
        if (frame->in_failure) {
            note_rollback_failure(job, frame);
            return PROGRESS_AGAIN;
        }
        if (frame->trying && frame->trying->on_failure_count > 0) {
            begin_rollback(job, frame);
            return PROGRESS_AGAIN;
        }
        if (job->depth == 1 && job->request->undoes && job->is_rolling_back) {
            note_undo_failure(job, job->failure.error.text, job->failure.fault);
            return next_undo(job);
        }
        if (job->depth == 1)
            return PROGRESS_FAILED;
        job->depth--;
    }
}

// Going on
// --------------------------------------------------------------------------------------

enum progress job_end_steps(struct job *job)
{
    const struct job_frame *frame = &job->frames[job->depth - 1];
    const struct step *trying = frame->trying;
    if (frame->in_failure && job->request->undoes && job->depth == 2) {
        note_undo_failure(job, frame->cause.rollback, frame->cause.rollback_fault);
        job->depth--;
        return next_undo(job);
    }
    if (frame->in_failure) {
        job->failure = frame->cause;
        job->failure.rolled_back = true;
        job->depth--;
        return PROGRESS_FAILED;
    }
    job_begin_step(job);
    if (job->depth == 1) {
        if (job->request->undoes)
            job->is_rolling_back = false; // what the equipment holds now has a time of its own
        return PROGRESS_DONE;
    }
    job->depth--;
    job->frames[job->depth - 1].index++;
    want_note(job, trying, NOTE_LEFT);
    return PROGRESS_AGAIN;
}

enum progress job_run_try(struct job *job, const struct step *step)
{
    if (job->depth == JOB_MAX_DEPTH)
        return job_fail(job, FAULT_NONE, "the steps are nested too deeply");
    struct job_frame *frame = &job->frames[job->depth++];
    *frame = (struct job_frame){
        .steps = step->steps,
        .count = step->step_count,
        .trying = step,
    };
    if (job->request->undoes && job->depth == 2) {
        job->failure = (struct failure){0};
        begin_rollback(job, frame);
        return PROGRESS_AGAIN;
    }
    want_note(job, step, NOTE_ENTERED);
    job_begin_step(job);
    return PROGRESS_AGAIN;
}
