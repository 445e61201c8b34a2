// SPDX-License-Identifier: MIT
#include <string.h>

#include "base/mem.h"
#include "config/load_command.h"
#include "registers/setter.h"

struct argument_fields {
    int type;
    const char *unit;
    struct texts choices;
    const struct node *min;
    const struct node *max;
    bool required;
    const struct node *initial;
    const char *display_name;
    const char *description;
    bool sensitive;
};

static const struct word argument_types[] = {
    {"string", ARGUMENT_STRING},   {"integer", ARGUMENT_INTEGER},   {"float", ARGUMENT_FLOAT},
    {"boolean", ARGUMENT_BOOLEAN}, {"duration", ARGUMENT_DURATION}, {0}};

// clang-format off
static const struct field argument_rows[] = {
    {.name = "type", .kind = FIELD_WORD, FIELD_AT(argument_fields, type), .words = argument_types, .required = true,
     .help = "string, integer, float, boolean or duration (a number of seconds)"},
    {.name = "unit", .kind = FIELD_TEXT, FIELD_AT(argument_fields, unit), .help = "unit in UCUM"},
    {.name = "enum", .kind = FIELD_TEXTS, FIELD_AT(argument_fields, choices), .help = "the texts allowed"},
    {.name = "min", .kind = FIELD_FORMULA, FIELD_AT(argument_fields, min), .help = "smallest value: a number, or a formula over registers, read fresh"},
    {.name = "max", .kind = FIELD_FORMULA, FIELD_AT(argument_fields, max), .help = "largest value"},
    {.name = "required", .kind = FIELD_BOOL, FIELD_AT(argument_fields, required), .initial = "false", .help = "the command is refused without it"},
    {.name = "default", .kind = FIELD_NODE, FIELD_AT(argument_fields, initial), .shape = "value of its type", .help = "the value when it is not given"},
    {.name = "display_name", .kind = FIELD_TEXT, FIELD_AT(argument_fields, display_name), .help = "name for people"},
    {.name = "description", .kind = FIELD_TEXT, FIELD_AT(argument_fields, description), .help = "what it is, for people"},
    {.name = "sensitive", .kind = FIELD_BOOL, FIELD_AT(argument_fields, sensitive), .initial = "false", .help = "a secret: never logged"},
};
// clang-format on

const struct field_table table_argument = {
    .name = "an argument",
    .help = "what the sender of a command may give",
    .rows = argument_rows,
    .count = ARRAY_LENGTH(argument_rows),
};

static bool is_numeric(enum argument_type type)
{
    return type == ARGUMENT_INTEGER || type == ARGUMENT_FLOAT || type == ARGUMENT_DURATION;
}

static enum formula_type value_type(enum argument_type type)
{
    if (type == ARGUMENT_BOOLEAN)
        return FORMULA_BOOLEAN;
    return type == ARGUMENT_STRING ? FORMULA_TEXT : FORMULA_NUMBER;
}

static int check_initial(struct loader *loader, const struct node *node,
                         const struct argument *argument)
{
    const struct value *value = &argument->initial;
    bool known = argument->choice_count == 0;
    for (size_t i = 0; i < argument->choice_count; i++) {
        struct value choice = value_text(argument->choices[i]);
        known = known || value_equal(value, &choice);
    }
    if (!known)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "default: '%s' is not in enum", node->text);
    if (argument->type == ARGUMENT_INTEGER && value->kind != VALUE_INTEGER)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "default: '%s' is not a whole number", node->text);
    return 0;
}

static int check_fields(struct draft_command *draft, const struct node *node,
                        const struct argument_fields *fields)
{
    enum argument_type type = (enum argument_type)fields->type;
    struct diagnostics *diagnostics = draft->loader->reader.diagnostics;
    const struct node *limit = fields->min ? fields->min : fields->max;
    if (limit && !is_numeric(type))
        return diagnostics_error(diagnostics, &limit->at,
                                 "min and max are for numbers; this argument is a %s",
                                 argument_types[type].text);
    if (fields->choices.count > 0 && type != ARGUMENT_STRING)
        return diagnostics_error(diagnostics, &tree_find(node, "enum")->at,
                                 "enum lists texts; this argument is a %s: use min and max",
                                 argument_types[type].text);
    if (fields->required && fields->initial)
        return diagnostics_error(diagnostics, &fields->initial->at,
                                 "default: a required argument is always given");
    return 0;
}

