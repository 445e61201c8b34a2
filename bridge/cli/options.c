// SPDX-License-Identifier: MIT
#include "cli/options.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/suggest.h"

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_NUMBER };

struct option_row {
    const char *name;
    enum option_kind kind;
    size_t offset;
    int64_t low;
    int64_t high;
};

static const struct option_row rows[] = {
    {"json", OPTION_FLAG, offsetof(struct options, json), 0, 0},
    {"raw", OPTION_FLAG, offsetof(struct options, raw), 0, 0},
    {"dry", OPTION_FLAG, offsetof(struct options, dry), 0, 0},
    {"reference", OPTION_FLAG, offsetof(struct options, reference), 0, 0},
    {"watch", OPTION_FLAG, offsetof(struct options, watch), 0, 0},
    {"map", OPTION_TEXT, offsetof(struct options, map), 0, 0},
    {"tcp", OPTION_TEXT, offsetof(struct options, tcp), 0, 0},
    {"rtu", OPTION_TEXT, offsetof(struct options, rtu), 0, 0},
    {"rtu-over-tcp", OPTION_TEXT, offsetof(struct options, rtu_over_tcp), 0, 0},
    {"unit", OPTION_NUMBER, offsetof(struct options, unit), 1, 255},
    {"baud", OPTION_NUMBER, offsetof(struct options, baud), 300, 921600},
    {"parity", OPTION_TEXT, offsetof(struct options, parity), 0, 0},
    {"stop-bits", OPTION_NUMBER, offsetof(struct options, stop_bits), 1, 2},
    {"listen", OPTION_TEXT, offsetof(struct options, listen), 0, 0},
    {"values", OPTION_TEXT, offsetof(struct options, values), 0, 0},
    {"faults", OPTION_TEXT, offsetof(struct options, faults), 0, 0},
    {"links", OPTION_TEXT, offsetof(struct options, links), 0, 0},
    {"name", OPTION_TEXT, offsetof(struct options, name), 0, 0},
    {"response", OPTION_TEXT, offsetof(struct options, response), 0, 0},
    {"entries", OPTION_FLAG, offsetof(struct options, entries), 0, 0},
};

static bool is_accepted(const char *accepted, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = strstr(accepted, name); at; at = strstr(at + 1, name)) {
        bool begins = at == accepted || at[-1] == ' ';
        if (begins && (at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}

static const struct option_row *find_row(const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (strlen(rows[i].name) == length && strncmp(rows[i].name, name, length) == 0)
            return &rows[i];
    }
    return NULL;
}

static int set_value(const struct option_row *row, const char *value, struct options *options,
                     struct error *err)
{
    char *field = (char *)options + row->offset;
    int64_t number = 0;
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)field = true;
        return 0;
    case OPTION_TEXT:
        memcpy(field, &value, sizeof value);
        return 0;
    case OPTION_NUMBER:
        if (!num_parse_int(value, &number) || number < row->low || number > row->high)
            return error_set(err, ERROR_USAGE,
                             "--%s takes a number from %lld to %lld, not '%s'", row->name,
                             (long long)row->low, (long long)row->high, value);
        memcpy(field, &number, sizeof number);
        return 0;
    }
    return 0;
}

static int refuse_option(const char *name, size_t length, const char *accepted,
                         struct error *err)
{
    char word[MAX_SUGGEST_LENGTH + 1];
    struct suggestion suggestion;
    struct strbuf near = {0};
    (void)snprintf(word, sizeof word, "%.*s", (int)length, name);
    suggest_start(&suggestion, word);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (is_accepted(accepted, rows[i].name))
            suggest_candidate(&suggestion, rows[i].name);
    }
    suggest_append(&suggestion, &near);
    (void)error_set(err, ERROR_USAGE, "there is no option '--%s' here%s", word,
                    strbuf_text(&near));
    strbuf_done(&near);
    return -1;
}

// One "--name", "--name=value" or "--name value"; returns how many arguments it took, or -1.
static int take_option(char **argv, int left, const char *accepted, struct options *options,
                       struct error *err)
{
    const char *name = argv[0] + 2;
    size_t length = strcspn(name, "=");
    const struct option_row *row = find_row(name, length);
    if (!row || !is_accepted(accepted, row->name))
        return refuse_option(name, length, accepted, err);
    const char *value = name[length] == '=' ? name + length + 1 : NULL;
    if (row->kind == OPTION_FLAG && value)
        return error_set(err, ERROR_USAGE, "--%s takes no value", row->name);
    bool separate = row->kind != OPTION_FLAG && !value;
    if (separate && left < 2)
        return error_set(err, ERROR_USAGE, "--%s needs a value", row->name);
    if (separate)
        value = argv[1];
    if (set_value(row, value, options, err) != 0)
        return -1;
    return separate ? 2 : 1;
}

int options_parse(int argc, char **argv, const char *accepted, struct options *ret_options,
                  struct error *err)
{
    struct options options = {.unit = -1};
    bool only_positionals = false;
    for (int i = 1; i < argc;) {
        bool is_option = !only_positionals && strncmp(argv[i], "--", 2) == 0;
        if (is_option && argv[i][2] == '\0') {
            only_positionals = true;
            i++;
        } else if (is_option) {
            int taken = take_option(&argv[i], argc - i, accepted, &options, err);
            if (taken < 0)
                return -1;
            i += taken;
        } else if (options.positional_count == MAX_POSITIONALS) {
            return error_set(err, ERROR_USAGE, "more than %d arguments", MAX_POSITIONALS);
        } else {
            options.positionals[options.positional_count++] = argv[i++];
        }
    }
    *ret_options = options;
    return 0;
}
