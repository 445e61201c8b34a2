// SPDX-License-Identifier: MIT
// Names and values for tests of formulas: a small map without a map.
#ifndef SUPPORT_FORMULA_NAMES_H
#define SUPPORT_FORMULA_NAMES_H

#include <fnmatch.h>
#include <string.h>

#include "base/mem.h"
#include "registers/formula.h"

static const struct label mode_rows[] = {{0, 0, "auto"}, {1, 1, "manual"}, {2, 9, "off"}};
static const struct labels mode_labels = {mode_rows, ARRAY_LENGTH(mode_rows), "other", false};
static const struct label running_rows[] = {{0, 0, "false"}, {1, 1, "true"}};
static const struct labels running_labels = {running_rows, ARRAY_LENGTH(running_rows), NULL,
                                             true};
static const char *const slots[] = {"night", "day"};
static const uint16_t event_codes[] = {0x108A, 0x1100, 0x0001};

// A name, what it is, and the value (and code) it has.
struct named {
    const char *name;
    struct symbol symbol;
    struct value value;
    struct value raw;
};

#define NAMED_NUMBER(key, number)                                                              \
    {                                                                                          \
        .name = (key), .symbol = {.kind = SYMBOL_POINT, .type = FORMULA_NUMBER},               \
        .value = number, .raw = number                                                         \
    }
#define NAMED_INTEGER(key, number)                                                             \
    {                                                                                          \
        .name = (key),                                                                         \
        .symbol = {.kind = SYMBOL_POINT,                                                       \
                   .type = FORMULA_NUMBER,                                                     \
                   .is_integer = true,                                                         \
                   .raw_is_integer = true},                                                    \
        .value = {.kind = VALUE_INTEGER, .integer = (number)}, .raw = {                        \
            .kind = VALUE_INTEGER,                                                             \
            .integer = (number) + 1000                                                         \
        }                                                                                      \
    }
#define REAL(number, digits)                                                                   \
    {                                                                                          \
        .kind = VALUE_REAL, .decimals = (digits), .real = (number)                             \
    }
#define INTEGER(number)                                                                        \
    {                                                                                          \
        .kind = VALUE_INTEGER, .integer = (number)                                             \
    }
#define BOOLEAN(truth)                                                                         \
    {                                                                                          \
        .kind = VALUE_BOOLEAN, .boolean = (truth)                                              \
    }
#define TEXT(string)                                                                           \
    {                                                                                          \
        .kind = VALUE_TEXT, .text = {(string), sizeof(string) - 1 }                            \
    }

static const struct named names_table[] = {
    NAMED_INTEGER("power", 1500),
    NAMED_NUMBER("voltage", REAL(230.5, 1)),
    NAMED_NUMBER("ratio", REAL((double)0.1F, DECIMALS_SHORTEST_FLOAT)),
    NAMED_INTEGER("huge", (int128)UINT64_MAX),
    NAMED_INTEGER("pv1_power", 10),
    NAMED_INTEGER("pv2_power", 20),
    NAMED_NUMBER("pv3_power", {.kind = VALUE_ABSENT}),
    NAMED_NUMBER("far1_power", {.kind = VALUE_ABSENT}),
    NAMED_NUMBER("far2_power", {.kind = VALUE_ABSENT}),
    NAMED_INTEGER("bad1_power", 10),
    NAMED_NUMBER("bad2_power", {.kind = VALUE_UNKNOWN}),
    NAMED_NUMBER("unread", {.kind = VALUE_UNKNOWN}),
    NAMED_NUMBER("absent", {.kind = VALUE_ABSENT}),
    // The map says a number, the value is something else.
    NAMED_NUMBER("liar", TEXT("five")),
    {.name = "mode",
     .symbol = {.kind = SYMBOL_POINT, .type = FORMULA_TEXT, .labels = &mode_labels},
     .value = TEXT("manual"),
     .raw = INTEGER(1)},
    {.name = "serial",
     .symbol = {.kind = SYMBOL_POINT, .type = FORMULA_TEXT},
     .value = TEXT("SUN-10"),
     .raw = TEXT("SUN-10")},
    {.name = "online",
     .symbol = {.kind = SYMBOL_POINT, .type = FORMULA_BOOLEAN},
     .value = BOOLEAN(true),
     .raw = BOOLEAN(true)},
    {.name = "running",
     .symbol = {.kind = SYMBOL_POINT, .type = FORMULA_BOOLEAN, .labels = &running_labels},
     .value = BOOLEAN(true),
     .raw = INTEGER(1)},
    {.name = "fault",
     .symbol = {.kind = SYMBOL_POINT, .type = FORMULA_BOOLEAN},
     .value = {.kind = VALUE_UNKNOWN},
     .raw = {.kind = VALUE_UNKNOWN}},
    {.name = "fitted",
     .symbol = {.kind = SYMBOL_POINT, .type = FORMULA_BOOLEAN},
     .value = {.kind = VALUE_ABSENT},
     .raw = {.kind = VALUE_ABSENT}},
    {.name = "errors",
     .symbol = {.kind = SYMBOL_POINT, .type = FORMULA_EVENTS},
     .value = {.kind = VALUE_EVENTS, .events = {event_codes, ARRAY_LENGTH(event_codes)}},
     .raw = {.kind = VALUE_EVENTS, .events = {event_codes, ARRAY_LENGTH(event_codes)}}},
    {.name = "slot",
     .symbol = {.kind = SYMBOL_ARGUMENT,
                .type = FORMULA_TEXT,
                .choices = slots,
                .choice_count = ARRAY_LENGTH(slots)},
     .value = TEXT("night")},
    {.name = "duration",
     .symbol = {.kind = SYMBOL_ARGUMENT, .type = FORMULA_NUMBER, .is_integer = true},
     .value = INTEGER(60)},
    {.name = "battery_base",
     .symbol = {.kind = SYMBOL_CONSTANT, .type = FORMULA_NUMBER, .constant = INTEGER(57600)}},
    {.name = "site_name",
     .symbol = {.kind = SYMBOL_CONSTANT, .type = FORMULA_TEXT, .constant = TEXT("north")}},
};

