// SPDX-License-Identifier: MIT
// Values that can never be written: constants and limits that the register cannot hold.
#include "config/lint.h"
#include "registers/codec.h"
#include "registers/formula.h"

struct fit {
    const struct map *map;
    struct diagnostics *diagnostics;
};

// Whether what is written is known before the equipment was asked.
static bool is_fixed(const struct point *point)
{
    return point->sf == NO_INDEX && !point->scale_formula && !point->formula;
}

static bool fits(const struct point *point, const struct value *value, struct error *err)
{
    uint16_t words[MAX_POINT_WORDS] = {0};
    return codec_encode(point, value, words, err) == 0;
}

static void check_assignment(const struct fit *fit, const struct position *at,
                             const struct assignment *assignment)
{
    const struct point *point = &fit->map->points[assignment->point];
    const struct value *constant = formula_constant_value(assignment->value);
    struct error err;
    if (constant && is_fixed(point) && !fits(point, constant, &err))
        (void)diagnostics_error(fit->diagnostics, at, "this write can never succeed: %s",
                                err.text);
}

static void check_step(void *context, const struct step *step)
{
    const struct fit *fit = context;
    for (size_t i = 0; i < step->write_count; i++)
        check_assignment(fit, &step->at, &step->writes[i]);
    for (size_t i = 0; i < step->hold_then_count; i++)
        check_assignment(fit, &step->at, &step->hold_then[i]);
}

static void check_limit(const struct fit *fit, const struct argument *argument,
                        const char *name, const struct formula *limit)
{
    const struct point *point = &fit->map->points[argument->target];
    const struct value *constant = limit ? formula_constant_value(limit) : NULL;
    struct error err;
    if (constant && !fits(point, constant, &err))
        diagnostics_warning(fit->diagnostics, &argument->at,
                            "%s of '%s' allows what can never be written: %s", name,
                            argument->key, err.text);
}

void lint_fit(const struct map *map, struct diagnostics *diagnostics)
{
    struct fit fit = {map, diagnostics};
    for (size_t i = 0; i < map->command_count; i++) {
        const struct command *command = &map->commands[i];
        lint_each_step(command, check_step, &fit);
        for (size_t k = 0; k < command->argument_count; k++) {
            const struct argument *argument = &command->arguments[k];
            if (argument->target == NO_INDEX || !is_fixed(&map->points[argument->target]))
                continue;
            check_limit(&fit, argument, "min", argument->min);
            check_limit(&fit, argument, "max", argument->max);
        }
    }
}
