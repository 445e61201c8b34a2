// SPDX-License-Identifier: MIT
#include "registers/setter.h"

#include <string.h>

#include "registers/formula.h"
#include "registers/value_type.h"

enum { TIMEOUT_MS = 30 * 1000 };

const char setter_name[] = "write";

bool setter_is_made(const struct command *command)
{
    return command->key == setter_name;
}

int setter_check(const struct point *point, struct error *err)
{
    if (point->source == SOURCE_FORMULA)
        return error_set(err, ERROR_FAILED, "'%s' is computed and cannot be written",
                         point->key);
    if (!(point->access & ACCESS_WRITE))
        return error_set(err, ERROR_FAILED,
                         "'%s' is read-only: a register that commands write needs access: rw "
                         "(or w)",
                         point->key);
    if (point->type == TYPE_EVENT_LIST)
        return error_set(err, ERROR_FAILED, "'%s' is a list of events and cannot be written",
                         point->key);
    return 0;
}

// The texts a labelled entry can be set to.
static void set_choices(struct arena *arena, const struct labels *labels,
                        struct argument *argument)
{
    const char **choices = ARENA_NEW_ARRAY(arena, labels->count, const char *);
    for (size_t i = 0; i < labels->count; i++) {
        bool is_new = true;
        for (size_t k = 0; k < argument->choice_count; k++)
            is_new = is_new && strcmp(choices[k], labels->rows[i].text) != 0;
        if (is_new)
            choices[argument->choice_count++] = labels->rows[i].text;
    }
    argument->choices = choices;
}

static enum argument_type argument_type_of(const struct point *point)
{
    struct value_type value = value_type_of(point);
    switch (value.type) {
    case FORMULA_BOOLEAN:
        return ARGUMENT_BOOLEAN;
    case FORMULA_NUMBER:
        return value.is_integer ? ARGUMENT_INTEGER : ARGUMENT_FLOAT;
    case FORMULA_TEXT:
    case FORMULA_EVENTS:
    case FORMULA_ANY:
        break;
    }
    return ARGUMENT_STRING;
}

struct argument *setter_argument(struct arena *arena, const struct point *point, int index)
{
    struct argument *argument = ARENA_NEW(arena, struct argument);
    *argument = (struct argument){
        .key = point->key,
        .display_name = point->display_name,
        .description = point->description,
        .unit = point->unit,
        .at = point->at,
        .type = argument_type_of(point),
        .required = true,
        .target = index,
    };
    if (point->labels && !point->labels->is_boolean)
        set_choices(arena, point->labels, argument);
    return argument;
}

struct step setter_step(const struct modbus_settings *modbus, const struct position *at)
{
    return (struct step){
        .kind = STEP_WRITE,
        .at = *at,
        .verify = true,
        .within_ms = modbus->verify_within_ms,
    };
}

static const struct command *find_own(const struct map *map, int point)
{
    for (size_t i = 0; i < map->command_count; i++) {
        if (map->commands[i].set_point == point)
            return &map->commands[i];
    }
    return NULL;
}

// Limits cannot name arguments (config/load_arguments), so that they hold outside of their
// command too.
static void borrow_limits(const struct map *map, struct argument *argument)
{
    for (size_t i = 0; i < map->command_count; i++) {
        const struct command *command = &map->commands[i];
        for (size_t k = 0; k < command->argument_count; k++) {
            const struct argument *other = &command->arguments[k];
            if (other->target != argument->target || !(other->min || other->max))
                continue;
            argument->min = other->min;
            argument->max = other->max;
            return;
        }
    }
}

// The only name of the formulas below.
static int find_name(void *context, const char *name, struct symbol *ret_symbol,
                     struct error *err)
{
    (void)name;
    (void)err;
    *ret_symbol = *(const struct symbol *)context;
    return 0;
}

static int make_formula(struct arena *arena, const char *key, struct symbol *symbol,
                        const struct formula **ret_formula, struct error *err)
{
    struct formula_names names = {.context = symbol, .find = find_name};
    size_t offset = 0;
    return formula_parse(arena, key, &names, FORMULA_ANY, ret_formula, &offset, err);
}

static int add_write(struct arena *arena, const struct map *map, int index,
                     struct command *command, struct error *err)
{
    const struct point *point = &map->points[index];
    struct value_type value = value_type_of(point);
    struct symbol given = {
        .kind = SYMBOL_ARGUMENT, .type = value.type, .is_integer = value.is_integer};
    struct assignment *write = ARENA_NEW(arena, struct assignment);
    struct step *step = ARENA_NEW(arena, struct step);
    write->point = index;
    if (make_formula(arena, point->key, &given, &write->value, err) != 0)
        return -1;
    *step = setter_step(&map->modbus, &point->at);
    step->writes = write;
    step->write_count = 1;
    command->steps = step;
    command->step_count = 1;
    return 0;
}

static int add_result(struct arena *arena, const struct map *map, int index,
                      struct command *command, struct error *err)
{
    const struct point *point = &map->points[index];
    struct value_type value = value_type_of(point);
    struct symbol entry = {.kind = SYMBOL_POINT,
                           .type = value.type,
                           .is_integer = value.is_integer,
                           .index = index};
    if (!(point->access & ACCESS_READ))
        return 0;
    struct result_field *result = ARENA_NEW(arena, struct result_field);
    result->key = point->key;
    if (make_formula(arena, point->key, &entry, &result->value, err) != 0)
        return -1;
    command->results = result;
    command->result_count = 1;
    return 0;
}

const struct command *setter_find(struct arena *arena, const struct map *map, const char *key,
                                  struct error *err)
{
    int index = map_find_point(map, key);
    if (index == NO_INDEX) {
        (void)map_refuse_key(map, key, ERROR_FAILED, err);
        return NULL;
    }
    const struct point *point = &map->points[index];
    if (setter_check(point, err) != 0)
        return NULL;
    const struct command *own = find_own(map, index);
    if (own)
        return own;
    struct argument *argument = setter_argument(arena, point, index);
    borrow_limits(map, argument);
    struct command *command = ARENA_NEW(arena, struct command);
    *command = (struct command){
        .key = setter_name,
        .at = point->at,
        .arguments = argument,
        .argument_count = 1,
        .timeout_ms = TIMEOUT_MS,
        .set_point = index,
    };
    if (add_write(arena, map, index, command, err) != 0 ||
        add_result(arena, map, index, command, err) != 0)
        return NULL;
    return command;
}
