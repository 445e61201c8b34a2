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
    const char *argument; // what it takes, as help names it; NULL for a flag
    const char *help;
    int64_t low; // of a number
    int64_t high;
    bool of_target; // accepted wherever TARGET is
    bool of_line;   // ... and wherever TARGET-BUS is
};

#define FLAG(field)   .kind = OPTION_FLAG, .offset = offsetof(struct options, field)
#define TEXT(field)   .kind = OPTION_TEXT, .offset = offsetof(struct options, field)
#define NUMBER(field) .kind = OPTION_NUMBER, .offset = offsetof(struct options, field)

// In the order help shows them.
static const struct option_row rows[] = {
    {.name = "map",
     TEXT(map),
     .argument = "MAP",
     .of_target = true,
     .help = "what kind of device it is, when no site says so"},
    {.name = "tcp",
     TEXT(tcp),
     .argument = "HOST[:PORT]",
     .of_target = true,
     .of_line = true,
     .help = "Modbus TCP, port 502 unless given"},
    {.name = "rtu",
     TEXT(rtu),
     .argument = "PATH",
     .of_target = true,
     .of_line = true,
     .help = "a serial port"},
    {.name = "rtu-over-tcp",
     TEXT(rtu_over_tcp),
     .argument = "HOST:PORT",
     .of_target = true,
     .of_line = true,
     .help = "RTU frames through a serial server"},
    {.name = "unit",
     NUMBER(unit),
     .argument = "N",
     .low = 1,
     .high = 255,
     .of_target = true,
     .help = "unit id, 1 to 255"},
    {.name = "baud",
     NUMBER(baud),
     .argument = "N",
     .low = 300,
     .high = 921600,
     .of_target = true,
     .of_line = true,
     .help = "speed of the serial line; 9600 unless given, scan tries all"},
    {.name = "parity",
     TEXT(parity),
     .argument = "none|even|odd",
     .of_target = true,
     .of_line = true,
     .help = "none unless given"},
    {.name = "stop-bits",
     NUMBER(stop_bits),
     .argument = "N",
     .low = 1,
     .high = 2,
     .of_target = true,
     .of_line = true,
     .help = "1 or 2; 1 unless given"},
    {.name = "dry",
     FLAG(dry),
     .help = "print the messages, one JSON object a line, instead of publishing them"},
    {.name = "shard",
     TEXT(shard),
     .argument = "I/N",
     .help = "of a site that is divided between N processes, the part I, counted from 0"},
    {.name = "response",
     TEXT(response),
     .argument = "DURATION",
     .help = "how long devices take to begin their answer, such as 20ms"},
    {.name = "entries", FLAG(entries), .help = "also how often each entry comes"},
    {.name = "listen",
     TEXT(listen),
     .argument = "HOST:PORT",
     .help = "where to listen, instead of a free port of 127.0.0.1"},
    {.name = "values",
     TEXT(values),
     .argument = "FILE",
     .help = "what the devices hold at first"},
    {.name = "faults",
     TEXT(faults),
     .argument = "FILE",
     .help = "what goes wrong and when; SIGHUP reads it again"},
    {.name = "links",
     TEXT(links),
     .argument = "FOLDER",
     .help = "links with the names of the buses to the serial ports"},
    {.name = "name",
     TEXT(name),
     .argument = "TEXT",
     .help = "display name, instead of vendor and model"},
    {.name = "addressing",
     TEXT(addressing),
     .argument = "HOW",
     .help = "what addresses count from: zero_based, one_based or modicon"},
    {.name = "reference", FLAG(reference), .help = "Markdown instead of JSON Schema"},
    {.name = "units",
     TEXT(units),
     .argument = "A..B",
     .help = "unit ids to ask, such as 1..20; all unless given"},
    {.name = "timeout",
     TEXT(timeout),
     .argument = "DURATION",
     .help = "how long an answer is waited for, beside its time on the wire"},
    {.name = "all", FLAG(all), .help = "all settings of the line, though units were found"},
    {.name = "every",
     TEXT(every),
     .argument = "DURATION",
     .help = "with --watch: how often, such as 5s, instead of the map's shortest period"},
    {.name = "record",
     TEXT(record),
     .argument = "FILE",
     .help = "write what was read for 'simulate --values FILE'"},
    {.name = "dry-run", FLAG(dry_run), .help = "show the frames instead of sending them"},
    {.name = "raw", FLAG(raw), .help = "also the words"},
    {.name = "watch", FLAG(watch), .help = "again and again, until SIGINT"},
    {.name = "json", FLAG(json), .help = "JSON instead of text"},
};

// Whether `word` stands in the usage with nothing behind it that could belong to it.
static bool names(const char *usage, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = strstr(usage, word); at; at = strstr(at + 1, word)) {
        bool begins = at == usage || strchr(" [(|", at[-1]);
        if (begins && strspn(at + length, "abcdefghijklmnopqrstuvwxyz-") == 0)
            return true;
    }
    return false;
}

static bool is_accepted(const char *usage, const struct option_row *row)
{
    char word[32];
    (void)snprintf(word, sizeof word, "--%s", row->name);
    return (row->of_target && names(usage, "TARGET")) ||
           (row->of_line && strstr(usage, "TARGET-BUS")) || names(usage, word);
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

static int refuse_option(const char *name, size_t length, const char *usage, struct error *err)
{
    char word[MAX_SUGGEST_LENGTH + 1];
    struct suggestion suggestion;
    struct strbuf near = {0};
    (void)snprintf(word, sizeof word, "%.*s", (int)length, name);
    suggest_start(&suggestion, word);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (is_accepted(usage, &rows[i]))
            suggest_candidate(&suggestion, rows[i].name);
    }
    suggest_append(&suggestion, &near);
    (void)error_set(err, ERROR_USAGE, "there is no option '--%s' here%s", word,
                    strbuf_text(&near));
    strbuf_done(&near);
    return -1;
}

// One "--name", "--name=value" or "--name value"; returns how many arguments it took, or -1.
static int take_option(char **argv, int left, const char *usage, struct options *options,
                       struct error *err)
{
    const char *name = argv[0] + 2;
    size_t length = strcspn(name, "=");
    const struct option_row *row = find_row(name, length);
    if (!row || !is_accepted(usage, row))
        return refuse_option(name, length, usage, err);
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

int options_parse(int argc, char **argv, const char *usage, struct options *ret_options,
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
            int taken = take_option(&argv[i], argc - i, usage, &options, err);
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

void options_print(const char *usage, FILE *out)
{
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        char option[48];
        if (!is_accepted(usage, &rows[i]))
            continue;
        (void)snprintf(option, sizeof option, "--%s%s%s", rows[i].name,
                       rows[i].argument ? " " : "", rows[i].argument ? rows[i].argument : "");
        (void)fprintf(out, "  %-24s %s\n", option, rows[i].help);
    }
}
