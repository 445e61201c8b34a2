// SPDX-License-Identifier: MIT
// The one namespace of a map: registers, telemetry, properties and parameters, found by name.
// For config, and import's forms of keys; one thread, lives in the arena given.
#ifndef CONFIG_NAMES_H
#define CONFIG_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/suggest.h"
#include "config/fields.h"
#include "model/position.h"

enum name_kind { NAME_POINT, NAME_PARAMETER };

struct name {
    const char *text;
    struct position at;
    enum name_kind kind;
    int index; // of the entry or parameter
};

struct names {
    struct arena *arena;
    struct name *rows; // in the order added
    size_t count;
    size_t capacity;
    size_t *slots; // hash table of row number + 1
    size_t slot_count;
};

// No names yet; the table lives in the arena.
void names_init(struct names *names, struct arena *arena);

// The name, or NULL.
const struct name *names_find(const struct names *names, const char *text);

// Adds a name. When it is malformed, reserved or already there, a finding says so and -1 is
// returned; nothing is added then.
int names_add(struct names *names, const struct reader *reader, const struct name *name);

// Checks the form of a key: letters, digits and _, not beginning with a digit, at most 64.
int names_check_form(const struct reader *reader, const char *key, const struct position *at);

// Refuses what the bridge publishes itself and the words of formulas.
int names_check_reserved(const struct reader *reader, const char *key,
                         const struct position *at);

// Offers all names as candidates.
void names_suggest(const struct names *names, struct suggestion *suggestion);

#endif
