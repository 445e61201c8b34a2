// SPDX-License-Identifier: MIT
#include "config/names.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

enum { MAX_KEY_LENGTH = 64 };

// Keys the bridge publishes itself, and the words and functions of formulas. Not `model`: it is
// a property of every device (profile lib.device.nameplate), and model(id) is told by its
// bracket.
static const char *const reserved_words[] = {
    "timestamp", "alerts", "alert_details", "conn_alerts", "true",  "false", "and",  "or",
    "not",       "if",     "bit",           "bits",        "count", "hex",   "text", "format",
    "abs",       "round",  "near",          "sum",         "mean",  "min",   "max",  "default",
    "known",     "raw",    "now",
};

void names_init(struct names *names, struct arena *arena)
{
    *names = (struct names){.arena = arena};
}

static size_t hash(const char *text)
{
    size_t value = 5381;
    for (; *text; text++)
        value = value * 33 + (unsigned char)*text;
    return value;
}

// The slot of a name: its own or the empty one where it would go.
static size_t slot_of(const struct names *names, const char *text)
{
    size_t slot = hash(text) & (names->slot_count - 1);
    while (names->slots[slot] && strcmp(names->rows[names->slots[slot] - 1].text, text) != 0)
        slot = (slot + 1) & (names->slot_count - 1);
    return slot;
}

const struct name *names_find(const struct names *names, const char *text)
{
    if (names->slot_count == 0)
        return NULL;
    size_t row = names->slots[slot_of(names, text)];
    return row ? &names->rows[row - 1] : NULL;
}

static void grow(struct names *names)
{
    size_t capacity = names->capacity ? names->capacity * 2 : 64;
    struct name *rows = ARENA_NEW_ARRAY(names->arena, capacity, struct name);
    if (names->rows)
        memcpy(rows, names->rows, names->count * sizeof *rows);
    names->rows = rows;
    names->capacity = capacity;
    names->slot_count = capacity * 2;
    names->slots = ARENA_NEW_ARRAY(names->arena, names->slot_count, size_t);
    for (size_t i = 0; i < names->count; i++)
        names->slots[slot_of(names, rows[i].text)] = i + 1;
}

int names_check_form(const struct reader *reader, const char *key, const struct position *at)
{
    size_t length = strlen(key);
    bool good = length > 0 && length <= MAX_KEY_LENGTH && !isdigit((unsigned char)key[0]);
    for (size_t i = 0; i < length; i++)
        good = good && (isalnum((unsigned char)key[i]) || key[i] == '_');
    if (good)
        return 0;
    return diagnostics_error(reader->diagnostics, at,
                             "'%s' cannot be a name: letters, digits and _, not beginning with "
                             "a digit, at most %d characters",
                             key, MAX_KEY_LENGTH);
}

int names_check_reserved(const struct reader *reader, const char *key,
                         const struct position *at)
{
    for (size_t i = 0; i < ARRAY_LENGTH(reserved_words); i++) {
        if (strcmp(reserved_words[i], key) == 0)
            return diagnostics_error(reader->diagnostics, at,
                                     "'%s' is reserved (%s): choose another name", key,
                                     i < 4 ? "the bridge publishes it" : "a word of formulas");
    }
    return 0;
}

int names_add(struct names *names, const struct reader *reader, const struct name *name)
{
    if (names_check_form(reader, name->text, &name->at) < 0 ||
        names_check_reserved(reader, name->text, &name->at) < 0)
        return -1;
    const struct name *other = names_find(names, name->text);
    if (other)
        return diagnostics_error(reader->diagnostics, &name->at,
                                 "'%s' is already the name of something at line %d, column %d; "
                                 "registers, telemetry, properties and parameters share their "
                                 "names",
                                 name->text, other->at.line, other->at.column);
    if (!names->rows || names->count == names->capacity)
        grow(names);
    struct name *row = &names->rows[names->count++];
    *row = *name;
    names->slots[slot_of(names, name->text)] = names->count;
    return 0;
}

void names_suggest(const struct names *names, struct suggestion *suggestion)
{
    for (size_t i = 0; i < names->count; i++)
        suggest_candidate(suggestion, names->rows[i].text);
}
