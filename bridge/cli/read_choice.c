// SPDX-License-Identifier: MIT
#include "cli/read_choice.h"

enum { SHORTEST_MS = 100, USUAL_MS = 1000 };

static void add_alert_sources(struct needs *needs, const struct map *map)
{
    for (size_t i = 0; i < map->alert_count; i++) {
        needs_add(needs, map->alerts[i].from);
        needs_add_formula(needs, map->alerts[i].when);
    }
}

static int add_asked(struct needs *needs, const struct target *target,
                     const struct options *options, struct error *err)
{
    const struct map *map = target->device->map;
    for (int i = target->next; i < options->positional_count; i++) {
        int point = map_find_point(map, options->positionals[i]);
        if (point == NO_INDEX)
            return map_refuse_key(map, options->positionals[i], ERROR_USAGE, err);
        if (map->points[point].source == SOURCE_WORDS &&
            !(map->points[point].access & ACCESS_READ))
            return error_set(err, ERROR_USAGE, "%s is write-only", options->positionals[i]);
        needs_add(needs, point);
    }
    for (size_t i = 0; i < map->point_count && options->positional_count == target->next; i++) {
        if (map->points[i].section != SECTION_REGISTERS)
            needs_add(needs, (int)i);
    }
    return 0;
}

int read_choice_make(struct read_choice *choice, const struct target *target,
                     const struct options *options, struct error *err)
{
    const struct map *map = target->device->map;
    needs_init(&choice->asked, map);
    needs_init(&choice->read, map);
    choice->is_all = options->positional_count == target->next;
    if (add_asked(&choice->asked, target, options, err) != 0)
        return -1;
    for (size_t i = 0; i < choice->asked.count; i++)
        needs_add(&choice->read, choice->asked.points[i]);
    if (choice->is_all)
        add_alert_sources(&choice->read, map);
    return 0;
}

void read_choice_done(struct read_choice *choice)
{
    needs_done(&choice->read);
    needs_done(&choice->asked);
}

int64_t read_choice_period_ms(const struct read_choice *choice)
{
    const struct map *map = choice->asked.map;
    int64_t period_ms = INT64_MAX;
    for (size_t i = 0; i < choice->asked.count; i++) {
        const struct point *point = map_words_of(map, &map->points[choice->asked.points[i]]);
        if (point && point->every_ms >= 0 && point->every_ms < period_ms)
            period_ms = point->every_ms;
    }
    if (period_ms == INT64_MAX)
        return USUAL_MS;
    return period_ms > SHORTEST_MS ? period_ms : SHORTEST_MS;
}
