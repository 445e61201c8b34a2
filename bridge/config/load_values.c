// SPDX-License-Identifier: MIT
// Constants: parameters, defaults of arguments, and what identify: compares with.
#include <string.h>

#include "base/mem.h"
#include "config/load.h"

static int read_number(struct loader *loader, const struct node *node, const char *name,
                       struct value *ret_value)
{
    int128 integer = 0;
    double real = 0;
    if (num_parse_wide(node->text, &integer)) {
        *ret_value = value_integer(integer);
        return 0;
    }
    if (num_parse_real(node->text, &real)) {
        *ret_value = value_real(real, DECIMALS_SHORTEST);
        return 0;
    }
    const char *why = explain_number(node->text);
    return diagnostics_error(loader->reader.diagnostics, &node->at,
                             "%s: '%s' is not a number%s%s", name, node->text, why ? ": " : "",
                             why ? why : "");
}

static int read_any(struct loader *loader, const struct node *node, const char *name,
                    struct value *ret_value)
{
    int128 integer = 0;
    double real = 0;
    if (!node->quoted &&
        (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0)) {
        *ret_value = value_boolean(node->text[0] == 't');
        return 0;
    }
    bool is_number = num_parse_wide(node->text, &integer) || num_parse_real(node->text, &real);
    if (!node->quoted && (is_number || explain_number(node->text)))
        return read_number(loader, node, name, ret_value);
    const char *text = NULL;
    if (field_read_text(&loader->reader, node, name, &text) < 0)
        return -1;
    *ret_value = value_text(text);
    return 0;
}

int load_value(struct loader *loader, const struct node *node, const char *name,
               enum formula_type type, struct value *ret_value)
{
    const char *text = NULL;
    bool boolean = false;
    if (fields_expect_scalar(&loader->reader, node, name) < 0)
        return -1;
    switch (type) {
    case FORMULA_BOOLEAN:
        if (field_read_bool(&loader->reader, node, name, &boolean) < 0)
            return -1;
        *ret_value = value_boolean(boolean);
        return 0;
    case FORMULA_NUMBER:
        return read_number(loader, node, name, ret_value);
    case FORMULA_TEXT:
        if (field_read_text(&loader->reader, node, name, &text) < 0)
            return -1;
        *ret_value = value_text(text);
        return 0;
    case FORMULA_ANY:
    case FORMULA_EVENTS:
        break;
    }
    return read_any(loader, node, name, ret_value);
}

struct parameter_fields {
    const struct node *initial;
    const char *description;
};

static const struct field parameter_rows[] = {
    {.name = "default",
     .kind = FIELD_NODE,
     FIELD_AT(parameter_fields, initial),
     .shape = "number, text, true or false",
     .help = "the value when the site gives none; without one the site must"},
    {.name = "description",
     .kind = FIELD_TEXT,
     FIELD_AT(parameter_fields, description),
     .help = "what it is, for the person who writes the site"},
};

const struct field_table table_parameter = {
    .name = "a parameter",
    .help = "what an installation may set",
    .rows = parameter_rows,
    .count = ARRAY_LENGTH(parameter_rows),
};

static enum formula_type type_of(const struct value *value)
{
    if (value_is_number(value))
        return FORMULA_NUMBER;
    return value->kind == VALUE_BOOLEAN ? FORMULA_BOOLEAN : FORMULA_TEXT;
}

static int read_parameter(struct loader *loader, const struct child *child,
                          struct value *ret_value)
{
    struct parameter_fields fields = {0};
    struct layers layers = {{child->value}};
    const struct node *own = tree_find(loader->overrides->parameters, child->key);
    struct value initial = {0};
    if (fields_read(&loader->reader, &table_parameter, &layers, &fields) < 0)
        return -1;
    if (fields.initial &&
        load_value(loader, fields.initial, "default", FORMULA_ANY, &initial) < 0)
        return -1;
    if (own)
        return load_value(loader, own, child->key,
                          fields.initial ? type_of(&initial) : FORMULA_ANY, ret_value);
    if (!fields.initial && loader->overrides->for_site)
        return diagnostics_error(loader->reader.diagnostics, loader->overrides->for_site,
                                 "the map needs the parameter '%s'%s%s: give it under "
                                 "parameters:",
                                 child->key, fields.description ? ", the " : "",
                                 fields.description ? fields.description : "");
    *ret_value = fields.initial ? initial : value_integer(0);
    return 0;
}

// Parameters the site gives and the map does not know.
static void check_overrides(struct loader *loader)
{
    const struct node *given = loader->overrides->parameters;
    for (size_t i = 0; given && given->kind == NODE_MAPPING && i < given->count; i++) {
        const struct child *child = &given->children[i];
        const struct name *name = names_find(&loader->names, child->key);
        struct strbuf text = {0};
        struct suggestion suggestion;
        if (name && name->kind == NAME_PARAMETER)
            continue;
        suggest_start(&suggestion, child->key);
        names_suggest(&loader->names, &suggestion);
        strbuf_printf(&text, "the map %s has no parameter '%s'", loader->map.name, child->key);
        suggest_append(&suggestion, &text);
        (void)diagnostics_error(loader->reader.diagnostics, &child->key_at, "%s",
                                strbuf_text(&text));
        strbuf_done(&text);
    }
}

void load_parameters(struct loader *loader, const struct node *node)
{
    size_t count = node && node->kind == NODE_MAPPING ? node->count : 0;
    if (node)
        (void)fields_expect_mapping(&loader->reader, node, "parameters");
    loader->parameters = ARENA_NEW_ARRAY(loader->reader.arena, count, struct parameter);
    for (size_t i = 0; i < count; i++) {
        const struct child *child = &node->children[i];
        struct parameter *parameter = &loader->parameters[loader->parameter_count];
        struct name name = {child->key, child->key_at, NAME_PARAMETER,
                            (int)loader->parameter_count};
        if (names_add(&loader->names, &loader->reader, &name) < 0)
            continue;
        *parameter = (struct parameter){.key = child->key, .value = value_integer(0)};
        loader->parameter_count++;
        (void)read_parameter(loader, child, &parameter->value);
    }
    check_overrides(loader);
}
