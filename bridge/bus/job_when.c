// SPDX-License-Identifier: MIT
#include "bus/job_when.h"

#include <stdio.h>

#include "bus/job_read.h"
#include "bus/job_text.h"

// Steps in progress of being looked at: those of the command, of a try in it, and so on.
struct level {
    const struct step *steps;
    size_t count;
    size_t index;
    bool is_conditional; // the try they belong to has a condition
};

// A look at the steps of a command in their order, without its on_failure.
struct walk {
    struct level levels[JOB_MAX_DEPTH];
    size_t depth;
    bool is_conditional; // the step at hand, or a try around it, has a condition
};

static void walk_begin(struct walk *walk, const struct command *command)
{
    *walk =
        (struct walk){.levels = {{command->steps, command->step_count, 0, false}}, .depth = 1};
}

static const struct step *walk_next(struct walk *walk)
{
    while (walk->depth > 0) {
        struct level *level = &walk->levels[walk->depth - 1];
        if (level->index == level->count) {
            walk->depth--;
            continue;
        }
        const struct step *step = &level->steps[level->index++];
        walk->is_conditional = level->is_conditional || step->when;
        if (step->kind == STEP_TRY && walk->depth < JOB_MAX_DEPTH)
            walk->levels[walk->depth++] =
                (struct level){step->steps, step->step_count, 0, walk->is_conditional};
        return step;
    }
    return NULL;
}

// The condition of the entry itself (0), or of the one whose words it is made of (1).
static const struct formula *condition_of(const struct job *job, int index, int which)
{
    const struct point *point = &job->map->points[index];
    const struct point *words_of = map_words_of(job->map, point);
    if (which == 0)
        return point->when;
    return words_of && words_of != point ? words_of->when : NULL;
}

// What a step writes: the frame, and what ends its hold.
static const struct assignment *write_at(const struct step *step, size_t i)
{
    return i < step->write_count ? &step->writes[i] : &step->hold_then[i - step->write_count];
}

static size_t count_writes(const struct step *step)
{
    return step->kind == STEP_WRITE ? step->write_count + step->hold_then_count : 0;
}

// Whether there is anything to check. The end of a hold is written whatever can be read.
static bool has_condition(const struct job *job, const struct step *step)
{
    if (job->request->ends_hold)
        return false;
    for (size_t i = 0; i < count_writes(step); i++) {
        int index = write_at(step, i)->point;
        if (condition_of(job, index, 0) || condition_of(job, index, 1))
            return true;
    }
    return false;
}

// Whether an entry's words are those an earlier step writes or awaits.
static bool is_touched(const struct job *job, const bool *touched, int index)
{
    const struct point *words_of = map_words_of(job->map, &job->map->points[index]);
    return words_of && touched[map_index(job->map, words_of)];
}

static void touch(const struct job *job, bool *touched, int index)
{
    const struct point *words_of = map_words_of(job->map, &job->map->points[index]);
    if (words_of)
        touched[map_index(job->map, words_of)] = true;
}

static void touch_step(struct job *job, bool *touched, const struct step *step)
{
    struct needs *scratch = &job->reads.scratch;
    needs_clear(scratch);
    if (step->kind == STEP_EXPECT)
        needs_add_formula(scratch, step->condition);
    needs_close(scratch);
    for (size_t i = 0; i < scratch->count; i++)
        touch(job, touched, scratch->points[i]);
    for (size_t i = 0; step->kind == STEP_WRITE && i < step->write_count; i++)
        touch(job, touched, step->writes[i].point);
}

static bool depends_on_touched(struct job *job, const bool *touched, const struct step *step)
{
    struct needs *scratch = &job->reads.scratch;
    needs_clear(scratch);
    for (size_t i = 0; i < count_writes(step); i++) {
        needs_add_formula(scratch, condition_of(job, write_at(step, i)->point, 0));
        needs_add_formula(scratch, condition_of(job, write_at(step, i)->point, 1));
    }
    needs_close(scratch);
    for (size_t i = 0; i < scratch->count; i++) {
        if (is_touched(job, touched, scratch->points[i]))
            return true;
    }
    return false;
}

