// SPDX-License-Identifier: MIT
// How a test puts a command together.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "support/job_world.h"

struct step world_write(struct world *world, const char *text)
{
    struct assignment *writes = ARENA_NEW_ARRAY(world->arena, 8, struct assignment);
    char *rest = arena_text(world->arena, text);
    size_t count = 0;
    for (char *part = strsep(&rest, ";"); part; part = strsep(&rest, ";")) {
        char *value = strstr(part, " := ");
        assert_non_null(value);
        *value = '\0';
        part += strspn(part, " ");
        writes[count].point = map_find_point(&world->map, part);
        assert_int_not_equal(writes[count].point, NO_INDEX);
        writes[count++].value = world_formula(world, value + 4);
    }
    return (struct step){
        .kind = STEP_WRITE, .writes = writes, .write_count = count, .verify = true};
}

const struct text_template *world_text(struct world *world, const char *text)
{
    if (!text)
        return NULL;
    struct text_piece *pieces = ARENA_NEW_ARRAY(world->arena, 9, struct text_piece);
    struct text_template *template = ARENA_NEW(world->arena, struct text_template);
    char *rest = arena_text(world->arena, text);
    size_t count = 0;
    while (rest) {
        char *literal = strsep(&rest, "{");
        pieces[count++] = (struct text_piece){.text = literal};
        char *inside = rest ? strsep(&rest, "}") : NULL;
        if (inside)
            pieces[count++] = (struct text_piece){.formula = world_formula(world, inside)};
    }
    *template = (struct text_template){pieces, count};
    return template;
}

struct step world_require(struct world *world, const char *condition, const char *otherwise)
{
    return (struct step){.kind = STEP_REQUIRE,
                         .condition = world_formula(world, condition),
                         .otherwise = world_text(world, otherwise)};
}

struct step world_expect(struct world *world, const char *condition, int64_t within_ms)
{
    return (struct step){.kind = STEP_EXPECT,
                         .condition = world_formula(world, condition),
                         .within_ms = within_ms};
}

struct step world_wait(int64_t duration_ms)
{
    return (struct step){.kind = STEP_WAIT, .duration_ms = duration_ms};
}

struct step world_log(struct world *world, const char *text)
{
    return (struct step){.kind = STEP_LOG, .text = world_text(world, text)};
}

struct step *world_steps(struct world *world, const struct step *steps, size_t count)
{
    struct step *copy = ARENA_NEW_ARRAY(world->arena, count, struct step);
    if (count)
        memcpy(copy, steps, count * sizeof *steps);
    return copy;
}

void world_command(struct world *world, const struct step *steps, size_t count)
{
    world->command.steps = world_steps(world, steps, count);
    world->command.step_count = count;
}

struct step world_try(struct world *world, const struct step *steps, size_t count,
                      const struct step *on_failure, size_t on_failure_count)
{
    return (struct step){
        .kind = STEP_TRY,
        .steps = world_steps(world, steps, count),
        .step_count = count,
        .on_failure = world_steps(world, on_failure, on_failure_count),
        .on_failure_count = on_failure_count,
    };
}

void world_argument(struct world *world, const char *key, enum argument_type type)
{
    world->arguments[world->command.argument_count++] =
        (struct argument){.key = key, .type = type, .target = NO_INDEX};
}

void world_result(struct world *world, const char *key)
{
    world->results[world->command.result_count++] =
        (struct result_field){key, world_formula(world, key)};
}

void world_set_rate(struct world *world)
{
    world_argument(world, "rate", ARGUMENT_FLOAT);
    world_command(world, STEPS(world_write(world, "production_rate := rate")));
    world_result(world, "production_rate");
}

void world_limit_rate(struct world *world)
{
    world_set_rate(world);
    world->arguments[0].min = world_formula(world, "rate_min");
    world->arguments[0].max = world_formula(world, "rate_max_half");
    world_hold(world, RATE_MIN, 60);
    world_hold(world, RATE_MAX, 200);
}
