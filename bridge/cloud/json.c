// SPDX-License-Identifier: MIT
#include "cloud/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"

static json_t *from_integer(int128 integer)
{
    if (integer < INT64_MIN || integer > INT64_MAX)
        return NULL;
    return json_present(json_integer((json_int_t)integer));
}

// A 32-bit float widened to a double has digits that the float never had: 23.1 would be
// 23.1000003814697. Its shortest text, read as a double, has not.
static json_t *from_real(const struct value *value)
{
    bool is_float = value->decimals == DECIMALS_SHORTEST_FLOAT;
    return json_present(json_real(is_float ? num_shortest_float(value->real) : value->real));
}

static json_t *from_events(const struct value *value)
{
    json_t *list = json_new_list();
    for (size_t i = 0; i < value->events.count; i++) {
        char code[8];
        int length = snprintf(code, sizeof code, "0x%04X", value->events.codes[i]);
        json_add(list, json_from_text(code, (size_t)length));
    }
    return list;
}

json_t *json_from_value(const struct value *value)
{
    switch (value->kind) {
    case VALUE_UNKNOWN:
    case VALUE_ABSENT:
        return NULL;
    case VALUE_BOOLEAN:
        return json_present(json_boolean(value->boolean));
    case VALUE_INTEGER:
        return from_integer(value->integer);
    case VALUE_REAL:
        return from_real(value);
    case VALUE_TEXT:
        return json_from_text(value->text.bytes, value->text.length);
    case VALUE_EVENTS:
        return from_events(value);
    }
    return NULL;
}

static json_t *publish_as_is(const struct value *value)
{
    return json_from_value(value);
}

static json_t *publish_string(const struct value *value)
{
    if (value->kind == VALUE_TEXT || value->kind == VALUE_EVENTS)
        return json_from_value(value);
    char text[400];
    value_format(value, text, sizeof text);
    return json_from_text(text, strlen(text));
}

static json_t *publish_integer(const struct value *value)
{
    if (value->kind == VALUE_BOOLEAN)
        return from_integer(value->boolean);
    if (value->kind == VALUE_REAL && value->real == trunc(value->real) &&
        fabs(value->real) < 0x1p63)
        return from_integer((int128)value->real);
    return value->kind == VALUE_INTEGER ? json_from_value(value) : NULL;
}

static json_t *publish_float(const struct value *value)
{
    if (value->kind == VALUE_INTEGER)
        return json_present(json_real((double)value->integer));
    return value->kind == VALUE_REAL ? json_from_value(value) : NULL;
}

static json_t *publish_boolean(const struct value *value)
{
    if (value_is_number(value))
        return json_present(json_boolean(value_number(value) != 0));
    return value->kind == VALUE_BOOLEAN ? json_from_value(value) : NULL;
}

json_t *json_from_published(const struct value *value, enum publish publish)
{
    static json_t *(*const publishers[])(const struct value *) = {
        [PUBLISH_AUTO] = publish_as_is,      [PUBLISH_STRING] = publish_string,
        [PUBLISH_INTEGER] = publish_integer, [PUBLISH_FLOAT] = publish_float,
        [PUBLISH_BOOLEAN] = publish_boolean,
    };
    return value_is_known(value) ? publishers[publish](value) : NULL;
}