static int load_argument(struct draft_command *draft, const struct child *child,
                         struct argument *argument)
{
    struct loader *loader = draft->loader;
    struct argument_fields fields = {.type = NO_INDEX};
    struct layers layers = {{child->value}};
    if (names_check_form(&loader->reader, child->key, &child->key_at) < 0 ||
        names_check_reserved(&loader->reader, child->key, &child->key_at) < 0 ||
        fields_read(&loader->reader, &table_argument, &layers, &fields) < 0 ||
        check_fields(draft, child->value, &fields) < 0)
        return -1;
    const struct name *other = names_find(&loader->names, child->key);
    if (other)
        return diagnostics_error(loader->reader.diagnostics, &child->key_at,
                                 "argument '%s' has the name of an entry or parameter (line "
                                 "%d): choose another",
                                 child->key, other->at.line);
    *argument = (struct argument){
        .key = child->key,
        .display_name = fields.display_name,
        .description = fields.description,
        .unit = fields.unit,
        .at = child->key_at,
        .type = (enum argument_type)fields.type,
        .choices = fields.choices.items,
        .choice_count = fields.choices.count,
        .required = fields.required,
        .sensitive = fields.sensitive,
        .target = NO_INDEX,
    };
    if (!fields.initial)
        return 0;
    if (load_value(loader, fields.initial, "default", value_type(argument->type),
                   &argument->initial) < 0)
        return -1;
    return check_initial(loader, fields.initial, argument);
}

static int load_listed(struct draft_command *draft)
{
    const struct node *node = draft->fields.arguments;
    struct loader *loader = draft->loader;
    int result = 0;
    if (!node)
        return 0;
    if (fields_expect_mapping(&loader->reader, node, "arguments") < 0)
        return -1;
    if (node->count > MAX_ARGUMENTS)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "a command has at most %d arguments", MAX_ARGUMENTS);
    draft->arguments = ARENA_NEW_ARRAY(loader->reader.arena, node->count, struct argument);
    for (size_t i = 0; i < node->count; i++) {
        if (load_argument(draft, &node->children[i], &draft->arguments[i]) < 0)
            result = -1;
    }
    if (result == 0)
        draft->argument_count = node->count;
    return result;
}

// set: makes one argument, named after the entry.
static int load_set(struct draft_command *draft)
{
    struct loader *loader = draft->loader;
    int index = load_reference(loader, draft->fields.set, "set");
    if (index == NO_INDEX || loader->entries[index].typing != TYPING_DONE)
        return -1;
    const struct point *point = &loader->points[index];
    struct argument *argument = setter_argument(loader->reader.arena, point, index);
    argument->at = draft->fields.set->at;
    const struct node *limit = draft->fields.min ? draft->fields.min : draft->fields.max;
    if (limit && !is_numeric(argument->type))
        return diagnostics_error(loader->reader.diagnostics, &limit->at,
                                 "min and max are for numbers; '%s' is a %s", point->key,
                                 argument_types[argument->type].text);
    draft->arguments = argument;
    draft->argument_count = 1;
    return 0;
}

int load_arguments(struct draft_command *draft)
{
    struct loader *loader = draft->loader;
    const struct node *set = draft->fields.set;
    if (set && (draft->fields.arguments || draft->fields.steps))
        return diagnostics_error(
            loader->reader.diagnostics, &set->at,
            "set: stands for an argument and a step: remove arguments: and "
            "steps:, or write it out");
    const struct node *limit = draft->fields.min ? draft->fields.min : draft->fields.max;
    if (!set && limit)
        return diagnostics_error(
            loader->reader.diagnostics, &limit->at,
            "min and max belong to an argument, or to a command with set:");
    return set ? load_set(draft) : load_listed(draft);
}

static int load_limit(struct draft_command *draft, const struct node *node, const char *name,
                      const struct formula **ret_formula)
{
    // Limits are known before the arguments are: they cannot use them.
    struct scope scope = {.loader = draft->loader, .spot = draft->spot, .owner = NO_INDEX};
    return node ? load_formula(&scope, node, name, FORMULA_NUMBER, ret_formula) : 0;
}

static int check_limits(struct draft_command *draft, const struct argument *argument,
                        const struct node *node)
{
    const struct value *min = argument->min ? formula_constant_value(argument->min) : NULL;
    const struct value *max = argument->max ? formula_constant_value(argument->max) : NULL;
    const struct value *initial = &argument->initial;
    if (min && max && value_compare(min, max) > 0)
        return diagnostics_error(draft->loader->reader.diagnostics, &node->at,
                                 "min is above max");
    if (!value_is_number(initial))
        return 0;
    if ((min && value_compare(initial, min) < 0) || (max && value_compare(initial, max) > 0))
        return diagnostics_error(draft->loader->reader.diagnostics, &node->at,
                                 "the default is outside min to max");
    return 0;
}

int load_argument_limits(struct draft_command *draft)
{
    int result = 0;
    const struct node *node = draft->fields.arguments;
    for (size_t i = 0; i < draft->argument_count; i++) {
        struct argument *argument = &draft->arguments[i];
        const struct node *own =
            draft->fields.set ? draft->spot->node : node->children[i].value;
        const struct node *min = draft->fields.set ? draft->fields.min : tree_find(own, "min");
        const struct node *max = draft->fields.set ? draft->fields.max : tree_find(own, "max");
        bool read = load_limit(draft, min, "min", &argument->min) == 0 &&
                    load_limit(draft, max, "max", &argument->max) == 0;
        bool is_limited = min || max;
        if (!read || (is_limited && check_limits(draft, argument, max ? max : min) < 0))
            result = -1;
    }
    return result;
}
