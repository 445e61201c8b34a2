// SPDX-License-Identifier: MIT
#include "model/map.h"

#include <string.h>

#include "base/strbuf.h"
#include "base/suggest.h"

const char *const table_names[TABLE_COUNT] = {
    [TABLE_COIL] = "coil",
    [TABLE_DISCRETE] = "discrete",
    [TABLE_HOLDING] = "holding",
    [TABLE_INPUT] = "input",
};

bool table_is_bits(enum table table)
{
    return table == TABLE_COIL || table == TABLE_DISCRETE;
}

int map_find_point(const struct map *map, const char *key)
{
    for (size_t i = 0; i < map->point_count; i++) {
        if (strcmp(map->points[i].key, key) == 0)
            return (int)i;
    }
    return NO_INDEX;
}

int map_refuse_key(const struct map *map, const char *key, enum error_code code,
                   struct error *err)
{
    struct suggestion suggestion;
    struct strbuf near = {0};
    suggest_start(&suggestion, key);
    for (size_t i = 0; i < map->point_count; i++)
        suggest_candidate(&suggestion, map->points[i].key);
    suggest_append(&suggestion, &near);
    (void)error_set(err, code, "%s has no entry '%s'%s", map->name, key, strbuf_text(&near));
    strbuf_done(&near);
    return -1;
}

const struct command *map_find_command(const struct map *map, const char *key)
{
    for (size_t i = 0; i < map->command_count; i++) {
        if (strcmp(map->commands[i].key, key) == 0)
            return &map->commands[i];
    }
    return NULL;
}

const struct point *map_words_of(const struct map *map, const struct point *point)
{
    switch (point->source) {
    case SOURCE_WORDS:
        return point;
    case SOURCE_VIEW:
        return &map->points[point->from];
    case SOURCE_FORMULA:
        return NULL;
    }
    return NULL;
}

int map_index(const struct map *map, const struct point *point)
{
    return (int)(point - map->points);
}
