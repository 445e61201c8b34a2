// SPDX-License-Identifier: MIT
// What can be refused is refused here, before the first write frame: steps that cannot be
// executed, and limits that depend on registers.
#include "bus/job_limit.h"
#include "bus/job_read.h"
#include "bus/job_state.h"

// A list of steps still to be looked at.
struct step_list {
    struct step_list *next;
    const struct step *steps;
    size_t count;
    size_t level; // 1: the command's own
};

static int check_step(const struct job *job, const struct step *step, struct error *err)
{
    struct write_frame frame;
    if (step->kind != STEP_WRITE)
        return 0;
    if (step->hold_then_count > 0 &&
        write_frame_lay_out(job->map, step->hold_then, step->hold_then_count, &frame, err) != 0)
        return -1;
    return write_frame_lay_out(job->map, step->writes, step->write_count, &frame, err);
}

static void add_list(struct job *job, struct step_list **lists, const struct step *steps,
                     size_t count, size_t level)
{
    struct step_list *list = ARENA_NEW(job->arena, struct step_list);
    *list = (struct step_list){*lists, steps, count, level};
    *lists = list;
}

// Looks at one list and adds the lists inside it to those to be looked at.
static int check_steps(struct job *job, const struct step_list *list, struct step_list **lists,
                       struct error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct step *step = &list->steps[i];
        if (check_step(job, step, err) != 0)
            return -1;
        if (step->kind != STEP_TRY)
            continue;
        if (list->level == JOB_MAX_DEPTH)
            return error_set(err, ERROR_FAILED, "the steps are nested too deeply");
        add_list(job, lists, step->steps, step->step_count, list->level + 1);
        add_list(job, lists, step->on_failure, step->on_failure_count, list->level + 1);
    }
    return 0;
}

static int check_command(struct job *job, struct error *err)
{
    const struct command *command = job->request->command;
    struct step_list *lists = NULL;
    add_list(job, &lists, command->steps, command->step_count, 1);
    while (lists) {
        const struct step_list *list = lists;
        lists = lists->next;
        if (check_steps(job, list, &lists, err) != 0)
            return -1;
    }
    return 0;
}

static bool is_variable(const struct formula *limit)
{
    return limit && !formula_constant_value(limit);
}

// Whether the argument has a limit that depends on registers.
static bool has_limit(const struct job *job, size_t index)
{
    const struct argument *argument = &job->request->command->arguments[index];
    return value_is_known(&job->request->arguments[index]) &&
           (is_variable(argument->min) || is_variable(argument->max));
}

static enum progress check_limit(struct job *job, size_t index)
{
    struct error err = {0};
    if (job_limit_check(job, index, &job->request->arguments[index], &err) == 0)
        return PROGRESS_DONE;
    return job_fail(job, job_read_fault(job), "%s", err.text);
}

static enum progress begin(struct job *job)
{
    struct error err = {0};
    if (check_command(job, &err) != 0)
        return job_fail(job, FAULT_NONE, "%s", err.text);
    const struct command *command = job->request->command;
    job_read_begin(job);
    for (size_t i = 0; i < command->argument_count; i++) {
        if (!has_limit(job, i))
            continue;
        job_read_need_formula(job, command->arguments[i].min);
        job_read_need_formula(job, command->arguments[i].max);
    }
    job->stage = STAGE_FIRST;
    return PROGRESS_AGAIN;
}

enum progress job_run_check(struct job *job)
{
    if (job->stage == STAGE_BEGIN)
        return begin(job);
    enum progress progress = job_read_run(job);
    for (size_t i = 0; progress == PROGRESS_DONE && i < job->request->command->argument_count;
         i++) {
        if (has_limit(job, i))
            progress = check_limit(job, i);
    }
    return progress;
}
