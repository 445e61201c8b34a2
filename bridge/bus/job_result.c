// SPDX-License-Identifier: MIT
// What a completed command reports: its result fields, read fresh.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bus/job_read.h"
#include "bus/job_state.h"
#include "bus/job_text.h"

static size_t result_count(const struct job *job)
{
    size_t count = job->request->command->result_count;
    return count < MAX_ARGUMENTS ? count : MAX_ARGUMENTS;
}

static size_t storage_of(const struct value *value)
{
    if (value->kind == VALUE_TEXT)
        return value->text.length + (value->text.length & 1); // codes that follow stay aligned
    if (value->kind == VALUE_EVENTS)
        return value->events.count * sizeof *value->events.codes;
    return 0;
}

// Copies what the value points to; returns the bytes used.
static size_t copy_into(struct value *value, char *storage)
{
    if (value->kind == VALUE_TEXT) {
        memcpy(storage, value->text.bytes, value->text.length);
        value->text.bytes = storage;
    } else if (value->kind == VALUE_EVENTS) {
        memcpy(storage, value->events.codes, storage_of(value));
        value->events.codes = (const uint16_t *)(const void *)storage;
    }
    return storage_of(value);
}

// What is just an entry is told as it is published.
static enum publish publish_of(const struct job *job, const struct formula *formula)
{
    int point = formula_point(formula);
    return point == NO_INDEX ? PUBLISH_AUTO : job->map->points[point].publish;
}

static void collect(struct job *job)
{
    struct job_result *result = job->result;
    size_t total = 0;
    for (size_t i = 0; i < result_count(job); i++) {
        const struct result_field *field = &job->request->command->results[i];
        struct image_space space = {0};
        struct value value = job_evaluate(job, field->value, &space);
        if (!value_is_known(&value))
            continue;
        total += copy_into(&value, arena_new_array(job->arena, storage_of(&value), 1));
        result->values[result->value_count++] =
            (struct job_value){field->key, value, publish_of(job, field->value)};
    }
    result->text = mem_new(total, 1);
    size_t used = 0;
    for (size_t i = 0; i < result->value_count; i++)
        used += copy_into(&result->values[i].value, result->text + used);
}

// A command without steps only asks: an answer that did not come is its failure. What the
// equipment says it has no value for is left out, as always.
static enum progress check_answers(struct job *job)
{
    const struct command *command = job->request->command;
    if (command->step_count > 0)
        return PROGRESS_DONE;
    for (size_t i = 0; i < result_count(job); i++) {
        const struct formula *formula = command->results[i].value;
        struct image_space space = {0};
        struct value value = job_evaluate(job, formula, &space);
        if (value.kind != VALUE_UNKNOWN)
            continue;
        char reason[JOB_TEXT_SIZE];
        job_explain_unknown(job, formula, reason, sizeof reason);
        return job_fail(job, job_read_fault(job), "%s", reason);
    }
    return PROGRESS_DONE;
}

enum progress job_run_result(struct job *job)
{
    if (job->stage == STAGE_BEGIN) {
        job_read_begin(job);
        for (size_t i = 0; i < result_count(job); i++)
            job_read_need_formula(job, job->request->command->results[i].value);
        // The steps are done: a late result is better than none.
        if (job->until_ms < job->now_ms + JOB_RESULT_MS)
            job->until_ms = job->now_ms + JOB_RESULT_MS;
        job->stage = STAGE_FIRST;
    }
    enum progress progress = job_read_run(job);
    if (progress == PROGRESS_ACT)
        return PROGRESS_ACT;
    if (progress == PROGRESS_DONE)
        progress = check_answers(job);
    if (progress == PROGRESS_DONE)
        collect(job);
    // Cut short there is nothing fresh to tell; what the steps did is completed all the same.
    bool is_question = job->request->command->step_count == 0;
    return is_question ? progress : PROGRESS_DONE;
}
