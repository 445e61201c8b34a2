// SPDX-License-Identifier: MIT
// Arguments that no step needs, and values of them that can never be written.
#include <math.h>
#include <string.h>

#include "config/lint.h"
#include "registers/formula.h"

struct arguments {
    const struct map *map;
    const struct command *command;
    struct diagnostics *diagnostics;
    bool is_used[MAX_ARGUMENTS];
    bool is_asked[MAX_ARGUMENTS]; // in the when: of a step, such as known(power)
};

static void note_use(void *context, int argument)
{
    struct arguments *arguments = context;
    arguments->is_used[argument] = true;
}

static void note_question(void *context, int argument)
{
    struct arguments *arguments = context;
    arguments->is_asked[argument] = true;
}

static void use_formula(void *context, const struct formula *formula)
{
    formula_each_argument(formula, note_use, context);
}

static void use_step(void *context, const struct step *step)
{
    lint_each_formula(step, use_formula, context);
    if (step->when)
        formula_each_argument(step->when, note_question, context);
}

// An argument that may be missing and is written as it stands.
static void check_given(void *context, const struct step *step)
{
    const struct arguments *arguments = context;
    for (size_t i = 0; i < step->write_count && step->kind == STEP_WRITE; i++) {
        int index = formula_argument(step->writes[i].value);
        const struct argument *argument =
            index == NO_INDEX ? NULL : &arguments->command->arguments[index];
        if (!argument || argument->required || argument->initial.kind != VALUE_UNKNOWN ||
            arguments->is_asked[index])
            continue;
        diagnostics_warning(arguments->diagnostics, &argument->at,
                            "'%s' may be left out, and then the step that writes it fails: say "
                            "required: true or default:, or give the step when: known(%s)",
                            argument->key, argument->key);
    }
}

static void check_value(const struct arguments *arguments, const struct argument *argument,
                        const char *what, const struct value *value)
{
    struct error err;
    if (argument->target != NO_INDEX &&
        !lint_fits(&arguments->map->points[argument->target], value, &err))
        diagnostics_warning(arguments->diagnostics, &argument->at,
                            "%s of '%s' allows what can never be written: %s", what,
                            argument->key, err.text);
}

static void check_target(const struct arguments *arguments, const struct argument *argument)
{
    const char *unit = arguments->map->points[argument->target].unit;
    if (unit && argument->unit && strcmp(unit, argument->unit) != 0)
        diagnostics_warning(arguments->diagnostics, &argument->at,
                            "'%s' is in '%s' and is written as it stands to '%s', which is in "
                            "'%s'",
                            argument->key, argument->unit,
                            arguments->map->points[argument->target].key, unit);
    for (size_t i = 0; i < argument->choice_count; i++) {
        struct value choice = value_text(argument->choices[i]);
        check_value(arguments, argument, "enum", &choice);
    }
    if (value_is_known(&argument->initial))
        check_value(arguments, argument, "default", &argument->initial);
}

static void check_limits(const struct arguments *arguments, const struct argument *argument)
{
    const struct value *min = argument->min ? formula_constant_value(argument->min) : NULL;
    const struct value *max = argument->max ? formula_constant_value(argument->max) : NULL;
    if (min)
        check_value(arguments, argument, "min", min);
    if (max)
        check_value(arguments, argument, "max", max);
    if (min && max && argument->type == ARGUMENT_INTEGER && value_is_number(min) &&
        value_is_number(max) && ceil(value_number(min)) > value_number(max))
        diagnostics_warning(arguments->diagnostics, &argument->at,
                            "'%s' is a whole number, and there is none from min to max",
                            argument->key);
}

static void check_command(struct arguments *arguments, const struct command *command)
{
    lint_each_step(command, use_step, arguments);
    for (size_t i = 0; i < command->result_count; i++)
        use_formula(arguments, command->results[i].value);
    lint_each_step(command, check_given, arguments);
    for (size_t i = 0; i < command->argument_count; i++) {
        const struct argument *argument = &command->arguments[i];
        if (!arguments->is_used[i])
            diagnostics_warning(arguments->diagnostics, &argument->at,
                                "the argument '%s' is not used: no step of '%s' needs it",
                                argument->key, command->key);
        check_limits(arguments, argument);
        if (argument->target != NO_INDEX)
            check_target(arguments, argument);
    }
}

void lint_arguments(const struct map *map, struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < map->command_count; i++) {
        struct arguments arguments = {
            .map = map, .command = &map->commands[i], .diagnostics = diagnostics};
        check_command(&arguments, &map->commands[i]);
    }
}
