// SPDX-License-Identifier: MIT
#include "bus/job_limit.h"

#include "bus/job_read.h"
#include "bus/job_text.h"
#include "registers/arguments.h"

static int fail_unknown(const struct job *job, const struct argument *argument,
                        const struct formula *limit, struct error *err)
{
    char reason[JOB_TEXT_SIZE];
    const char *nothing = job->writes_sent ? "" : ", nothing was written";
    job_explain_unknown(job, limit, reason, sizeof reason);
    return error_set(err, ERROR_FAILED, "%s: its limit %s is not known%s: %s", argument->key,
                     formula_text(limit), nothing, reason);
}

int job_limit_check(struct job *job, size_t index, const struct value *value, struct error *err)
{
    const struct argument *argument = &job->request->command->arguments[index];
    struct image_space space = {0};
    struct value min = value_unknown();
    struct value max = value_unknown();
    if (argument->min)
        min = job_evaluate(job, argument->min, &space);
    if (argument->min && !value_is_number(&min))
        return fail_unknown(job, argument, argument->min, err);
    if (argument->max)
        max = job_evaluate(job, argument->max, &space);
    if (argument->max && !value_is_number(&max))
        return fail_unknown(job, argument, argument->max, err);
    return arguments_check_limit(argument, value, &min, &max, err);
}

// The argument that is written as it is and may be rounded anew, or NO_INDEX.
static int rounded_argument(const struct job *job, const struct assignment *write)
{
    const struct point *point = &job->map->points[write->point];
    int index = formula_argument(write->value);
    if (index == NO_INDEX || job->is_rolling_back)
        return NO_INDEX;
    bool is_rounded_before = job->request->command->arguments[index].target == write->point &&
                             point->sf == NO_INDEX && !point->scale_formula;
    return is_rounded_before ? NO_INDEX : index;
}

void job_limit_need(struct job *job, const struct assignment *write)
{
    int index = rounded_argument(job, write);
    if (index == NO_INDEX)
        return;
    job_read_need_formula(job, job->request->command->arguments[index].min);
    job_read_need_formula(job, job->request->command->arguments[index].max);
}

int job_limit_check_rounded(struct job *job, const struct assignment *write,
                            const struct value *value, const struct value *rounded,
                            struct error *err)
{
    int index = rounded_argument(job, write);
    if (index == NO_INDEX || !value_is_number(rounded) || value_equal(value, rounded))
        return 0;
    const struct argument *argument = &job->request->command->arguments[index];
    const struct point *point = &job->map->points[write->point];
    char given[JOB_NAME_SIZE];
    if (job_limit_check(job, (size_t)index, rounded, err) != 0) {
        job_name_value(job, write->point, value, given, sizeof given);
        return error_prefix(err, "%s: %s is between two steps of register %s", argument->key,
                            given, point->key);
    }
    if (argument->target == write->point)
        job->request->arguments[index] = *rounded;
    return 0;
}
