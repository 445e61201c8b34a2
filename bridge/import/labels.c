// SPDX-License-Identifier: MIT
#include "import/labels.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

static const char *const severities[] = {"error", "warning", "info"};

static char in_key(char c)
{
    if (isalnum((unsigned char)c))
        return (char)tolower((unsigned char)c);
    if (c == '{' || c == '}')
        return c;
    return '_';
}

// Small letters, digits and single underscores between them; braces stay.
static char *normalise(char *text)
{
    size_t kept = 0;
    for (const char *at = text; *at; at++) {
        text[kept] = in_key(*at);
        bool is_gap = text[kept] == '_' && (kept == 0 || text[kept - 1] == '_');
        kept += !is_gap;
    }
    kept -= kept && text[kept - 1] == '_';
    text[kept] = '\0';
    return text;
}

const char *import_key(struct arena *arena, const char *text)
{
    const char *key = normalise(arena_text(arena, text));
    return isdigit((unsigned char)key[0]) ? arena_printf(arena, "n_%s", key) : key;
}

const char *import_label_code(struct arena *arena, const struct import_label *label)
{
    if (label->low == label->high)
        return arena_printf(arena, "%lld", (long long)label->low);
    return arena_printf(arena, "%lld..%lld", (long long)label->low, (long long)label->high);
}

static char *trim(char *text)
{
    while (*text == ' ')
        text++;
    for (size_t length = strlen(text); length && text[length - 1] == ' '; length--)
        text[length - 1] = '\0';
    return text;
}

static bool parse_code(char *code, struct import_label *label)
{
    char *dots = strstr(code, "..");
    if (!dots)
        return num_parse_int(trim(code), &label->low) && (label->high = label->low, true);
    *dots = '\0';
    return num_parse_int(trim(code), &label->low) &&
           num_parse_int(trim(dots + 2), &label->high) && label->low <= label->high;
}

bool import_is_severity(const char *text)
{
    for (size_t i = 0; i < ARRAY_LENGTH(severities); i++) {
        if (strcmp(severities[i], text) == 0)
            return true;
    }
    return false;
}

static const char *cut_severity(char *text)
{
    char *slash = strrchr(text, '/');
    for (size_t i = 0; slash && i < ARRAY_LENGTH(severities); i++) {
        if (strcmp(slash + 1, severities[i]) == 0) {
            *slash = '\0';
            return severities[i];
        }
    }
    return NULL;
}

static int parse_label(struct arena *arena, char *item, const struct position *at,
                       struct diagnostics *diagnostics, struct import_label *label)
{
    const char *written = arena_text(arena, item);
    char *equals = strchr(item, '=');
    if (equals)
        *equals = '\0';
    if (!equals || !parse_code(item, label))
        return diagnostics_error(diagnostics, at,
                                 "'%s' is not CODE=TEXT: write \"0=Stop;1=Run\"", written);
    label->severity = cut_severity(equals + 1);
    label->text = trim(equals + 1);
    label->key = normalise(arena_text(arena, label->text));
    if (label->key[0] == '\0')
        return diagnostics_error(diagnostics, at, "'%s' has no text", written);
    return 0;
}

int import_labels_parse(struct arena *arena, const char *text, const struct position *at,
                        struct diagnostics *diagnostics, struct import_labels *ret_labels)
{
    size_t count = 1;
    int result = 0;
    for (const char *c = text; *c; c++)
        count += *c == ';';
    *ret_labels = (struct import_labels){0};
    if (count > MAX_LABELS)
        return diagnostics_error(diagnostics, at, "more than %d labels", MAX_LABELS);
    struct import_label *labels = ARENA_NEW_ARRAY(arena, count, struct import_label);
    char *rest = arena_text(arena, text);
    while (rest) {
        char *item = strsep(&rest, ";");
        item = trim(item);
        if (item[0] &&
            parse_label(arena, item, at, diagnostics, &labels[ret_labels->count]) != 0)
            result = -1;
        else if (item[0])
            ret_labels->count++;
    }
    ret_labels->items = labels;
    return result;
}
