// SPDX-License-Identifier: MIT
#include "config/lint.h"

#include "registers/formula.h"

// Steps nest at most MAX_STEP_DEPTH deep (checked at load), each list in steps and on_failure.
// NOLINTNEXTLINE(misc-no-recursion)
static void walk(const struct step *steps, size_t count,
                 void (*each)(void *context, const struct step *step), void *context)
{
    for (size_t i = 0; i < count; i++) {
        each(context, &steps[i]);
        walk(steps[i].steps, steps[i].step_count, each, context);
        walk(steps[i].on_failure, steps[i].on_failure_count, each, context);
    }
}

void lint_each_step(const struct command *command,
                    void (*each)(void *context, const struct step *step), void *context)
{
    walk(command->steps, command->step_count, each, context);
}

// What calls are made of, so that the lists below stay readable.
struct visit {
    void (*each)(void *context, const struct formula *formula);
    void *context;
};

static void visit(const struct visit *visit, const struct formula *formula)
{
    if (formula)
        visit->each(visit->context, formula);
}

static void visit_template(const struct visit *to, const struct text_template *text)
{
    for (size_t i = 0; text && i < text->count; i++)
        visit(to, text->pieces[i].formula);
}

static void visit_assignments(const struct visit *to, const struct assignment *assignments,
                              size_t count)
{
    for (size_t i = 0; i < count; i++)
        visit(to, assignments[i].value);
}

void lint_each_formula(const struct step *step,
                       void (*each)(void *context, const struct formula *formula),
                       void *context)
{
    struct visit to = {each, context};
    visit(&to, step->when);
    visit(&to, step->condition);
    visit(&to, step->hold_for);
    visit_template(&to, step->otherwise);
    visit_template(&to, step->text);
    visit_assignments(&to, step->writes, step->write_count);
    visit_assignments(&to, step->hold_then, step->hold_then_count);
}

void lint_map(const struct map *map, bool is_whole, struct diagnostics *diagnostics)
{
    if (is_whole)
        lint_use(map, diagnostics);
    lint_fit(map, diagnostics);
    lint_arguments(map, diagnostics);
    lint_alerts(map, diagnostics);
    lint_times(map, diagnostics);
    lint_holds(map, diagnostics);
    lint_units(map, diagnostics);
}
