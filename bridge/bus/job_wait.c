// SPDX-License-Identifier: MIT
#include "bus/job_wait.h"

#include <stdio.h>

#include "bus/job_read.h"
#include "bus/job_text.h"

enum {
    STAGE_READ = STAGE_FIRST + 1,
    STAGE_PAUSE,
    STAGE_LOGGED,
    STAGE_CLOSED,
};

enum {
    EXPECT_SHORTEST_MS = 200,
    EXPECT_LONGEST_MS = 1000,
    EXPECT_READS = 50, // about so many while an expectation may take its time
    PROBE_MS = 1000,
    RECONNECT_SETTLE_MS = 3000,
    RECONNECT_CLOSE_MS = 5000,
};

enum progress job_run_wait(struct job *job, const struct step *step)
{
    if (job->stage == STAGE_FIRST) {
        job->stage = STAGE_PAUSE;
        job->wait_ms = job->now_ms + step->duration_ms;
    }
    return job->now_ms < job->wait_ms ? job_wait(job, job->wait_ms) : PROGRESS_DONE;
}

static void begin_condition(struct job *job, const struct step *step)
{
    job_read_begin(job);
    job_read_need_formula(job, step->condition);
    job_read_need_text(job, step->otherwise);
}

static enum progress fail_otherwise(struct job *job, const struct step *step)
{
    char text[JOB_TEXT_SIZE];
    job_fill(job, step->otherwise, text, sizeof text);
    return job_fail(job, FAULT_NONE, "%s", text);
}

static enum progress fail_require(struct job *job, const struct step *step)
{
    char seen[JOB_TEXT_SIZE];
    if (step->otherwise)
        return fail_otherwise(job, step);
    job_name_seen(job, step->condition, seen, sizeof seen);
    return job_fail(job, FAULT_NONE, "require: %s does not hold%s%s%s",
                    formula_text(step->condition), seen[0] ? " (" : "", seen,
                    seen[0] ? ")" : "");
}

enum progress job_run_require(struct job *job, const struct step *step)
{
    if (job->stage == STAGE_FIRST) {
        begin_condition(job, step);
        job->stage = STAGE_READ;
    }
    enum progress progress = job_read_run(job);
    if (progress != PROGRESS_DONE)
        return progress;
    struct image_space space = {0};
    struct value value = job_evaluate(job, step->condition, &space);
    if (value.kind == VALUE_BOOLEAN)
        return value.boolean ? PROGRESS_DONE : fail_require(job, step);
    char reason[JOB_TEXT_SIZE];
    job_explain_unknown(job, step->condition, reason, sizeof reason);
    return job_fail(job, job_read_fault(job), "require: %s cannot be checked: %s",
                    formula_text(step->condition), reason);
}

static enum progress fail_expect(struct job *job, const struct step *step, bool is_known)
{
    char detail[JOB_TEXT_SIZE];
    char within[32];
    enum fault fault = job_read_fault(job);
    if (step->otherwise && fault == FAULT_NONE)
        return fail_otherwise(job, step);
    if (is_known)
        job_name_seen(job, step->condition, detail, sizeof detail);
    else
        job_explain_unknown(job, step->condition, detail, sizeof detail);
    num_format_duration(within, sizeof within, step->within_ms);
    return job_fail(job, fault, "expect: %s did not come true within %s%s%s%s",
                    formula_text(step->condition), within, detail[0] ? " (" : "", detail,
                    detail[0] ? ")" : "");
}

static int64_t expect_pause_ms(const struct step *step)
{
    int64_t pause_ms = step->within_ms / EXPECT_READS;
    if (pause_ms < EXPECT_SHORTEST_MS)
        return EXPECT_SHORTEST_MS;
    return pause_ms > EXPECT_LONGEST_MS ? EXPECT_LONGEST_MS : pause_ms;
}

enum progress job_run_expect(struct job *job, const struct step *step)
{
    if (job->stage == STAGE_FIRST) {
        job->step_ms = job->now_ms;
        job->wait_ms = job->now_ms;
        job->stage = STAGE_PAUSE;
    }
    if (job->stage == STAGE_PAUSE) {
        if (job->now_ms < job->wait_ms)
            return job_wait(job, job->wait_ms);
        begin_condition(job, step);
        job->stage = STAGE_READ;
    }
    enum progress progress = job_read_run(job);
    if (progress != PROGRESS_DONE)
        return progress;
    struct image_space space = {0};
    struct value value = job_evaluate(job, step->condition, &space);
    if (value.kind == VALUE_BOOLEAN && value.boolean)
        return PROGRESS_DONE;
    int64_t until_ms = job->step_ms + step->within_ms;
    if (job->now_ms >= until_ms)
        return fail_expect(job, step, value.kind == VALUE_BOOLEAN);
    job->wait_ms = job->now_ms + expect_pause_ms(step);
    if (job->wait_ms > until_ms)
        job->wait_ms = until_ms;
    job->stage = STAGE_PAUSE;
    return PROGRESS_AGAIN;
}

