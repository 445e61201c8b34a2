// SPDX-License-Identifier: MIT
#include "config/extends.h"

#include <string.h>

#include "base/mem.h"

// Keys whose mappings are joined entry by entry.
static const char *const joined_keys[] = {"modbus",    "parameters", "presets",
                                          "registers", "telemetry",  "properties",
                                          "alerts",    "procedures", "commands"};

static bool is_joined(const char *key)
{
    for (size_t i = 0; i < ARRAY_LENGTH(joined_keys); i++) {
        if (strcmp(joined_keys[i], key) == 0)
            return true;
    }
    return false;
}

static const struct child *find_child(const struct node *mapping, const char *key)
{
    for (size_t i = 0; i < mapping->count; i++) {
        if (strcmp(mapping->children[i].key, key) == 0)
            return &mapping->children[i];
    }
    return NULL;
}

static const struct node *join(const struct reader *reader, const struct node *lower,
                               const struct node *upper, bool deep);

// NOLINTBEGIN(misc-no-recursion): sections are joined within the whole, no deeper

// What a key of the lower mapping becomes; NULL when it is removed.
static const struct node *join_child(const struct reader *reader, const struct child *lower,
                                     const struct child *upper, bool deep)
{
    if (!upper)
        return lower->value;
    if (tree_is_null(upper->value)) // an empty section removes nothing
        return deep && is_joined(upper->key) ? lower->value : NULL;
    bool both = lower->value && lower->value->kind == NODE_MAPPING && upper->value &&
                upper->value->kind == NODE_MAPPING;
    return deep && both && is_joined(upper->key)
               ? join(reader, lower->value, upper->value, false)
               : upper->value;
}

// The lower mapping with the upper's keys laid over it, in the lower's order, then what is new.
static const struct node *join(const struct reader *reader, const struct node *lower,
                               const struct node *upper, bool deep)
{
    struct node *joined = ARENA_NEW(reader->arena, struct node);
    struct child *children =
        ARENA_NEW_ARRAY(reader->arena, lower->count + upper->count, struct child);
    *joined = *upper;
    joined->children = children;
    joined->count = 0;
    for (size_t i = 0; i < lower->count; i++) {
        const struct child *over = find_child(upper, lower->children[i].key);
        const struct node *value = join_child(reader, &lower->children[i], over, deep);
        if (!value)
            continue;
        children[joined->count] = over ? *over : lower->children[i];
        children[joined->count++].value = value;
    }
    for (size_t i = 0; i < upper->count; i++) {
        const struct child *child = &upper->children[i];
        if (find_child(lower, child->key))
            continue;
        if (deep || !tree_is_null(child->value))
            children[joined->count++] = *child;
        else
            (void)diagnostics_error(reader->diagnostics, &child->key_at,
                                    "'%s' is removed here (null), but the map below has no "
                                    "such entry",
                                    child->key);
    }
    return joined;
}
// NOLINTEND(misc-no-recursion)

static const char *folder_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? arena_copy(arena, path, (size_t)(slash - path)) : ".";
}

static const char *find_lower(const struct reader *reader, const struct map_folders *folders,
                              const char *path, const struct node *name)
{
    struct map_folders search;
    config_map_folders(&search, folder_of(reader->arena, path));
    const char *found = config_find_map(reader->arena, name->text, &search);
    if (!found && folders)
        found = config_find_map(reader->arena, name->text, folders);
    if (!found)
        (void)diagnostics_error(reader->diagnostics, &name->at,
                                "extends: there is no map '%s' beside this one or in the "
                                "library",
                                name->text);
    return found;
}

int extends_resolve(const struct reader *reader, const struct map_folders *folders,
                    const char *path, const struct node **root)
{
    const struct node *stack[MAX_EXTENDS];
    size_t count = 0;
    const struct node *at = *root;
    for (;;) {
        const struct node *name = tree_find(at, "extends");
        stack[count++] = at;
        if (!name)
            break;
        if (fields_expect_scalar(reader, name, "extends") < 0)
            return -1;
        if (count == MAX_EXTENDS)
            return diagnostics_error(
                reader->diagnostics, &name->at,
                "extends: more than %d maps over each other, or a map over "
                "itself",
                MAX_EXTENDS);
        path = find_lower(reader, folders, path, name);
        if (!path || tree_read(reader->arena, path, reader->diagnostics, &at) < 0)
            return -1;
    }
    const struct node *joined = stack[count - 1];
    for (size_t i = count - 1; i > 0; i--)
        joined = join(reader, joined, stack[i - 1], true);
    *root = joined;
    return 0;
}
