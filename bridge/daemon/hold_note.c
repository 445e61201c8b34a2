// SPDX-License-Identifier: MIT
#include "daemon/hold_note.h"

#include <string.h>

#include "base/hash.h"
#include "bus/hold_end.h"
#include "cloud/json.h"
#include "daemon/form.h"

// What the words of the entries and their values depend on, as a text.
static void find_form(const struct map *map, const struct hold_end *end,
                      char ret_form[FORM_SIZE])
{
    uint64_t hash = HASH_START;
    for (size_t i = 0; i < end->count; i++)
        form_mix_point(&hash, map, &map->points[end->entries[i].point]);
    form_print(hash, ret_form);
}

// All digits of a double come back: what is written at the next start are the same words.
enum { NOTE_FLAGS = JSON_COMPACT | JSON_REAL_PRECISION(17) };

static const char large_key[] = "integer"; // of one that is beyond 64 bits signed, as a text

static json_t *value_json(const struct value *value)
{
    if (value->kind != VALUE_INTEGER || value->integer <= INT64_MAX)
        return json_from_value(value);
    char digits[48];
    size_t length = num_format_int(digits, sizeof digits, value->integer);
    json_t *large = json_new_object();
    json_put(large, large_key, json_from_text(digits, length));
    return large;
}

static char *print_note(json_t *note)
{
    char *text = json_text(note, NOTE_FLAGS);
    json_decref(note);
    return text;
}

char *hold_note_text(const struct map *map, const struct hold_end *end)
{
    char form[FORM_SIZE];
    json_t *then = json_new_object();
    json_t *note = json_new_object();
    for (size_t i = 0; i < end->count; i++)
        json_put(then, map->points[end->entries[i].point].key,
                 value_json(&end->entries[i].value));
    find_form(map, end, form);
    json_put(note, "then", then);
    json_put(note, "verify", json_boolean(end->verify));
    json_put(note, "form", json_from_text(form, strlen(form)));
    return print_note(note);
}

static struct value read_large(const json_t *json)
{
    const char *digits = json_string_value(json_object_get(json, large_key));
    int128 integer = 0;
    return digits && num_parse_wide(digits, &integer) ? value_integer(integer)
                                                      : value_unknown();
}

static struct value read_value(const json_t *json)
{
    if (json_is_boolean(json))
        return value_boolean(json_is_true(json));
    if (json_is_integer(json))
        return value_integer(json_integer_value(json));
    if (json_is_real(json))
        return value_real(json_real_value(json), DECIMALS_SHORTEST);
    if (json_is_string(json))
        return value_text_bytes(json_string_value(json), json_string_length(json));
    if (json_is_object(json))
        return read_large(json);
    return value_unknown();
}

static int read_entries(const struct map *map, json_t *then, struct hold_end *end,
                        struct error *err)
{
    const char *key = NULL;
    json_t *given = NULL;
    json_object_foreach(then, key, given)
    {
        int point = map_find_point(map, key);
        struct value value = read_value(given);
        if (point == NO_INDEX)
            return error_set(err, ERROR_FAILED, "the map has no entry '%s' any more", key);
        if (!value_is_known(&value) || !hold_end_add(end, point, &value))
            return error_set(err, ERROR_FAILED, "what was kept of it is damaged");
    }
    return 0;
}

static int read_note(const struct map *map, json_t *note, struct hold_end *end,
                     struct error *err)
{
    char form[FORM_SIZE];
    const char *kept_form = json_string_value(json_object_get(note, "form"));
    json_t *then = json_object_get(note, "then");
    if (!kept_form || json_object_size(then) == 0)
        return error_set(err, ERROR_FAILED, "what was kept of it is damaged");
    if (read_entries(map, then, end, err) != 0)
        return -1;
    find_form(map, end, form);
    if (strcmp(form, kept_form) != 0)
        return error_set(err, ERROR_FAILED, "the map has changed: %s is another register now",
                         map->points[end->entries[0].point].key);
    end->verify = !json_is_false(json_object_get(note, "verify"));
    return 0;
}

struct hold_end *hold_note_read(const struct map *map, uint16_t device, const char *text,
                                struct error *err)
{
    json_t *note = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    struct hold_end *end = hold_end_empty(0, device);
    if (read_note(map, note, end, err) != 0) {
        hold_end_free(end);
        end = NULL;
    }
    json_decref(note);
    return end;
}

static bool is_among(const int *points, size_t count, int point)
{
    for (size_t i = 0; i < count; i++) {
        if (points[i] == point)
            return true;
    }
    return false;
}

char *hold_note_narrow(const struct map *map, const char *text, const int *points, size_t count)
{
    struct error err;
    struct hold_end *end = hold_note_read(map, 0, text, &err);
    if (!end)
        return NULL;
    size_t kept = 0;
    for (size_t i = 0; i < end->count; i++) {
        if (is_among(points, count, end->entries[i].point))
            end->entries[kept++] = end->entries[i];
    }
    end->count = kept;
    char *narrowed = hold_note_text(map, end);
    hold_end_free(end);
    return narrowed;
}
