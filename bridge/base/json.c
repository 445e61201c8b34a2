// SPDX-License-Identifier: MIT
#include "base/json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"

// 15 significant digits survive a double unchanged (DBL_DIG); with 17, which is what jansson
// prints by default, 0.1 + 0.2 becomes 0.30000000000000004.
enum { PRINT_FLAGS = JSON_COMPACT | JSON_REAL_PRECISION(15) };

json_t *json_present(json_t *json)
{
    if (!json)
        mem_exhausted();
    return json;
}

json_t *json_new_object(void)
{
    return json_present(json_object());
}

json_t *json_new_list(void)
{
    return json_present(json_array());
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
    json_t *text = json_present(json_stringn(plain, length));
    free(plain);
    return text;
}

json_t *json_from_text(const char *bytes, size_t length)
{
    json_t *text = json_stringn(bytes, length);
    return text ? text : mend_text(bytes, length);
}

void json_put(json_t *object, const char *key, json_t *value)
{
    if (!value)
        return;
    if (json_object_set_new(object, key, value) != 0)
        mem_exhausted();
}

void json_put_text(json_t *object, const char *key, const char *text)
{
    json_put(object, key, json_from_text(text, strlen(text)));
}

void json_put_all(json_t *object, json_t *more)
{
    if (json_object_update(object, more) != 0)
        mem_exhausted();
    json_decref(more);
}

void json_add(json_t *list, json_t *value)
{
    if (json_array_append_new(list, json_present(value)) != 0)
        mem_exhausted();
}

static int add_bytes(const char *bytes, size_t length, void *buf)
{
    strbuf_add_bytes(buf, bytes, length);
    return 0;
}

char *json_text(const json_t *json, size_t flags)
{
    struct strbuf buf = {0};
    if (json_dump_callback(json, add_bytes, &buf, flags) != 0)
        mem_exhausted();
    return strbuf_take(&buf);
}

char *json_print(json_t *json)
{
    char *text = json_text(json, PRINT_FLAGS);
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
    if (!root && json_error_code(&where) == json_error_numeric_overflow)
        root =
            json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &where);
    if (!root && json_error_code(&where) == json_error_out_of_memory)
        mem_exhausted();
    if (!root)
        (void)error_set(err, ERROR_FAILED, "%s that is not JSON: line %d, column %d: %s", what,
                        where.line, where.column, where.text);
    return root;
}
