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
    struct texts words;
    const char *description;
};

static const struct field parameter_rows[] = {
    {.name = "default",
     .kind = FIELD_NODE,
     FIELD_AT(parameter_fields, initial),
     .shape = "number, text, true or false",
     .help = "the value when the site gives none; without one the site must"},
    {.name = "enum",
     .kind = FIELD_TEXTS,
     FIELD_AT(parameter_fields, words),
     .help = "the texts allowed"},
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

static int check_words(struct loader *loader, const struct child *child,
                       const struct texts *words, const struct parameter *parameter)
{
    struct strbuf text = {0};
    struct suggestion suggestion;
    if (words->count == 0 || !parameter->node)
        return 0;
    suggest_start(&suggestion, parameter->node->text);
    strbuf_printf(&text, "%s: '%s' is not one of ", child->key, parameter->node->text);
    for (size_t i = 0; i < words->count; i++) {
        if (strcmp(words->items[i], parameter->node->text) == 0) {
            strbuf_done(&text);
            return 0;
        }
        strbuf_printf(&text, "%s%s", i ? ", " : "", words->items[i]);
        suggest_candidate(&suggestion, words->items[i]);
    }
    suggest_append(&suggestion, &text);
    (void)diagnostics_error(loader->reader.diagnostics, &parameter->node->at, "%s",
                            strbuf_text(&text));
    strbuf_done(&text);
    return -1;
}

static int read_parameter(struct loader *loader, const struct child *child,
                          struct parameter *parameter)
{
    struct parameter_fields fields = {0};
    struct layers layers = {{child->value}};
    const struct node *own = tree_find(loader->overrides->parameters, child->key);
    enum formula_type type = FORMULA_ANY;
    if (fields_read(&loader->reader, &table_parameter, &layers, &fields) < 0)
        return -1;
    if (fields.words.count > 0)
        type = FORMULA_TEXT;
    if (fields.initial &&
        load_value(loader, fields.initial, "default", type, &parameter->value) < 0)
        return -1;
    if (fields.initial)
        type = type_of(&parameter->value);
    if (own && load_value(loader, own, child->key, type, &parameter->value) < 0)
        return -1;
    parameter->node = own ? own : fields.initial;
    if (!parameter->node && loader->overrides->for_site)
        return diagnostics_error(loader->reader.diagnostics, loader->overrides->for_site,
                                 "the map needs the parameter '%s'%s%s: give it under "
                                 "parameters:",
                                 child->key, fields.description ? ", the " : "",
                                 fields.description ? fields.description : "");
    return check_words(loader, child, &fields.words, parameter);
}

// Where the value of a parameter is written, for fields that take a word from one.
static bool find_parameter(const void *context, const char *name, const struct node **ret_value)
{
    const struct loader *loader = context;
    const struct name *row = names_find(&loader->names, name);
    if (!row || row->kind != NAME_PARAMETER)
        return false;
    *ret_value = loader->parameters[row->index].node;
    return true;
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
        (void)read_parameter(loader, child, parameter);
    }
    check_overrides(loader);
    loader->reader.parameters = (struct word_source){find_parameter, loader};
}
