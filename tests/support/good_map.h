// SPDX-License-Identifier: MIT
// A map of tests/maps/good, to be looked at field by field.
#ifndef SUPPORT_GOOD_MAP_H
#define SUPPORT_GOOD_MAP_H

#include "config/config.h"
#include "registers/formula.h"
#include "unit/config_support.h"

#define GOOD SUPPORT_DIR "/../maps/good/"

struct loaded {
    struct desk *desk;
    const struct map *map;
};

// Reads a map without findings; fails the test when there are any that hurt. The caller frees
// the desk.
static inline struct loaded load(const char *path)
{
    struct loaded loaded = {.desk = desk_new()};
    int result =
        config_load_map(loaded.desk->arena, path, NULL, &loaded.desk->diagnostics, &loaded.map);
    if (result < 0)
        diagnostics_print(&loaded.desk->diagnostics, stderr);
    assert_int_equal(result, 0);
    return loaded;
}

// The entry, command or alert with this key; fails the test when there is none.
static inline const struct point *point(const struct map *map, const char *key)
{
    int index = map_find_point(map, key);
    if (index == NO_INDEX)
        print_error("no entry %s\n", key);
    assert_int_not_equal(index, NO_INDEX);
    return &map->points[index];
}

static inline const struct command *command(const struct map *map, const char *key)
{
    const struct command *found = map_find_command(map, key);
    if (!found)
        print_error("no command %s\n", key);
    assert_non_null(found);
    return found;
}

static inline const struct alert *alert(const struct map *map, const char *key)
{
    for (size_t i = 0; i < map->alert_count; i++) {
        if (strcmp(map->alerts[i].key, key) == 0)
            return &map->alerts[i];
    }
    fail_msg("no alert %s", key);
    return NULL;
}

static inline void assert_formula(const struct formula *formula, const char *text)
{
    assert_non_null(formula);
    assert_string_equal(formula_text(formula), text);
}

static inline void assert_constant(const struct formula *formula, int64_t number)
{
    assert_non_null(formula);
    const struct value *value = formula_constant_value(formula);
    assert_non_null(value);
    assert_int_equal(value->kind, VALUE_INTEGER);
    assert_true(value->integer == number);
}

#endif
