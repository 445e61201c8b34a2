// SPDX-License-Identifier: MIT
#include "model/value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

bool value_is_known(const struct value *value)
{
    return value->kind != VALUE_UNKNOWN && value->kind != VALUE_ABSENT;
}

bool value_is_number(const struct value *value)
{
    return value->kind == VALUE_INTEGER || value->kind == VALUE_REAL;
}

struct value value_unknown(void)
{
    return (struct value){.kind = VALUE_UNKNOWN};
}

struct value value_absent(void)
{
    return (struct value){.kind = VALUE_ABSENT};
}

struct value value_boolean(bool boolean)
{
    return (struct value){.kind = VALUE_BOOLEAN, .boolean = boolean};
}

struct value value_integer(int128 integer)
{
    return (struct value){.kind = VALUE_INTEGER, .integer = integer};
}

// Rounds as the printed text does, so that what is compared equals what is published.
static double round_to(double real, int decimals)
{
    char text[360];
    (void)snprintf(text, sizeof text, "%.*f", decimals, real);
    return strtod(text, NULL);
}

struct value value_real(double real, int decimals)
{
    if (!isfinite(real))
        return value_unknown();
    if (decimals >= 0)
        real = round_to(real, decimals);
    if (real == 0)
        real = 0; // -0.0 has no meaning for equipment
    return (struct value){.kind = VALUE_REAL, .decimals = decimals, .real = real};
}

struct value value_text_bytes(const char *bytes, size_t length)
{
    return (struct value){.kind = VALUE_TEXT, .text = {bytes, length}};
}

struct value value_text(const char *text)
{
    return value_text_bytes(text, strlen(text));
}

static double published_real(const struct value *value)
{
    bool is_float = value->decimals == DECIMALS_SHORTEST_FLOAT;
    return is_float ? num_shortest_float(value->real) : value->real;
}

double value_number(const struct value *value)
{
    return value->kind == VALUE_INTEGER ? (double)value->integer : published_real(value);
}

static int compare_with_real(int128 integer, double real)
{
    if (fabs(real) >= 0x1p65)
        return real > 0 ? -1 : 1;
    int128 below = (int128)floor(real);
    if (integer != below)
        return integer < below ? -1 : 1;
    return real > floor(real) ? -1 : 0;
}

int value_compare(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_INTEGER && b->kind == VALUE_INTEGER)
        return (a->integer > b->integer) - (a->integer < b->integer);
    if (a->kind == VALUE_INTEGER)
        return compare_with_real(a->integer, published_real(b));
    if (b->kind == VALUE_INTEGER)
        return -compare_with_real(b->integer, published_real(a));
    double first = published_real(a);
    double second = published_real(b);
    return (first > second) - (first < second);
}

bool value_equal(const struct value *a, const struct value *b)
{
    if (value_is_number(a) && value_is_number(b))
        return value_compare(a, b) == 0;
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case VALUE_BOOLEAN:
        return a->boolean == b->boolean;
    case VALUE_TEXT:
        return a->text.length == b->text.length &&
               memcmp(a->text.bytes, b->text.bytes, a->text.length) == 0;
    case VALUE_EVENTS:
        return a->events.count == b->events.count &&
               memcmp(a->events.codes, b->events.codes, a->events.count * sizeof(uint16_t)) ==
                   0;
    case VALUE_UNKNOWN:
    case VALUE_ABSENT:
    case VALUE_INTEGER:
    case VALUE_REAL:
        return true;
    }
    return false;
}

static void format_real(const struct value *value, char *ret_text, size_t size)
{
    if (value->decimals >= 0)
        (void)snprintf(ret_text, size, "%.*f", value->decimals, value->real);
    else
        (void)num_format_real(ret_text, size, value->real,
                              value->decimals == DECIMALS_SHORTEST_FLOAT);
}

static void format_events(const struct value *value, char *ret_text, size_t size)
{
    size_t used = (size_t)snprintf(ret_text, size, "[");
    for (size_t i = 0; i < value->events.count && used < size; i++)
        used += (size_t)snprintf(ret_text + used, size - used, "%s0x%04X", i ? ", " : "",
                                 value->events.codes[i]);
    if (used < size)
        (void)snprintf(ret_text + used, size - used, "]");
}

void value_format(const struct value *value, char *ret_text, size_t size)
{
    switch (value->kind) {
    case VALUE_UNKNOWN:
        (void)snprintf(ret_text, size, "unknown");
        return;
    case VALUE_ABSENT:
        (void)snprintf(ret_text, size, "absent");
        return;
    case VALUE_BOOLEAN:
        (void)snprintf(ret_text, size, "%s", value->boolean ? "true" : "false");
        return;
    case VALUE_INTEGER:
        (void)num_format_int(ret_text, size, value->integer);
        return;
    case VALUE_REAL:
        format_real(value, ret_text, size);
        return;
    case VALUE_TEXT:
        (void)snprintf(ret_text, size, "%.*s", (int)value->text.length, value->text.bytes);
        utf8_mend_end(ret_text);
        return;
    case VALUE_EVENTS:
        format_events(value, ret_text, size);
        return;
    }
}