static inline struct symbol names_symbol(size_t row)
{
    struct symbol symbol = names_table[row].symbol;
    symbol.index = (int)row;
    return symbol;
}

static inline int names_find(void *context, const char *name, struct symbol *ret_symbol,
                             struct error *err)
{
    (void)context;
    if (strcmp(name, "circle") == 0)
        return error_set(err, ERROR_CONFIG, "circle -> power -> circle");
    *ret_symbol = (struct symbol){.kind = SYMBOL_NONE};
    for (size_t i = 0; i < ARRAY_LENGTH(names_table); i++) {
        if (strcmp(names_table[i].name, name) == 0)
            *ret_symbol = names_symbol(i);
    }
    return 0;
}

// Model 64 does not exist; the others are numbered by their lower id and their instance.
static inline int names_model(void *context, const struct sunspec_model *model,
                              struct error *err)
{
    (void)context;
    if (model->low == 64)
        return error_set(err, ERROR_CONFIG, "this map has no model 64");
    return model->low + model->instance - 1;
}

// Below 100 it is not known whether a model is there; 160 is not.
static inline struct value names_model_value(void *context, int model)
{
    (void)context;
    return model < 100 ? value_unknown() : value_boolean(model != 160);
}

static inline const char *names_suggest(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "voltag") == 0 ? "voltage" : NULL;
}

static inline void names_match(void *context, const char *pattern,
                               void (*each)(void *each_context, const struct symbol *symbol),
                               void *each_context)
{
    (void)context;
    for (size_t i = 0; i < ARRAY_LENGTH(names_table); i++) {
        struct symbol symbol = names_symbol(i);
        if (fnmatch(pattern, names_table[i].name, 0) == 0)
            each(each_context, &symbol);
    }
}

static inline struct value names_point(void *context, int index, bool raw)
{
    (void)context;
    return raw ? names_table[index].raw : names_table[index].value;
}

static inline struct value names_argument(void *context, int index)
{
    (void)context;
    return names_table[index].value;
}

static const struct value names_own_raw = INTEGER(0x0304);

static const struct formula_names all_names = {.find = names_find,
                                               .suggest = names_suggest,
                                               .match = names_match,
                                               .allow_raw = true,
                                               .raw_type = FORMULA_NUMBER,
                                               .raw_is_integer = true,
                                               .allow_now = true,
                                               .model = names_model};

// 2024-02-29 13:45:06 UTC, a Thursday.
static const struct formula_inputs all_inputs = {.point = names_point,
                                                 .argument = names_argument,
                                                 .raw = &names_own_raw,
                                                 .model = names_model_value,
                                                 .wall_ms = 1709214306999};

#endif
