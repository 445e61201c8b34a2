// SPDX-License-Identifier: MIT
#include "config/spots.h"

#include <string.h>

#include "base/strbuf.h"
#include "config/load.h"

// A growing list of spots.
struct list {
    struct spot *items;
    size_t count;
    size_t capacity;
};

static struct spot *add_spot(struct loader *loader, struct list *list)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 64;
        struct spot *items = ARENA_NEW_ARRAY(loader->reader.arena, capacity, struct spot);
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    return &list->items[list->count++];
}

// The text with {name} replaced by its number; the text itself when there is none.
static const char *fill_text(struct loader *loader, const struct spot *spot, const char *text)
{
    for (size_t i = 0; i < spot->variable_count && strchr(text, '{'); i++) {
        struct strbuf filled = {0};
        const char *mark = arena_printf(loader->reader.arena, "{%s}", spot->variables[i].name);
        const char *found = strstr(text, mark);
        if (!found)
            continue;
        for (; found; found = strstr(text, mark)) {
            strbuf_add_bytes(&filled, text, (size_t)(found - text));
            strbuf_printf(&filled, "%lld", (long long)spot->variables[i].value);
            text = found + strlen(mark);
        }
        strbuf_add(&filled, text);
        text = arena_text(loader->reader.arena, strbuf_text(&filled));
        strbuf_done(&filled);
    }
    return text;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the tree, at most MAX_TREE_DEPTH
const struct node *spot_fill(struct loader *loader, const struct spot *spot,
                             const struct node *node)
{
    if (!node || spot->variable_count == 0)
        return node;
    if (node->kind == NODE_SCALAR) {
        const char *text = fill_text(loader, spot, node->text);
        if (text == node->text)
            return node;
        struct node *filled = ARENA_NEW(loader->reader.arena, struct node);
        *filled = *node;
        filled->text = text;
        filled->width = 0;
        return filled;
    }
    struct node *copy = ARENA_NEW(loader->reader.arena, struct node);
    struct child *children = ARENA_NEW_ARRAY(loader->reader.arena, node->count, struct child);
    for (size_t i = 0; i < node->count; i++) {
        children[i] = node->children[i];
        children[i].value = spot_fill(loader, spot, node->children[i].value);
        if (children[i].key)
            children[i].key = fill_text(loader, spot, children[i].key);
    }
    *copy = *node;
    copy->children = children;
    return copy;
}

// How often the values of a variable make it repeat; -1 after a finding.
static int64_t count_values(struct loader *loader, const struct child *variable)
{
    const struct node *values = variable->value;
    struct codes codes;
    if (names_check_form(&loader->reader, variable->key, &variable->key_at) < 0)
        return -1;
    if (values->kind == NODE_SEQUENCE)
        return (int64_t)values->count;
    if (field_read_codes(&loader->reader, values, "repeat", &codes) < 0)
        return -1;
    if (codes.high - codes.low >= MAX_REPEAT)
        return diagnostics_error(loader->reader.diagnostics, &values->at,
                                 "repeat: at most %d times", MAX_REPEAT);
    return codes.high - codes.low + 1;
}

static int read_value(struct loader *loader, const struct node *values, size_t turn,
                      int64_t *ret_value)
{
    struct codes codes;
    if (values->kind == NODE_SEQUENCE)
        return load_constant(loader, NULL, values->children[turn].value, "repeat", ret_value);
    (void)codes_parse(values->text, &codes);
    *ret_value = codes.low + (int64_t)turn;
    return 0;
}

// How many copies a repeat: asks for; -1 after a finding.
static int64_t count_turns(struct loader *loader, const struct node *repeat)
{
    int64_t turns = 0;
    if (fields_expect_mapping(&loader->reader, repeat, "repeat") < 0)
        return -1;
    if (repeat->count == 0 || repeat->count > MAX_VARIABLES)
        return diagnostics_error(loader->reader.diagnostics, &repeat->at,
                                 "repeat: one to %d names, such as {n: 1..4}", MAX_VARIABLES);
    for (size_t i = 0; i < repeat->count; i++) {
        int64_t count = count_values(loader, &repeat->children[i]);
        if (count < 0)
            return -1;
        if (i > 0 && count != turns)
            return diagnostics_error(loader->reader.diagnostics, &repeat->children[i].value->at,
                                     "repeat: '%s' has %lld values, '%s' has %lld",
                                     repeat->children[i].key, (long long)count,
                                     repeat->children[0].key, (long long)turns);
        turns = count;
    }
    return turns;
}

static int expand_turn(struct loader *loader, const struct child *child,
                       const struct node *repeat, size_t turn, struct list *list)
{
    struct spot spot = {.at = child->key_at, .variable_count = repeat->count};
    for (size_t i = 0; i < repeat->count; i++) {
        spot.variables[i].name = repeat->children[i].key;
        if (read_value(loader, repeat->children[i].value, turn, &spot.variables[i].value) < 0)
            return -1;
    }
    spot.key = fill_text(loader, &spot, child->key);
    if (spot.key == child->key)
        return diagnostics_error(
            loader->reader.diagnostics, &child->key_at,
            "'%s' is repeated: its name must hold {%s}, or all copies would "
            "have the same",
            child->key, repeat->children[0].key);
    spot.node = spot_fill(loader, &spot, child->value);
    *add_spot(loader, list) = spot;
    return 0;
}

static void expand_child(struct loader *loader, const struct child *child, struct list *list)
{
    const struct node *repeat = tree_find(child->value, "repeat");
    if (!repeat) {
        *add_spot(loader, list) =
            (struct spot){.key = child->key, .at = child->key_at, .node = child->value};
        return;
    }
    int64_t turns = count_turns(loader, repeat);
    if (turns < 0)
        return;
    for (size_t turn = 0; turn < (size_t)turns; turn++) {
        if (loader->expanded + list->count >= MAX_ENTRIES ||
            expand_turn(loader, child, repeat, turn, list) < 0)
            return;
    }
}

struct spots spots_expand(struct loader *loader, const struct node *section, const char *what)
{
    struct list list = {0};
    if (!section || tree_is_null(section) ||
        fields_expect_mapping(&loader->reader, section, what) < 0)
        return (struct spots){0};
    for (size_t i = 0; i < section->count; i++) {
        if (loader->expanded + list.count >= MAX_ENTRIES) {
            (void)diagnostics_error(loader->reader.diagnostics, &section->children[i].key_at,
                                    "more than %d entries, alerts and commands in one map",
                                    MAX_ENTRIES);
            break;
        }
        expand_child(loader, &section->children[i], &list);
    }
    loader->expanded += list.count;
    return (struct spots){list.items, list.count};
}
