// SPDX-License-Identifier: MIT
// Entries that the equipment forgets and nobody keeps, and entries that keeping wears out.
#include "config/lint.h"
#include "registers/formula.h"

struct holds_lint {
    const struct map *map;
    struct diagnostics *diagnostics;
    const struct assignment *write; // looked for among the ends of all holds
    bool is_end;
};

static bool writes_the_same(const struct assignment *a, const struct assignment *b)
{
    const struct value *left = formula_constant_value(a->value);
    const struct value *right = formula_constant_value(b->value);
    return a->point == b->point && left && right && value_equal(left, right);
}

static void find_end(void *context, const struct step *step)
{
    struct holds_lint *lint = context;
    for (size_t i = 0; i < step->hold_then_count; i++)
        lint->is_end |= writes_the_same(&step->hold_then[i], lint->write);
}

// Whether the write sets what a hold of the map ends in: that may stand without a hold.
static bool is_end(struct holds_lint *lint, const struct assignment *write)
{
    lint->write = write;
    lint->is_end = false;
    for (size_t i = 0; i < lint->map->command_count; i++)
        lint_each_step(&lint->map->commands[i], find_end, lint);
    return lint->is_end;
}

static void check_write(struct holds_lint *lint, const struct step *step,
                        const struct assignment *write)
{
    const struct point *point = &lint->map->points[write->point];
    const struct point *words_of = map_words_of(lint->map, point);
    bool is_forgotten = point->hold || (words_of && words_of->hold);
    if (step->hold_every_ms == 0 && is_forgotten && !is_end(lint, write))
        diagnostics_warning(lint->diagnostics, &step->at,
                            "the equipment forgets '%s' (hold: true): without hold this write "
                            "is in force for a while only",
                            point->key);
    if (step->hold_every_ms > 0 && words_of && words_of->wear)
        diagnostics_warning(lint->diagnostics, &step->at,
                            "'%s' wears out with every write (wear: true) and is written again "
                            "and again here",
                            point->key);
}

static void check_step(void *context, const struct step *step)
{
    for (size_t i = 0; i < step->write_count && step->kind == STEP_WRITE; i++)
        check_write(context, step, &step->writes[i]);
}

// Whether a command can write its words, by itself or by a view.
static bool is_writable(const struct map *map, const struct point *point)
{
    for (size_t i = 0; i < map->point_count; i++) {
        const struct point *other = &map->points[i];
        bool is_broken = other->publish == PUBLISH_AUTO;
        if (!is_broken && (other->access & ACCESS_WRITE) &&
            (other == point || map_words_of(map, other) == point))
            return true;
    }
    return false;
}

// Marks that are about writing, on what nobody can write.
static void check_marks(const struct holds_lint *lint, const struct point *point)
{
    const char *mark = point->hold ? "hold" : "wear";
    if ((point->hold || point->wear) && point->publish != PUBLISH_AUTO &&
        !is_writable(lint->map, point))
        diagnostics_warning(lint->diagnostics, &point->at,
                            "%s: '%s' is read-only, so nothing is ever written to it: say "
                            "access: rw, or leave it out",
                            mark, point->key);
}

void lint_holds(const struct map *map, struct diagnostics *diagnostics)
{
    struct holds_lint lint = {.map = map, .diagnostics = diagnostics};
    for (size_t i = 0; i < map->point_count; i++)
        check_marks(&lint, &map->points[i]);
    for (size_t i = 0; i < map->command_count; i++)
        lint_each_step(&map->commands[i], check_step, &lint);
}
