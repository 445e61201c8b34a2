// SPDX-License-Identifier: MIT
// Commands of a blueprint: the forms people fill in. Limits that depend on registers are not
// there; the bridge checks all of them again.
#include <math.h>
#include <string.h>

#include "config/blueprint.h"
#include "config/title.h"
#include "registers/formula.h"

static const char default_group[] = "control";

static const char *group_of(const struct command *command)
{
    return command->group ? command->group : default_group;
}

// A constant limit; NULL: none, or one that is read from the equipment.
static const struct value *constant(const struct formula *formula)
{
    const struct value *value = formula ? formula_constant_value(formula) : NULL;
    return value && value_is_number(value) ? value : NULL;
}

static bool is_whole(const struct value *value)
{
    return !value || !value_is_number(value) ||
           value_number(value) == trunc(value_number(value));
}

// Durations are whole seconds unless a limit or the default says otherwise.
static const char *type_of(const struct argument *argument)
{
    static const char *const names[ARGUMENT_TYPE_COUNT] = {
        [ARGUMENT_STRING] = "string",    [ARGUMENT_INTEGER] = "integer",
        [ARGUMENT_FLOAT] = "float",      [ARGUMENT_BOOLEAN] = "boolean",
        [ARGUMENT_DURATION] = "integer",
    };
    bool is_fine = !is_whole(constant(argument->min)) || !is_whole(constant(argument->max)) ||
                   !is_whole(&argument->initial);
    return argument->type == ARGUMENT_DURATION && is_fine ? "float" : names[argument->type];
}

// Arguments have no unit in a blueprint: it is part of the name.
static void put_argument_name(struct blueprint *blueprint, const struct argument *argument)
{
    struct arena *arena = blueprint->diagnostics->arena;
    const char *unit = argument->unit;
    if (!unit && argument->type == ARGUMENT_DURATION)
        unit = "s";
    const char *name =
        argument->display_name ? argument->display_name : title_of(arena, argument->key);
    const char *suffix = unit ? arena_printf(arena, "(%s)", unit) : "";
    if (unit && strcmp(unit, "1") != 0 && !strstr(name, suffix))
        name = arena_printf(arena, "%s %s", name, suffix);
    yaml_put_text(&blueprint->out, "display_name", name);
}

static void put_choices(struct blueprint *blueprint, const struct argument *argument)
{
    if (argument->choice_count == 0)
        return;
    yaml_begin(&blueprint->out, "enum");
    for (size_t i = 0; i < argument->choice_count; i++) {
        bool is_new = true;
        for (size_t k = 0; k < i; k++)
            is_new &= strcmp(argument->choices[k], argument->choices[i]) != 0;
        if (!is_new)
            continue;
        yaml_begin(&blueprint->out, argument->choices[i]);
        blueprint_put_name(blueprint, argument->choices[i], NULL);
        yaml_end(&blueprint->out);
    }
    yaml_end(&blueprint->out);
}

static int put_argument(struct blueprint *blueprint, const struct argument *argument)
{
    struct yaml_out *out = &blueprint->out;
    const struct value *min = constant(argument->min);
    const struct value *max = constant(argument->max);
    yaml_begin(out, argument->key);
    yaml_put_text(out, "type", type_of(argument));
    put_argument_name(blueprint, argument);
    yaml_put_text(out, "description", argument->description);
    if (argument->required)
        yaml_put_flag(out, "required", true);
    if (min)
        yaml_put_value(out, "min", min);
    if (max)
        yaml_put_value(out, "max", max);
    put_choices(blueprint, argument);
    yaml_put_value(out, "default", &argument->initial);
    if (argument->sensitive)
        yaml_put_flag(out, "sensitive", true);
    yaml_end(out);
    return blueprint_check_key(blueprint, argument->key, &argument->at);
}

static int put_arguments(struct blueprint *blueprint, const struct command *command)
{
    int result = 0;
    if (command->argument_count == 0)
        return 0;
    yaml_begin(&blueprint->out, "arguments");
    for (size_t i = 0; i < command->argument_count; i++)
        result |= put_argument(blueprint, &command->arguments[i]);
    yaml_end(&blueprint->out);
    return result;
}

static void put_confirmation(struct blueprint *blueprint, const struct command *command)
{
    if (!command->has_confirmation)
        return;
    bool is_info = command->confirmation_severity == SEVERITY_INFO;
    yaml_begin(&blueprint->out, "confirmation");
    yaml_put_text(&blueprint->out, "severity", is_info ? "info" : "warning");
    yaml_put_text(&blueprint->out, "title", command->confirmation_title);
    yaml_put_text(&blueprint->out, "description", command->confirmation_description);
    yaml_end(&blueprint->out);
}

static int put_command(struct blueprint *blueprint, const struct command *command)
{
    struct yaml_out *out = &blueprint->out;
    yaml_begin(out, command->key);
    blueprint_put_name(blueprint, command->key, command->display_name);
    yaml_put_text(out, "group", key_of(blueprint->diagnostics->arena, group_of(command)));
    yaml_put_text(out, "description", command->description);
    int result = put_arguments(blueprint, command);
    put_confirmation(blueprint, command);
    yaml_put_text(out, "populate_values_command", command->populate_from);
    yaml_end(out);
    return result | blueprint_check_key(blueprint, command->key, &command->at);
}

// Groups in the order in which commands name them; texts that make the same key are one group.
static void put_groups(struct blueprint *blueprint)
{
    const struct map *map = blueprint->map;
    struct arena *arena = blueprint->diagnostics->arena;
    const char **keys = ARENA_NEW_ARRAY(arena, map->command_count, const char *);
    size_t count = 0;
    yaml_begin(&blueprint->out, "command_groups");
    for (size_t i = 0; i < map->command_count; i++) {
        const char *group = group_of(&map->commands[i]);
        const char *key = key_of(arena, group);
        size_t known = 0;
        while (known < count && strcmp(keys[known], key) != 0)
            known++;
        if (known < count)
            continue;
        keys[count++] = key;
        yaml_begin(&blueprint->out, key);
        blueprint_put_name(blueprint, group, NULL);
        yaml_end(&blueprint->out);
    }
    yaml_end(&blueprint->out);
}

int blueprint_put_commands(struct blueprint *blueprint)
{
    const struct map *map = blueprint->map;
    int result = 0;
    if (map->command_count == 0)
        return 0;
    put_groups(blueprint);
    yaml_begin(&blueprint->out, "commands");
    for (size_t i = 0; i < map->command_count; i++)
        result |= put_command(blueprint, &map->commands[i]);
    yaml_end(&blueprint->out);
    return result;
}