// The steps whose conditions are checked before the first write.
static void find_early(struct job *job)
{
    const struct step *step = NULL;
    bool *touched = ARENA_NEW_ARRAY(job->arena, job->map->point_count, bool);
    bool was_away = false;
    struct early_step **end = &job->early_steps;
    struct walk walk;
    walk_begin(&walk, job->request->command);
    while ((step = walk_next(&walk))) {
        was_away |= step->kind == STEP_RECONNECT;
        if (has_condition(job, step) && !walk.is_conditional && !was_away &&
            !depends_on_touched(job, touched, step)) {
            struct early_step *early = ARENA_NEW(job->arena, struct early_step);
            *early = (struct early_step){NULL, step};
            *end = early;
            end = &early->next;
        }
        touch_step(job, touched, step);
    }
}

// Whether the conditions of a step are checked at the step itself.
static bool is_late(const struct job *job, const struct step *step)
{
    const struct early_step *early = job->early_steps;
    while (early && early->step != step)
        early = early->next;
    return !early && has_condition(job, step);
}

static void need_conditions(struct job *job, const struct step *step)
{
    for (size_t i = 0; i < count_writes(step); i++) {
        job_read_need_formula(job, condition_of(job, write_at(step, i)->point, 0));
        job_read_need_formula(job, condition_of(job, write_at(step, i)->point, 1));
    }
}

static int refuse(struct job *job, int index, const struct formula *when, bool is_known,
                  struct error *err)
{
    char name[JOB_NAME_SIZE];
    char reason[JOB_TEXT_SIZE];
    const char *nothing = job->writes_sent ? "" : "; nothing was written";
    job_name_point(job, index, name, sizeof name);
    if (!is_known) {
        job_explain_unknown(job, when, reason, sizeof reason);
        return error_set(err, ERROR_FAILED,
                         "%s cannot be written: whether %s is not known: %s%s", name,
                         formula_text(when), reason, nothing);
    }
    job_name_seen(job, when, reason, sizeof reason);
    return error_set(
        err, ERROR_FAILED, "%s cannot be written: it is only there when %s%s%s%s%s", name,
        formula_text(when), reason[0] ? " (" : "", reason, reason[0] ? ")" : "", nothing);
}

static int check_entry(struct job *job, int index, struct error *err)
{
    for (int which = 0; which < 2; which++) {
        const struct formula *when = condition_of(job, index, which);
        struct image_space space = {0};
        if (!when)
            continue;
        struct value value = job_evaluate(job, when, &space);
        bool is_known = value.kind == VALUE_BOOLEAN;
        if ((is_known && value.boolean) || (!is_known && job->is_rolling_back))
            continue;
        return refuse(job, index, when, is_known, err);
    }
    return 0;
}

static int check_conditions(struct job *job, const struct step *step, struct error *err)
{
    for (size_t i = 0; i < count_writes(step); i++) {
        if (check_entry(job, write_at(step, i)->point, err) != 0)
            return -1;
    }
    return 0;
}

static bool is_first_write(const struct job *job)
{
    return !job->are_early_checked && !job->is_rolling_back;
}

void job_when_need(struct job *job, const struct step *step)
{
    if (is_first_write(job) && !job->early_steps)
        find_early(job);
    for (const struct early_step *early = job->early_steps; early && is_first_write(job);
         early = early->next)
        need_conditions(job, early->step);
    if (is_late(job, step))
        need_conditions(job, step);
}

int job_when_check(struct job *job, const struct step *step, struct error *err)
{
    for (const struct early_step *early = job->early_steps; early && is_first_write(job);
         early = early->next) {
        if (check_conditions(job, early->step, err) != 0)
            return -1;
    }
    if (!job->is_rolling_back)
        job->are_early_checked = true;
    return is_late(job, step) ? check_conditions(job, step, err) : 0;
}