enum progress job_run_log(struct job *job, const struct step *step)
{
    if (job->stage == STAGE_LOGGED)
        return PROGRESS_DONE;
    if (job->stage == STAGE_FIRST) {
        job_read_begin(job);
        job_read_need_text(job, step->text);
        job->stage = STAGE_READ;
    }
    enum progress progress = job_read_run(job);
    if (progress != PROGRESS_DONE)
        return progress;
    job_fill(job, step->text, job->log_text, sizeof job->log_text);
    job->stage = STAGE_LOGGED;
    job->action = (struct job_action){.kind = JOB_LOG, .text = job->log_text};
    return PROGRESS_ACT;
}

// An entry whose read shows that the device is there: the first that is polled without
// condition. NO_INDEX when the map polls nothing.
static int find_probe(const struct job *job)
{
    const struct plan *plan = block_plan(job->arena, job->planning);
    for (size_t i = 0; i < plan->block_count; i++) {
        const struct block *block = &plan->blocks[i];
        if (!block->when && !block->optional && block->unit_id == NO_INDEX)
            return block->points[0];
    }
    return plan->block_count ? plan->blocks[0].points[0] : NO_INDEX;
}

static enum progress close_link(struct job *job)
{
    job->closed_ms = job->now_ms;
    job->wait_ms = job->now_ms + PROBE_MS;
    job->stage = STAGE_CLOSED;
    job->action = (struct job_action){.kind = JOB_RECONNECT};
    return PROGRESS_ACT;
}

static enum progress probe(struct job *job)
{
    if (job->now_ms < job->wait_ms)
        return job_wait(job, job->wait_ms);
    job_read_begin(job);
    job_read_need_words(job, job->probe);
    job->stage = STAGE_READ;
    return PROGRESS_AGAIN;
}

// A gateway that answers in place of the device (exceptions 10 and 11: Modbus Application
// Protocol V1.1b3, section 7) does not show the device.
static bool has_answered(const struct job *job)
{
    uint8_t exception = 0;
    if (job_read_silent(job, job->probe))
        return false;
    (void)image_fault(job->image, job->probe, &exception);
    return exception != 10 && exception != 11;
}

static enum progress fail_reconnect(struct job *job, const struct step *step)
{
    char within[32];
    char reason[JOB_NAME_SIZE];
    uint8_t exception = 0;
    enum fault fault = image_fault(job->image, job->probe, &exception);
    num_format_duration(within, sizeof within, step->duration_ms);
    job_name_fault(fault, exception, reason, sizeof reason);
    return job_fail(job, fault == FAULT_EXCEPTION ? FAULT_TIMEOUT : fault,
                    "the device did not come back within %s: %s", within, reason);
}

static enum progress judge_probe(struct job *job, const struct step *step)
{
    int64_t until_ms = job->step_ms + step->duration_ms;
    int64_t settle_ms = step->duration_ms / 2;
    if (settle_ms > RECONNECT_SETTLE_MS)
        settle_ms = RECONNECT_SETTLE_MS;
    bool answered = has_answered(job);
    if (answered && (job->was_away || job->now_ms >= job->step_ms + settle_ms))
        return PROGRESS_DONE;
    job->was_away = job->was_away || !answered;
    if (job->now_ms >= until_ms)
        return fail_reconnect(job, step);
    if (!answered && job->now_ms >= job->closed_ms + RECONNECT_CLOSE_MS)
        return close_link(job);
    job->wait_ms = job->now_ms + PROBE_MS < until_ms ? job->now_ms + PROBE_MS : until_ms;
    job->stage = STAGE_PAUSE;
    return PROGRESS_AGAIN;
}

enum progress job_run_reconnect(struct job *job, const struct step *step)
{
    if (job->stage == STAGE_FIRST) {
        job->step_ms = job->now_ms;
        job->was_away = false;
        job->probe = find_probe(job);
        if (job->probe == NO_INDEX)
            return job_fail(job, FAULT_NONE,
                            "reconnect: the map polls nothing that would show the device");
        return close_link(job);
    }
    if (job->stage != STAGE_READ)
        return probe(job);
    enum progress progress = job_read_run(job);
    return progress == PROGRESS_DONE ? judge_probe(job, step) : progress;
}
