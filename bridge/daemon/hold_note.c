// SPDX-License-Identifier: MIT
#include "daemon/hold_note.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "bus/hold_end.h"
#include "cloud/json.h"
#include "registers/formula.h"

enum { FORM_SIZE = 17 };

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

// What the words of the entries and their values depend on, as a text.
static void find_form(const struct map *map, const struct hold_end *end,
                      char ret_form[FORM_SIZE])
{
    uint64_t hash = HASH_START;
    for (size_t i = 0; i < end->count; i++) {
        const struct point *point = &map->points[end->entries[i].point];
        const struct point *words_of = map_words_of(map, point);
        mix_text(&hash, point->key);
        if (words_of)
            mix_words(&hash, map, words_of);
        mix_value(&hash, map, point);
    }
    (void)snprintf(ret_form, FORM_SIZE, "%016" PRIx64, hash);
}

char *hold_note_text(const struct map *map, const struct hold_end *end)
{
    char form[FORM_SIZE];
    json_t *then = json_new_object();
    json_t *note = json_new_object();
    for (size_t i = 0; i < end->count; i++)
        json_put(then, map->points[end->entries[i].point].key,
                 json_from_value(&end->entries[i].value));
    find_form(map, end, form);
    json_put(note, "then", then);
    json_put(note, "verify", json_boolean(end->verify));
    json_put(note, "form", json_from_text(form, strlen(form)));
    return json_print(note);
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
