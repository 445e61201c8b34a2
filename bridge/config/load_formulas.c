// SPDX-License-Identifier: MIT
#include <fnmatch.h>
#include <string.h>

#include "base/strbuf.h"
#include "config/load.h"
#include "registers/codec.h"

static const struct variable *find_variable(const struct scope *scope, const char *name)
{
    for (size_t i = 0; scope->spot && i < scope->spot->variable_count; i++) {
        if (strcmp(scope->spot->variables[i].name, name) == 0)
            return &scope->spot->variables[i];
    }
    return NULL;
}

static enum formula_type type_of_value(const struct value *value)
{
    switch (value->kind) {
    case VALUE_BOOLEAN:
        return FORMULA_BOOLEAN;
    case VALUE_TEXT:
        return FORMULA_TEXT;
    default:
        return FORMULA_NUMBER;
    }
}

static void constant_symbol(const struct value *value, struct symbol *ret_symbol)
{
    *ret_symbol = (struct symbol){
        .kind = SYMBOL_CONSTANT,
        .type = type_of_value(value),
        .is_integer = value->kind == VALUE_INTEGER,
        .constant = *value,
    };
}

static bool argument_symbol(const struct scope *scope, const char *name,
                            struct symbol *ret_symbol)
{
    static const enum formula_type types[ARGUMENT_TYPE_COUNT] = {
        [ARGUMENT_STRING] = FORMULA_TEXT,     [ARGUMENT_INTEGER] = FORMULA_NUMBER,
        [ARGUMENT_FLOAT] = FORMULA_NUMBER,    [ARGUMENT_BOOLEAN] = FORMULA_BOOLEAN,
        [ARGUMENT_DURATION] = FORMULA_NUMBER,
    };
    for (size_t i = 0; i < scope->argument_count; i++) {
        const struct argument *argument = &scope->arguments[i];
        if (strcmp(argument->key, name) != 0)
            continue;
        *ret_symbol = (struct symbol){
            .kind = SYMBOL_ARGUMENT,
            .type = types[argument->type],
            .is_integer = argument->type == ARGUMENT_INTEGER,
            .index = (int)i,
            .choices = argument->choices,
            .choice_count = argument->choice_count,
        };
        return true;
    }
    return false;
}

static enum formula_type raw_type_of(const struct point *point)
{
    if (point->type == TYPE_BOOL)
        return FORMULA_BOOLEAN;
    if (point->type == TYPE_EVENT_LIST)
        return FORMULA_EVENTS;
    return codec_type(point->type)->is_number ? FORMULA_NUMBER : FORMULA_TEXT;
}

static int point_symbol(const struct scope *scope, int index, struct symbol *ret_symbol,
                        struct error *err)
{
    struct loader *loader = scope->loader;
    const struct point *point = &loader->points[index];
    if (scope->constants_only)
        return error_set(err, ERROR_CONFIG,
                         "'%s' is read from the equipment: only numbers, parameters and names "
                         "of repeat: can be used here",
                         point->key);
    if (!loader->entries[index].is_broken && !(point->access & ACCESS_READ) &&
        !scope->allow_write_only)
        return error_set(err, ERROR_CONFIG, "'%s' can only be written (access: w)", point->key);
    if (load_entry_type(loader, index, err) < 0)
        return -1;
    *ret_symbol = (struct symbol){
        .kind = SYMBOL_POINT,
        .type = loader->entries[index].type,
        .is_integer = loader->entries[index].is_integer,
        .index = index,
        .labels = point->labels,
    };
    if (point->source != SOURCE_FORMULA) {
        ret_symbol->raw_type = raw_type_of(point);
        ret_symbol->raw_is_integer = codec_type(point->type)->is_integer;
    }
    return 0;
}

static int find_name(void *context, const char *name, struct symbol *ret_symbol,
                     struct error *err)
{
    const struct scope *scope = context;
    const struct loader *loader = scope->loader;
    if (argument_symbol(scope, name, ret_symbol))
        return 0;
    const struct variable *variable = find_variable(scope, name);
    if (variable) {
        struct value value = value_integer(variable->value);
        constant_symbol(&value, ret_symbol);
        return 0;
    }
    const struct name *row = names_find(&loader->names, name);
    if (!row) {
        *ret_symbol = (struct symbol){.kind = SYMBOL_NONE};
        return 0;
    }
    if (row->kind == NAME_PARAMETER) {
        constant_symbol(&loader->parameters[row->index].value, ret_symbol);
        return 0;
    }
    return point_symbol(scope, row->index, ret_symbol, err);
}

static const char *suggest_name(void *context, const char *name)
{
    const struct scope *scope = context;
    struct suggestion suggestion;
    suggest_start(&suggestion, name);
    for (size_t i = 0; i < scope->argument_count; i++)
        suggest_candidate(&suggestion, scope->arguments[i].key);
    names_suggest(&scope->loader->names, &suggestion);
    return suggestion.best;
}

// The owner does not match: pv_total_power is no part of sum("pv*_power").
static void match_names(void *context, const char *pattern,
                        void (*each)(void *each_context, const struct symbol *symbol),
                        void *each_context)
{
    const struct scope *scope = context;
    struct loader *loader = scope->loader;
    for (size_t i = 0; i < loader->count; i++) {
        struct symbol symbol;
        struct error err;
        if ((int)i == scope->owner || fnmatch(pattern, loader->points[i].key, 0) != 0)
            continue;
        if (point_symbol(scope, (int)i, &symbol, &err) == 0)
            each(each_context, &symbol);
    }
}

