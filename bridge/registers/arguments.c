// SPDX-License-Identifier: MIT
#include "registers/arguments.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "registers/codec.h"
#include "registers/codec_describe.h"
#include "registers/codec_text.h"
#include "registers/formula.h"

static bool accept_string(const struct value *given, struct value *ret_value)
{
    if (given->kind != VALUE_TEXT)
        return false;
    *ret_value = *given;
    return true;
}

// From 2^53 on a real may be the neighbour of the whole number that was meant.
static bool accept_integer(const struct value *given, struct value *ret_value)
{
    bool is_whole = given->kind == VALUE_REAL && given->real == trunc(given->real) &&
                    fabs(given->real) < 0x1p53;
    if (!is_whole && given->kind != VALUE_INTEGER)
        return false;
    *ret_value = is_whole ? value_integer((int128)given->real) : *given;
    return true;
}

static bool accept_float(const struct value *given, struct value *ret_value)
{
    if (!value_is_number(given))
        return false;
    *ret_value = *given;
    return true;
}

static bool accept_boolean(const struct value *given, struct value *ret_value)
{
    if (given->kind != VALUE_BOOLEAN)
        return false;
    *ret_value = *given;
    return true;
}

static bool accept_duration(const struct value *given, struct value *ret_value)
{
    return accept_float(given, ret_value) && value_number(given) >= 0;
}

static const struct kind {
    bool (*accept)(const struct value *given, struct value *ret_value);
    const char *noun;
    const char *unit; // of an argument that names none
} kinds[ARGUMENT_TYPE_COUNT] = {
    [ARGUMENT_STRING] = {.accept = accept_string, .noun = "a text"},
    [ARGUMENT_INTEGER] = {.accept = accept_integer, .noun = "a whole number"},
    [ARGUMENT_FLOAT] = {.accept = accept_float, .noun = "a number"},
    [ARGUMENT_BOOLEAN] = {.accept = accept_boolean, .noun = "true or false"},
    [ARGUMENT_DURATION] = {.accept = accept_duration,
                           .noun = "a number of seconds",
                           .unit = "s"},
};

static const char *unit_of(const struct argument *argument)
{
    return argument->unit ? argument->unit : kinds[argument->type].unit;
}

// What was given, unless it must not be repeated in messages.
static void describe(const struct argument *argument, const struct value *value,
                     char ret_text[DESCRIPTION_SIZE])
{
    if (argument->sensitive)
        (void)snprintf(ret_text, DESCRIPTION_SIZE, "what was given");
    else
        codec_describe(value, unit_of(argument), ret_text);
}

static const struct argument *find_argument(const struct command *command, const char *key)
{
    for (size_t i = 0; i < command->argument_count; i++) {
        if (strcmp(command->arguments[i].key, key) == 0)
            return &command->arguments[i];
    }
    return NULL;
}

static int error_unknown(const struct command *command, const char *key, struct error *err)
{
    char quoted[DESCRIPTION_SIZE];
    struct strbuf rest = {0};
    struct suggestion suggestion;
    struct value name = value_text(key);
    suggest_start(&suggestion, key);
    for (size_t i = 0; i < command->argument_count; i++)
        suggest_candidate(&suggestion, command->arguments[i].key);
    suggest_append(&suggestion, &rest);
    for (size_t i = 0; i < command->argument_count && !suggestion.best; i++)
        strbuf_printf(&rest, "%s%s", i ? ", " : "; it has ", command->arguments[i].key);
    codec_describe(&name, NULL, quoted);
    (void)error_set(err, ERROR_FAILED, "%s has no argument %s%s", command->key, quoted,
                    strbuf_text(&rest));
    strbuf_done(&rest);
    return -1;
}

static int check_names(const struct command *command, const struct given_argument *given,
                       size_t given_count, struct error *err)
{
    for (size_t i = 0; i < given_count; i++) {
        if (!find_argument(command, given[i].key))
            return error_unknown(command, given[i].key, err);
        for (size_t j = 0; j < i; j++) {
            if (strcmp(given[i].key, given[j].key) == 0)
                return error_set(err, ERROR_FAILED, "%s: given twice", given[i].key);
        }
    }
    return 0;
}

static int check_text(const struct argument *argument, const struct value *value,
                      struct error *err)
{
    if (value->kind != VALUE_TEXT)
        return 0;
    if (value->text.length > MAX_ARGUMENT_TEXT)
        return error_set(err, ERROR_FAILED, "%s: the text has %zu bytes, more than %d",
                         argument->key, value->text.length, MAX_ARGUMENT_TEXT);
    if (!codec_text_is_clean(value->text.bytes, value->text.length))
        return error_set(err, ERROR_FAILED,
                         "%s: the text has bytes that are no printable UTF-8 characters",
                         argument->key);
    return 0;
}

static int check_choices(const struct argument *argument, const struct value *value,
                         struct error *err)
{
    char given[DESCRIPTION_SIZE];
    struct strbuf list = {0};
    if (!argument->choices)
        return 0;
    for (size_t i = 0; i < argument->choice_count; i++) {
        struct value choice = value_text(argument->choices[i]);
        if (value_equal(value, &choice)) {
            strbuf_done(&list);
            return 0;
        }
        strbuf_printf(&list, "%s%s", i ? ", " : "", argument->choices[i]);
    }
    describe(argument, value, given);
    (void)error_set(err, ERROR_FAILED, "%s: %s is not one of %s", argument->key, given,
                    strbuf_text(&list));
    strbuf_done(&list);
    return -1;
}

