// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/suggest.h"
#include "cli/probe.h"

enum { ADDRESSES = 65536, SHORT_DIGITS = 10000, LONG_DIGITS = 100000 };

void probe_old_place(int64_t number, char ret_place[PLACE_SIZE])
{
    // The first digit names the table; five digits count to 9999, six to 65536.
    static const int tables[] = {TABLE_COIL, TABLE_DISCRETE, -1, TABLE_INPUT, TABLE_HOLDING};
    int64_t size = number >= LONG_DIGITS ? LONG_DIGITS : SHORT_DIGITS;
    int64_t digit = number / size;
    int64_t place = number % size;
    ret_place[0] = '\0';
    if (digit >= 1 && digit <= 4 && tables[digit] >= 0 && place >= 1 && place <= ADDRESSES)
        (void)snprintf(ret_place, PLACE_SIZE, "%s:%d", table_names[tables[digit]],
                       (int)place - 1);
}

static int refuse_table(const char *name, struct error *err)
{
    struct suggestion suggestion;
    struct strbuf near = {0};
    suggest_start(&suggestion, name);
    for (size_t i = 0; i < TABLE_COUNT; i++)
        suggest_candidate(&suggestion, table_names[i]);
    suggest_append(&suggestion, &near);
    (void)error_set(err, ERROR_USAGE,
                    "'%s' is no table: it is holding, input, coil or discrete%s", name,
                    strbuf_text(&near));
    strbuf_done(&near);
    return -1;
}

static int parse_table(const char *name, enum table *ret_table, struct error *err)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (strcmp(table_names[i], name) == 0) {
            *ret_table = (enum table)i;
            return 0;
        }
    }
    return refuse_table(name, err);
}

static int explain(const char *text, int64_t number, struct error *err)
{
    char place[PLACE_SIZE];
    probe_old_place(number, place);
    if (place[0])
        return error_set(err, ERROR_USAGE,
                         "'%s': addresses are those on the wire, from 0 to 65535; %lld of the "
                         "old notation is %s",
                         text, (long long)number, place);
    return error_set(err, ERROR_USAGE,
                     "'%s' is no range: write TABLE:ADDRESS or TABLE:ADDRESS..ADDRESS, such as "
                     "holding:100..120",
                     text);
}

int probe_parse(const char *text, struct probe_range *ret_range, struct error *err)
{
    char table[16];
    char low[16];
    int64_t first = -1;
    int64_t last = -1;
    const char *colon = strchr(text, ':');
    if (!colon) {
        (void)num_parse_int(text, &first);
        return explain(text, first, err);
    }
    (void)snprintf(table, sizeof table, "%.*s", (int)(colon - text), text);
    if (parse_table(table, &ret_range->table, err) != 0)
        return -1;
    const char *dots = strstr(colon, "..");
    (void)snprintf(low, sizeof low, "%.*s", dots ? (int)(dots - colon - 1) : (int)sizeof low,
                   colon + 1);
    if (!num_parse_int(low, &first) || !num_parse_int(dots ? dots + 2 : low, &last) ||
        first < 0 || last < first)
        return explain(text, -1, err);
    if (last >= ADDRESSES)
        return explain(text, last, err);
    if (last - first >= MAX_PROBE)
        return error_set(err, ERROR_USAGE, "'%s': at most %d at a time", text, MAX_PROBE);
    ret_range->first = (uint16_t)first;
    ret_range->count = (uint32_t)(last - first + 1);
    return 0;
}