static int find_model(void *context, const struct sunspec_model *model, struct error *err)
{
    const struct scope *scope = context;
    return load_model(scope->loader, model, err);
}

// Parses; on failure *ret_offset and err say why.
static int parse(const struct scope *scope, const char *text, enum formula_type expected,
                 const struct formula **ret_formula, size_t *ret_offset, struct error *err)
{
    struct scope context = *scope;
    struct formula_names names = {
        .context = &context,
        .find = find_name,
        .suggest = suggest_name,
        .match = match_names,
        .allow_raw = scope->allow_raw,
        .raw_type = scope->raw_type,
        .raw_is_integer = scope->raw_is_integer,
        .allow_now = scope->allow_now,
        .model = scope->constants_only && !scope->model_is_address ? NULL : find_model,
        .model_is_address = scope->model_is_address,
    };
    scope->loader->is_quiet = false;
    return formula_parse(scope->loader->reader.arena, text, &names, expected, ret_formula,
                         ret_offset, err);
}

int load_formula(const struct scope *scope, const struct node *node, const char *name,
                 enum formula_type expected, const struct formula **ret_formula)
{
    struct error err = {0};
    size_t offset = 0;
    struct loader *loader = scope->loader;
    if (fields_expect_scalar(&loader->reader, node, name) < 0)
        return -1;
    if (parse(scope, node->text, expected, ret_formula, &offset, &err) == 0) {
        check_formula(loader, node, name, *ret_formula);
        return 0;
    }
    if (loader->is_quiet)
        return -1;
    struct position at = tree_place_in(node, offset);
    return diagnostics_error(loader->reader.diagnostics, &at, "%s: %s", name, err.text);
}

int load_formula_text(const struct scope *scope, const struct node *node, const char *text,
                      enum formula_type expected, const struct formula **ret_formula)
{
    struct error err = {0};
    size_t offset = 0;
    struct loader *loader = scope->loader;
    if (parse(scope, text, expected, ret_formula, &offset, &err) == 0)
        return 0;
    if (loader->is_quiet)
        return -1;
    return diagnostics_error(loader->reader.diagnostics, &node->at, "%s", err.text);
}

int load_constant(struct loader *loader, const struct spot *spot, const struct node *node,
                  const char *name, int64_t *ret_value)
{
    struct scope scope = {
        .loader = loader, .spot = spot, .owner = NO_INDEX, .constants_only = true};
    const struct formula *formula = NULL;
    if (fields_expect_scalar(&loader->reader, node, name) < 0)
        return -1;
    if (num_parse_int(node->text, ret_value))
        return 0;
    if (explain_number(node->text))
        return field_read_int(&loader->reader, node, name, ret_value);
    if (load_formula(&scope, node, name, FORMULA_NUMBER, &formula) < 0)
        return -1;
    return load_whole(loader, node, name, formula, ret_value);
}

int load_whole(struct loader *loader, const struct node *node, const char *name,
               const struct formula *formula, int64_t *ret_value)
{
    const struct value *value = formula_constant_value(formula);
    if (value && value->kind == VALUE_INTEGER && value->integer >= INT64_MIN &&
        value->integer <= INT64_MAX) {
        *ret_value = (int64_t)value->integer;
        return 0;
    }
    return diagnostics_error(loader->reader.diagnostics, &node->at,
                             "%s: '%s' does not give a whole number", name, node->text);
}

// The end of the formula that begins after an open brace; a brace in its texts does not count.
static size_t formula_end(const char *text, size_t start)
{
    bool in_text = false;
    size_t at = start;
    for (; text[at]; at++) {
        if (text[at] == '"')
            in_text = !in_text;
        if (text[at] == '}' && !in_text)
            break;
    }
    return at;
}

static int load_piece(const struct scope *scope, const struct node *node, size_t start,
                      size_t end, struct text_piece *ret_piece)
{
    struct loader *loader = scope->loader;
    struct error err = {0};
    size_t offset = 0;
    const char *text = arena_copy(loader->reader.arena, node->text + start, end - start);
    if (parse(scope, text, FORMULA_ANY, &ret_piece->formula, &offset, &err) == 0)
        return 0;
    if (loader->is_quiet)
        return -1;
    struct position at = tree_place_in(node, start + offset);
    return diagnostics_error(loader->reader.diagnostics, &at, "in {...}: %s", err.text);
}

int load_template(const struct scope *scope, const struct node *node, const char *name,
                  const struct text_template **ret_template)
{
    struct arena *arena = scope->loader->reader.arena;
    struct text_template *template = ARENA_NEW(arena, struct text_template);
    if (fields_expect_scalar(&scope->loader->reader, node, name) < 0)
        return -1;
    const char *text = node->text;
    struct text_piece *pieces = ARENA_NEW_ARRAY(arena, strlen(text) + 1, struct text_piece);
    for (size_t at = 0; text[at];) {
        struct text_piece *piece = &pieces[template->count++];
        size_t literal = strcspn(text + at, "{");
        if (literal > 0) {
            piece->text = arena_copy(arena, text + at, literal);
            at += literal;
            continue;
        }
        size_t end = formula_end(text, at + 1);
        struct position place = tree_place_in(node, at);
        if (!text[end])
            return diagnostics_error(scope->loader->reader.diagnostics, &place,
                                     "%s: the '{' of a formula is not closed", name);
        if (load_piece(scope, node, at + 1, end, piece) < 0)
            return -1;
        at = end + 1;
    }
    template->pieces = pieces;
    *ret_template = template;
    return 0;
}
