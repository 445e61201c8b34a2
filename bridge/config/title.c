// SPDX-License-Identifier: MIT
#include "config/title.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

// Words that are written in capitals.
static const char *const abbreviations[] = {
    "ac", "bms", "dc", "eps", "fw", "h2", "id",  "io",  "ip",  "lan", "led", "lel",  "mac",
    "o2", "ok",  "ph", "psu", "pv", "rs", "soc", "soh", "tcp", "ucm", "ups", "uuid", "vpn",
};

static bool is_key(const char *text)
{
    for (; *text; text++) {
        bool is_part = islower((unsigned char)*text) || isdigit((unsigned char)*text);
        if (!is_part && !strchr("_{}", *text)) // {n}: of a repeat
            return false;
    }
    return true;
}

static bool is_abbreviation(const char *word, size_t length)
{
    for (size_t i = 0; i < ARRAY_LENGTH(abbreviations); i++) {
        if (strlen(abbreviations[i]) == length && memcmp(abbreviations[i], word, length) == 0)
            return true;
    }
    return false;
}

static void capitalise(char *word, size_t length)
{
    size_t count = is_abbreviation(word, length) ? length : 1;
    for (size_t i = 0; i < count && i < length; i++)
        word[i] = (char)toupper((unsigned char)word[i]);
}

const char *title_of(struct arena *arena, const char *key)
{
    char *title = arena_text(arena, key);
    if (!is_key(key))
        return title;
    for (char *word = title; *word;) {
        size_t length = strcspn(word, "_");
        capitalise(word, length);
        word += length;
        if (*word == '_')
            *word++ = ' ';
    }
    return title;
}

const char *key_of(struct arena *arena, const char *text)
{
    bool needs_letter = !isalpha((unsigned char)text[0]);
    char *key = arena_printf(arena, "%s%s", needs_letter ? "group_" : "", text);
    for (char *at = key; *at; at++)
        *at = (char)(isalnum((unsigned char)*at) ? tolower((unsigned char)*at) : '_');
    return key;
}
