// SPDX-License-Identifier: MIT
// Entries under registers: that nothing reads or writes: mostly a leftover or a typing error.
#include "config/lint.h"
#include "registers/needs.h"

static void use_formula(void *context, const struct formula *formula)
{
    needs_add_formula(context, formula);
}

static void use_step(void *context, const struct step *step)
{
    struct needs *used = context;
    lint_each_formula(step, use_formula, used);
    for (size_t i = 0; i < step->write_count; i++)
        needs_add(used, step->writes[i].point);
    for (size_t i = 0; i < step->hold_then_count; i++)
        needs_add(used, step->hold_then[i].point);
}

static void use_command(struct needs *used, const struct command *command)
{
    for (size_t i = 0; i < command->argument_count; i++) {
        needs_add_formula(used, command->arguments[i].min);
        needs_add_formula(used, command->arguments[i].max);
        needs_add(used, command->arguments[i].target);
    }
    for (size_t i = 0; i < command->result_count; i++)
        needs_add_formula(used, command->results[i].value);
    lint_each_step(command, use_step, used);
}

static void use_everything(struct needs *used, const struct map *map)
{
    for (size_t i = 0; i < map->point_count; i++) {
        if (map->points[i].section != SECTION_REGISTERS)
            needs_add(used, (int)i);
    }
    for (size_t i = 0; i < map->alert_count; i++) {
        needs_add(used, map->alerts[i].from);
        needs_add_formula(used, map->alerts[i].when);
    }
    for (size_t i = 0; i < map->command_count; i++)
        use_command(used, &map->commands[i]);
    for (size_t i = 0; i < map->identify_count; i++)
        needs_add(used, map->identify[i].point);
    needs_close(used);
}

void lint_use(const struct map *map, struct diagnostics *diagnostics)
{
    struct needs used;
    needs_init(&used, map);
    use_everything(&used, map);
    for (size_t i = 0; i < map->point_count; i++) {
        const struct point *point = &map->points[i];
        if (!used.has[i])
            diagnostics_warning(diagnostics, &point->at,
                                "'%s' is not used: no entry, alert or command names it",
                                point->key);
    }
    needs_done(&used);
}
