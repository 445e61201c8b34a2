// SPDX-License-Identifier: MIT
// Entries of a map with everything at its default, and what words become with them. Include it
// after cmocka.h.
#ifndef SUPPORT_CODEC_POINT_H
#define SUPPORT_CODEC_POINT_H

#include <stdio.h>

#include "registers/codec.h"

// A row overrides what POINT sets by default.
#pragma GCC diagnostic ignored "-Woverride-init"

// An entry with everything at its default.
#define POINT(...)                                                                             \
    (struct point)                                                                             \
    {                                                                                          \
        .key = "x", .table = TABLE_HOLDING, .word_count = 1, .bit_low = NO_INDEX,              \
        .bit_high = NO_INDEX, .scale = {1, 0}, .sf = NO_INDEX, .decimals = DECIMALS_SHORTEST,  \
        __VA_ARGS__                                                                            \
    }

#define SCALED(a_type, ...) POINT(.type = (a_type), __VA_ARGS__)

// Labels: with a code between, for every other code, and for a boolean.
static const struct label modes[] = {
    {0, 0, "battery_first"}, {1, 3, "load_first"}, {4, 4, "battery_first"}};
static const struct label yes_no[] = {{0, 0, "true"}, {7, 7, "false"}};
static const struct labels mode_labels = {.rows = modes, .count = 3};
static const struct labels other_labels = {.rows = modes, .count = 3, .otherwise = "other"};
static const struct labels boolean_labels = {.rows = yes_no, .count = 2, .is_boolean = true};

// Texts of what was decoded last; the end of it is the test's to move.
static struct codec_space space;

// As many words as the type has; 8 for a string.
static inline struct point point_of(enum point_type type)
{
    struct point point = POINT(.type = type);
    uint16_t words = codec_type(type)->word_count;
    point.word_count = words ? words : 8;
    return point;
}

// The decoded value as a person reads it: kind, then text.
static inline const char *show(const struct value *value)
{
    static const char *const names[] = {"unknown", "absent", "boolean", "integer",
                                        "real",    "text",   "events"};
    static char text[400];
    char body[320];
    value_format(value, body, sizeof body);
    (void)snprintf(text, sizeof text, "%s %s", names[value->kind], body);
    return value_is_known(value) ? text : names[value->kind];
}

// The next call overwrites it.
static inline const char *decoded(const struct point *point, const uint16_t *words)
{
    space.used = 0;
    struct value value = codec_decode(point, words, &space);
    return show(&value);
}

#endif
