// SPDX-License-Identifier: MIT
#include "cloud/json.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

// 15 significant digits survive a double unchanged (DBL_DIG); with 17, which is what jansson
// prints by default, 0.1 + 0.2 becomes 0.30000000000000004.
enum { PRINT_FLAGS = JSON_COMPACT | JSON_REAL_PRECISION(15) };

static json_t *present(json_t *json)
{
    assert(json && "out of memory");
    return json;
}

json_t *json_new_object(void)
{
    return present(json_object());
}

json_t *json_new_list(void)
{
    return present(json_array());
}

// The length without a last character of which the end is missing.
static size_t whole_characters(const char *bytes, size_t length)
{
    size_t start = length;
    while (start > 0 && length - start < 3 && ((unsigned char)bytes[start - 1] & 0xC0) == 0x80)
        start--;
    bool is_cut = start > 0 && (unsigned char)bytes[start - 1] >= 0xC0;
    return is_cut ? start - 1 : length;
}

// The text without a character that was cut at its end; failing that, without anything beyond
// ASCII.
static json_t *mend_text(const char *bytes, size_t length)
{
    json_t *shorter = json_stringn(bytes, whole_characters(bytes, length));
    if (shorter)
        return shorter;
    char *plain = mem_new(length, 1);
    for (size_t i = 0; i < length; i++)
        plain[i] = (char)((bytes[i] & 0x80) ? '?' : bytes[i]);
    json_t *text = present(json_stringn(plain, length));
    free(plain);
    return text;
}

json_t *json_from_text(const char *bytes, size_t length)
{
    json_t *text = json_stringn(bytes, length);
    return text ? text : mend_text(bytes, length);
}

static json_t *from_integer(int128 integer)
{
    if (integer >= INT64_MIN && integer <= INT64_MAX)
        return present(json_integer((json_int_t)integer));
    return present(json_real((double)integer));
}

// A 32-bit float widened to a double has digits that the float never had: 23.1 would be
// 23.1000003814697. Its shortest text, read as a double, has not.
static json_t *from_real(const struct value *value)
{
    double real = value->real;
    if (value->decimals == DECIMALS_SHORTEST_FLOAT) {
        char text[48];
        (void)num_format_real(text, sizeof text, real, true);
        (void)num_parse_real(text, &real);
    }
    return present(json_real(real));
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
        return present(json_boolean(value->boolean));
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

// What is declared an integer is one: the u64 beyond 2^63 - 1 that readers of JSON take for a
// real, with other digits, is left out.
static json_t *publish_integer(const struct value *value)
{
    if (value->kind == VALUE_BOOLEAN)
        return from_integer(value->boolean);
    if (value->kind == VALUE_REAL && value->real == trunc(value->real) &&
        fabs(value->real) < 0x1p63)
        return from_integer((int128)value->real);
    bool is_whole = value->kind == VALUE_INTEGER && value->integer <= INT64_MAX;
    return is_whole ? from_integer(value->integer) : NULL;
}

static json_t *publish_float(const struct value *value)
{
    if (value->kind == VALUE_INTEGER)
        return present(json_real((double)value->integer));
    return value->kind == VALUE_REAL ? json_from_value(value) : NULL;
}

static json_t *publish_boolean(const struct value *value)
{
    if (value_is_number(value))
        return present(json_boolean(value_number(value) != 0));
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

void json_put(json_t *object, const char *key, json_t *value)
{
    if (!value)
        return;
    int failed = json_object_set_new(object, key, value);
    assert(!failed && "out of memory");
    (void)failed;
}

void json_put_all(json_t *object, json_t *more)
{
    int failed = json_object_update(object, more);
    assert(!failed && "out of memory");
    (void)failed;
    json_decref(more);
}

void json_add(json_t *list, json_t *value)
{
    int failed = json_array_append_new(list, present(value));
    assert(!failed && "out of memory");
    (void)failed;
}

char *json_print(json_t *json)
{
    char *text = json_dumps(json, PRINT_FLAGS);
    assert(text && "out of memory");
    json_decref(json);
    return text;
}

// The deepest nesting of brackets outside texts. Found before parsing, because a parser that
// calls itself for each level is at the mercy of the sender.
static int nesting(const char *text, size_t length)
{
    int depth = 0;
    int deepest = 0;
    bool in_text = false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (in_text && c == '\\')
            i++;
        else if (c == '"')
            in_text = !in_text;
        else if (!in_text && (c == '{' || c == '['))
            deepest = ++depth > deepest ? depth : deepest;
        else if (!in_text && (c == '}' || c == ']'))
            depth--;
    }
    return deepest;
}

json_t *json_read(const char *what, const char *text, size_t length,
                  const struct json_limits *limits, struct error *err)
{
    if (length > limits->max_bytes) {
        (void)error_set(err, ERROR_FAILED, "%s of %zu bytes; at most %zu are read", what,
                        length, limits->max_bytes);
        return NULL;
    }
    if (nesting(text, length) > limits->max_depth) {
        (void)error_set(err, ERROR_FAILED, "%s nested deeper than %d levels", what,
                        limits->max_depth);
        return NULL;
    }
    json_error_t where;
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &where);
    if (!root)
        (void)error_set(err, ERROR_FAILED, "%s that is not JSON: line %d, column %d: %s", what,
                        where.line, where.column, where.text);
    return root;
}
