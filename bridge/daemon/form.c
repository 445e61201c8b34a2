// SPDX-License-Identifier: MIT
#include "daemon/form.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "registers/formula.h"

static void mix(uint64_t *hash, const void *bytes, size_t length)
{
    *hash = hash_bytes(*hash, bytes, length);
}

static void mix_number(uint64_t *hash, int64_t number)
{
    mix(hash, &number, sizeof number);
}

static void mix_text(uint64_t *hash, const char *text)
{
    mix(hash, text, text ? strlen(text) + 1 : 0);
}

static void mix_constant(void *context, const struct value *constant)
{
    char text[128];
    value_format(constant, text, sizeof text);
    mix_text(context, text);
}

// Its text alone does not change with a parameter of the site or the base of a repeat.
static void mix_formula(uint64_t *hash, const struct formula *formula)
{
    mix_text(hash, formula ? formula_text(formula) : NULL);
    if (formula)
        formula_each_constant(formula, mix_constant, hash);
}

static void mix_words(uint64_t *hash, const struct map *map, const struct point *words_of)
{
    mix_number(hash, words_of->table);
    mix_number(hash, words_of->unit_id);
    mix_number(hash, words_of->address);
    mix_number(hash, words_of->word_count);
    for (int i = 0; i < words_of->part_count; i++)
        mix_number(hash, words_of->parts[i]);
    if (words_of->model == SUNSPEC_NONE)
        return;
    const struct sunspec_model *model = &map->models[words_of->model - 1];
    mix_number(hash, model->low);
    mix_number(hash, model->high);
    mix_number(hash, model->instance);
}

static void mix_value(uint64_t *hash, const struct map *map, const struct point *point)
{
    mix_number(hash, point->type);
    mix_number(hash, point->word_order);
    mix_number(hash, point->byte_order);
    mix_number(hash, point->bit_low);
    mix_number(hash, point->bit_high);
    mix_number(hash, point->scale.mantissa);
    mix_number(hash, point->scale.exponent);
    mix_number(hash, point->offset.mantissa);
    mix_number(hash, point->offset.exponent);
    mix_formula(hash, point->scale_formula);
    mix_text(hash, point->sf == NO_INDEX ? NULL : map->points[point->sf].key);
    for (size_t i = 0; point->labels && i < point->labels->count; i++) {
        mix_number(hash, point->labels->rows[i].low);
        mix_text(hash, point->labels->rows[i].text);
    }
}

void form_mix_point(uint64_t *hash, const struct map *map, const struct point *point)
{
    const struct point *words_of = map_words_of(map, point);
    mix_text(hash, point->key);
    if (words_of)
        mix_words(hash, map, words_of);
    mix_value(hash, map, point);
}

void form_mix_entries(uint64_t *hash, const struct map *map)
{
    for (size_t i = 0; i < map->point_count; i++) {
        const struct point *point = &map->points[i];
        form_mix_point(hash, map, point);
        mix_formula(hash, point->formula);
        mix_formula(hash, point->when);
        mix(hash, point->invalid, point->invalid_count * sizeof point->invalid[0]);
        mix_number(hash, point->decimals);
    }
}

static void mix_assignments(uint64_t *hash, const struct map *map,
                            const struct assignment *assignments, size_t count)
{
    mix_number(hash, (int64_t)count);
    for (size_t i = 0; i < count; i++) {
        mix_text(hash, map->points[assignments[i].point].key);
        mix_formula(hash, assignments[i].value);
    }
}

// Texts for people may change.
static void mix_step(uint64_t *hash, const struct map *map, const struct step *step)
{
    mix_number(hash, step->kind);
    mix_formula(hash, step->when);
    mix_assignments(hash, map, step->writes, step->write_count);
    mix_number(hash, step->verify);
    mix_number(hash, step->within_ms);
    mix_number(hash, step->hold_every_ms);
    mix_formula(hash, step->hold_for);
    mix_assignments(hash, map, step->hold_then, step->hold_then_count);
    mix_formula(hash, step->condition);
    mix_number(hash, step->duration_ms);
    mix_number(hash, (int64_t)step->step_count);
    mix_number(hash, (int64_t)step->on_failure_count);
}

// NOLINTNEXTLINE(misc-no-recursion): try inside try, at most MAX_STEP_DEPTH
static void mix_steps(uint64_t *hash, const struct map *map, const struct step *steps,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        mix_step(hash, map, &steps[i]);
        mix_steps(hash, map, steps[i].steps, steps[i].step_count);
        mix_steps(hash, map, steps[i].on_failure, steps[i].on_failure_count);
    }
}

void form_mix_command(uint64_t *hash, const struct map *map, const struct command *command)
{
    mix_text(hash, command->key);
    for (size_t i = 0; i < command->argument_count; i++) {
        const struct argument *argument = &command->arguments[i];
        mix_text(hash, argument->key);
        mix_number(hash, argument->type);
        mix_constant(hash, &argument->initial);
    }
    mix_steps(hash, map, command->steps, command->step_count);
}

void form_print(uint64_t hash, char ret_form[FORM_SIZE])
{
    (void)snprintf(ret_form, FORM_SIZE, "%016" PRIx64, hash);
}
