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

void lint_map(const struct map *map, struct diagnostics *diagnostics)
{
    lint_use(map, diagnostics);
    lint_fit(map, diagnostics);
    lint_alerts(map, diagnostics);
    lint_steps(map, diagnostics);
    lint_holds(map, diagnostics);
}
