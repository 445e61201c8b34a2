// SPDX-License-Identifier: MIT
// Constants that the register they are written to cannot hold, and ranges that leave nothing.
#include "config/lint.h"
#include "registers/codec.h"
#include "registers/formula.h"

struct fit {
    const struct map *map;
    struct diagnostics *diagnostics;
};

// Whether what is written is known before the equipment was asked.
static bool is_fixed(const struct point *point)
{
    return point->sf == NO_INDEX && !point->scale_formula && !point->formula;
}

bool lint_fits(const struct point *point, const struct value *value, struct error *err)
{
    uint16_t words[MAX_POINT_WORDS] = {0};
    return !is_fixed(point) || codec_encode(point, value, words, err) == 0;
}

static void check_assignment(const struct fit *fit, const struct position *at,
                             const struct assignment *assignment)
{
    const struct point *point = &fit->map->points[assignment->point];
    const struct value *constant = formula_constant_value(assignment->value);
    struct error err;
    if (constant && !lint_fits(point, constant, &err))
        (void)diagnostics_error(fit->diagnostics, at, "this write can never succeed: %s",
                                err.text);
}

static void check_step(void *context, const struct step *step)
{
    const struct fit *fit = context;
    for (size_t i = 0; i < step->write_count; i++)
        check_assignment(fit, &step->at, &step->writes[i]);
    for (size_t i = 0; i < step->hold_then_count; i++)
        check_assignment(fit, &step->at, &step->hold_then[i]);
}

// A range that no number of the register reaches.
static void check_range(const struct fit *fit, const struct point *point)
{
    struct point unlimited = *point;
    struct value low = {0};
    struct value high = {0};
    char least[48];
    char most[48];
    unlimited.has_range = false;
    if (!point->has_range || point->publish == PUBLISH_AUTO ||
        !codec_limits(&unlimited, false, &low, &high) ||
        (point->range_low <= value_number(&high) && point->range_high >= value_number(&low)))
        return;
    value_format(&low, least, sizeof least);
    value_format(&high, most, sizeof most);
    diagnostics_warning(fit->diagnostics, &point->at,
                        "range: '%s' is %s to %s, never inside: it is never published",
                        point->key, least, most);
}

void lint_fit(const struct map *map, struct diagnostics *diagnostics)
{
    struct fit fit = {map, diagnostics};
    for (size_t i = 0; i < map->point_count; i++)
        check_range(&fit, &map->points[i]);
    for (size_t i = 0; i < map->command_count; i++)
        lint_each_step(&map->commands[i], check_step, &fit);
}
