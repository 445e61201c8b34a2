// SPDX-License-Identifier: MIT
// Steps that can never run, and conditions that decide nothing.
#include "config/lint.h"
#include "registers/formula.h"

// Whether a condition is always true or false. False also when there is none.
static bool is_constant(const struct formula *formula, bool *ret_verdict)
{
    const struct value *constant = formula ? formula_constant_value(formula) : NULL;
    if (!constant || constant->kind != VALUE_BOOLEAN)
        return false;
    *ret_verdict = constant->boolean;
    return true;
}

static void check_step(void *context, const struct step *step)
{
    struct diagnostics *diagnostics = context;
    bool verdict = false;
    if (is_constant(step->when, &verdict))
        diagnostics_warning(diagnostics, &step->at, "when: is always %s: %s",
                            verdict ? "true" : "false",
                            verdict ? "leave it out" : "this step never runs");
    if (is_constant(step->condition, &verdict))
        diagnostics_warning(diagnostics, &step->at, "this condition is always %s: %s",
                            verdict ? "true" : "false",
                            verdict ? "it checks nothing" : "the steps behind it never run");
}

void lint_steps(const struct map *map, struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < map->command_count; i++)
        lint_each_step(&map->commands[i], check_step, diagnostics);
}
