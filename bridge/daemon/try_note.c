// SPDX-License-Identifier: MIT
#include "daemon/try_note.h"

#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"

void try_note_form(const struct map *map, const struct command *command,
                   char ret_form[FORM_SIZE])
{
    uint64_t hash = HASH_START;
    form_mix_entries(&hash, map);
    form_mix_command(&hash, map, command);
    form_print(hash, ret_form);
}

char *try_note_text(const char *form, const struct open_tries *tries)
{
    json_t *note = json_new_object();
    json_t *list = json_new_list();
    for (size_t i = 0; i < tries->count; i++) {
        json_t *row = json_new_object();
        json_put(row, "try", json_integer(tries->tries[i].ordinal));
        json_put(row, "on_failure", json_boolean(tries->tries[i].has_failed));
        json_add(list, row);
    }
    json_put(note, "form", json_from_text(form, strlen(form)));
    json_put(note, "tries", list);
    return json_print(note);
}

static bool read_try(json_t *row, struct open_tries *tries)
{
    json_t *ordinal = json_object_get(row, "try");
    json_t *has_failed = json_object_get(row, "on_failure");
    json_int_t number = json_integer_value(ordinal);
    if (!json_is_integer(ordinal) || number < 1 || number > UINT16_MAX ||
        !json_is_boolean(has_failed))
        return false;
    tries->tries[tries->count++] =
        (struct open_try){(unsigned)number, json_is_true(has_failed)};
    return true;
}

int try_note_read(const char *text, const char *form, struct open_tries *ret_tries,
                  struct error *err)
{
    json_t *note = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    const char *kept_form = json_string_value(json_object_get(note, "form"));
    json_t *list = json_object_get(note, "tries");
    size_t count = json_array_size(list);
    bool is_sound = kept_form && count > 0 && count <= MAX_OPEN_TRIES;
    bool is_same = is_sound && strcmp(kept_form, form) == 0;
    *ret_tries = (struct open_tries){0};
    for (size_t i = 0; is_sound && i < count; i++)
        is_sound = read_try(json_array_get(list, i), ret_tries);
    json_decref(note);
    if (!is_sound)
        return error_set(err, ERROR_FAILED, "what was kept of it is damaged");
    return is_same ? 0 : error_set(err, ERROR_FAILED, "the map has changed");
}
