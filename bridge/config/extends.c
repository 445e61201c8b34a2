// SPDX-License-Identifier: MIT
#include "config/extends.h"

#include <string.h>

#include "base/mem.h"

// A mapping whose keys are laid one by one over those of the map below.
struct overlay {
    const char *key;
    const struct overlay *inner; // the mappings within it that are laid over in the same way
    size_t inner_count;
    bool null_is_value; // null says something here, and removes nothing
};

static const struct overlay simulation_sections[] = {
    {.key = "values", .null_is_value = true},
    {.key = "identification"},
    {.key = "sunspec"},
    {.key = "rules"},
    {.key = "noise"},
};

static const struct overlay map_sections[] = {
    {.key = "modbus"},
    {.key = "parameters"},
    {.key = "presets"},
    {.key = "registers"},
    {.key = "telemetry"},
    {.key = "properties"},
    {.key = "alerts"},
    {.key = "procedures"},
    {.key = "commands"},
    {.key = "simulation",
     .inner = simulation_sections,
     .inner_count = ARRAY_LENGTH(simulation_sections)},
};

static const struct overlay whole_map = {.inner = map_sections,
                                         .inner_count = ARRAY_LENGTH(map_sections)};

static const struct overlay *find_inner(const struct overlay *overlay, const char *key)
{
    for (size_t i = 0; i < overlay->inner_count; i++) {
        if (strcmp(overlay->inner[i].key, key) == 0)
            return &overlay->inner[i];
    }
    return NULL;
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
                               const struct node *upper, const struct overlay *overlay);

// NOLINTBEGIN(misc-no-recursion): no deeper than the sections above

// What a key of the lower mapping becomes; NULL when it is removed.
static const struct node *join_child(const struct reader *reader, const struct child *lower,
                                     const struct child *upper, const struct overlay *overlay)
{
    if (!upper)
        return lower->value;
    const struct overlay *inner = find_inner(overlay, upper->key);
    if (tree_is_null(upper->value) &&
        !overlay->null_is_value) // an empty section removes nothing
        return overlay == &whole_map && inner ? lower->value : NULL;
    bool both = lower->value && lower->value->kind == NODE_MAPPING && upper->value &&
                upper->value->kind == NODE_MAPPING;
    return both && inner ? join(reader, lower->value, upper->value, inner) : upper->value;
}

// The lower mapping with the upper's keys laid over it, in the lower's order, then what is new.
static const struct node *join(const struct reader *reader, const struct node *lower,
                               const struct node *upper, const struct overlay *overlay)
{
    struct node *joined = ARENA_NEW(reader->arena, struct node);
    struct child *children =
        ARENA_NEW_ARRAY(reader->arena, lower->count + upper->count, struct child);
    *joined = *upper;
    joined->children = children;
    joined->count = 0;
    for (size_t i = 0; i < lower->count; i++) {
        const struct child *over = find_child(upper, lower->children[i].key);
        const struct node *value = join_child(reader, &lower->children[i], over, overlay);
        if (!value)
            continue;
        children[joined->count] = over ? *over : lower->children[i];
        children[joined->count++].value = value;
    }
    for (size_t i = 0; i < upper->count; i++) {
        const struct child *child = &upper->children[i];
        if (find_child(lower, child->key))
            continue;
        if (overlay == &whole_map || overlay->null_is_value || !tree_is_null(child->value))
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
                                "library%s",
                                name->text,
                                config_suggest_map(reader->arena, name->text, &search));
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
        joined = join(reader, joined, stack[i - 1], &whole_map);
    *root = joined;
    return 0;
}