// Either limit may be NULL: there is none.
static int check_bounds(const struct argument *argument, const struct value *value,
                        const struct value *min, const struct value *max, struct error *err)
{
    if (!value_is_number(value))
        return 0;
    bool is_low = min && value_compare(value, min) < 0;
    bool is_high = max && value_compare(value, max) > 0;
    if (!is_low && !is_high)
        return 0;
    if (argument->sensitive)
        return error_set(err, ERROR_FAILED, "%s: what was given is outside its limits",
                         argument->key);
    return codec_error_outside(argument->key, value, min, max, unit_of(argument), err);
}

static const struct value *constant(const struct formula *formula)
{
    const struct value *value = formula ? formula_constant_value(formula) : NULL;
    return value && value_is_number(value) ? value : NULL;
}

static int check_constant_bounds(const struct argument *argument, const struct value *value,
                                 struct error *err)
{
    return check_bounds(argument, value, constant(argument->min), constant(argument->max), err);
}

int arguments_check_limit(const struct argument *argument, const struct value *value,
                          const struct value *min, const struct value *max, struct error *err)
{
    if (argument->min && !value_is_number(min))
        return error_set(err, ERROR_FAILED, "%s: its lower limit, %s, could not be read",
                         argument->key, formula_text(argument->min));
    if (argument->max && !value_is_number(max))
        return error_set(err, ERROR_FAILED, "%s: its upper limit, %s, could not be read",
                         argument->key, formula_text(argument->max));
    return check_bounds(argument, value, argument->min ? min : NULL, argument->max ? max : NULL,
                        err);
}

static int error_target(const struct argument *argument, const struct point *point,
                        struct error *err)
{
    if (argument->sensitive)
        return error_set(err, ERROR_FAILED, "%s: what was given does not fit register %s",
                         argument->key, point->key);
    if (strcmp(argument->key, point->key) == 0)
        return -1; // the text begins with the name already
    return error_prefix(err, "%s", argument->key);
}

// Rounds to the step of the register the argument is written to, or refuses what the register
// cannot hold. A register whose scale is another register's value is judged when it was read.
static int fit_target(const struct map *map, const struct argument *argument,
                      struct value *value, struct error *err)
{
    char given[DESCRIPTION_SIZE];
    struct value raw = {0};
    if (argument->target == NO_INDEX)
        return 0;
    const struct point *point = &map->points[argument->target];
    if (point->sf != NO_INDEX || point->scale_formula || point->formula)
        return 0;
    if (codec_unscale(point, value, 0, &raw, err) < 0)
        return error_target(argument, point, err);
    struct value rounded = codec_round(point, value, 0);
    if (!value_is_number(value) || !value_is_number(&rounded) || value_equal(value, &rounded))
        return 0;
    if (check_constant_bounds(argument, &rounded, err) < 0) {
        describe(argument, value, given);
        return error_prefix(err, "%s: %s is between two steps of register %s", argument->key,
                            given, point->key);
    }
    *value = rounded;
    return 0;
}

static const struct value *find_given(const struct given_argument *given, size_t count,
                                      const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(given[i].key, key) == 0 && value_is_known(&given[i].value))
            return &given[i].value;
    }
    return NULL;
}

static int check_one(const struct map *map, const struct argument *argument,
                     const struct value *given, struct value *ret_value, struct error *err)
{
    char text[DESCRIPTION_SIZE];
    struct value value = argument->initial;
    if (!given && argument->required && !value_is_known(&value))
        return error_set(err, ERROR_FAILED, "%s: this argument is required, %s", argument->key,
                         kinds[argument->type].noun);
    if (given && !kinds[argument->type].accept(given, &value)) {
        describe(argument, given, text);
        return error_set(err, ERROR_FAILED, "%s: %s is not %s", argument->key, text,
                         kinds[argument->type].noun);
    }
    if (value_is_known(&value) &&
        (check_text(argument, &value, err) < 0 || check_choices(argument, &value, err) < 0 ||
         check_constant_bounds(argument, &value, err) < 0 ||
         fit_target(map, argument, &value, err) < 0))
        return -1;
    *ret_value = value;
    return 0;
}

// Copies the texts behind the request's values into one block that it owns.
static void own_texts(struct job_request *request)
{
    size_t size = 0;
    for (size_t i = 0; i < request->argument_count; i++) {
        const struct value *value = &request->arguments[i];
        size += value->kind == VALUE_TEXT ? value->text.length : 0;
    }
    char *text = mem_new(size, 1);
    request->text = text;
    for (size_t i = 0; i < request->argument_count; i++) {
        struct value *value = &request->arguments[i];
        if (value->kind != VALUE_TEXT)
            continue;
        memcpy(text, value->text.bytes, value->text.length);
        value->text.bytes = text;
        text += value->text.length;
    }
}

int arguments_check(const struct map *map, const struct command *command,
                    const struct given_argument *given, size_t given_count,
                    struct job_request **ret_request, struct error *err)
{
    struct value values[MAX_ARGUMENTS];
    assert(command->argument_count <= MAX_ARGUMENTS);
    if (check_names(command, given, given_count, err) < 0)
        return -1;
    for (size_t i = 0; i < command->argument_count; i++) {
        const struct argument *argument = &command->arguments[i];
        const struct value *value = find_given(given, given_count, argument->key);
        if (check_one(map, argument, value, &values[i], err) < 0)
            return -1;
    }
    struct job_request *request = mem_new(1, sizeof *request);
    request->command = command;
    request->argument_count = command->argument_count;
    memcpy(request->arguments, values, command->argument_count * sizeof *values);
    own_texts(request);
    *ret_request = request;
    return 0;
}
