// SPDX-License-Identifier: MIT
// Reading twins: before somebody sets a value they want to see what it is now. For
// set_power_limit there is get_power_limit, which returns the argument as the equipment holds
// it.
#include <string.h>

#include "config/load_command.h"

static const struct command *find_command(const struct map *map, const char *key)
{
    for (size_t i = 0; i < map->command_count; i++) {
        if (strcmp(map->commands[i].key, key) == 0)
            return &map->commands[i];
    }
    return NULL;
}

static const char *twin_key(struct arena *arena, const char *key)
{
    return arena_printf(arena, "get_%s", strncmp(key, "set_", 4) == 0 ? key + 4 : key);
}

static bool is_harmless(const struct step *step)
{
    return step->kind == STEP_REQUIRE || step->kind == STEP_LOG;
}

// Whether a command that the map itself gives says what the argument is, and does nothing else.
static bool answers(const struct command *command, const char *argument)
{
    bool is_said = false;
    for (size_t i = 0; i < command->argument_count; i++) {
        if (command->arguments[i].required)
            return false;
    }
    for (size_t i = 0; i < command->result_count; i++)
        is_said |= strcmp(command->results[i].key, argument) == 0;
    for (size_t i = 0; i < command->step_count; i++)
        is_said &= is_harmless(&command->steps[i]);
    return is_said;
}

static int make_twin(struct loader *loader, const struct command *command, const char *key,
                     struct command *twin)
{
    struct scope scope = {.loader = loader, .owner = NO_INDEX};
    struct node node = {.kind = NODE_SCALAR, .at = command->at, .text = key};
    struct result_field *result = ARENA_NEW(loader->reader.arena, struct result_field);
    result->key = command->arguments[0].key;
    if (load_formula_text(&scope, &node, loader->points[command->set_point].key, FORMULA_ANY,
                          &result->value) < 0)
        return -1;
    *twin = (struct command){
        .key = key,
        .group = command->group,
        .at = command->at,
        .results = result,
        .result_count = 1,
        .timeout_ms = command->timeout_ms,
        .set_point = NO_INDEX,
    };
    return 0;
}

void load_twins(struct loader *loader)
{
    size_t count = loader->map.command_count;
    struct command *rows = ARENA_NEW_ARRAY(loader->reader.arena, 2 * count, struct command);
    if (count > 0)
        memcpy(rows, loader->map.commands, count * sizeof *rows);
    loader->map.commands = rows;
    for (size_t i = 0; i < count; i++) {
        int point = rows[i].set_point;
        if (point == NO_INDEX || !(loader->points[point].access & ACCESS_READ))
            continue;
        const char *key = twin_key(loader->reader.arena, rows[i].key);
        const struct command *other = find_command(&loader->map, key);
        bool is_made =
            !other && make_twin(loader, &rows[i], key, &rows[loader->map.command_count]) == 0;
        loader->map.command_count += is_made;
        if (is_made || (other && answers(other, rows[i].arguments[0].key)))
            rows[i].populate_from = key;
    }
}
