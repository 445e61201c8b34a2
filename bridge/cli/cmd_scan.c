// SPDX-License-Identifier: MIT
// modbridge scan TARGET-BUS: which units answer, and what they say they are.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/stop_signals.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "cli/census.h"
#include "cli/cli.h"
#include "cli/hosts.h"
#include "cli/line_options.h"
#include "cli/scan.h"
#include "config/config.h"

enum {
    LAST_UNIT = 255,
};

// The lines that are scanned, one after the other.
struct lines {
    struct arena *arena;
    struct bus_settings *buses;
    size_t count;
    const struct site *site; // NULL: not of a site
    struct line_settings rows[MAX_HUNT_SETTINGS];
    struct scan_settings settings;
};

static const struct bus_settings *find_bus(const struct site *site, const char *name)
{
    for (size_t i = 0; i < site->bus_count; i++) {
        if (strcmp(site->buses[i].name, name) == 0)
            return &site->buses[i];
    }
    return NULL;
}

static int refuse_bus(const struct site *site, const char *name, struct error *err)
{
    struct suggestion suggestion;
    struct strbuf near = {0};
    suggest_start(&suggestion, name);
    for (size_t i = 0; i < site->bus_count; i++)
        suggest_candidate(&suggestion, site->buses[i].name);
    suggest_append(&suggestion, &near);
    (void)error_set(err, ERROR_USAGE, "%s has no bus '%s'%s", site->path, name,
                    strbuf_text(&near));
    strbuf_done(&near);
    return -1;
}

static int load_site_bus(struct lines *lines, const struct options *options, struct error *err)
{
    struct diagnostics diagnostics;
    if (options->positional_count != 2)
        return error_set(err, ERROR_USAGE,
                         "name a site and a bus, or use --rtu, --tcp or --rtu-over-tcp");
    diagnostics_init(&diagnostics, lines->arena);
    int loaded =
        config_load_site(lines->arena, options->positionals[0], &diagnostics, &lines->site);
    diagnostics_print(&diagnostics, stderr);
    if (loaded != 0)
        return error_set(err, ERROR_CONFIG, "the configuration is refused, see above");
    const struct bus_settings *bus = find_bus(lines->site, options->positionals[1]);
    if (!bus)
        return refuse_bus(lines->site, options->positionals[1], err);
    lines->buses = ARENA_NEW(lines->arena, struct bus_settings);
    *lines->buses = *bus;
    lines->count = 1;
    return 0;
}

// All usual settings of a serial line that the options leave open; none when its speed is
// given.
static void choose_settings(struct lines *lines, const struct options *options,
                            enum parity parity)
{
    size_t count = 0;
    const struct line_settings *usual = hunt_usual_settings(&count);
    for (size_t i = 0; i < count; i++) {
        bool fits = (!options->parity || usual[i].parity == parity) &&
                    (!options->stop_bits || usual[i].stop_bits == (int)options->stop_bits);
        if (fits)
            lines->rows[lines->settings.count++] = usual[i];
    }
    // What nobody has is tried all the same, at the usual speeds.
    for (size_t i = 0; i < count && lines->settings.count == 0; i++) {
        if (usual[i].parity == PARITY_NONE && usual[i].stop_bits == 1)
            lines->rows[lines->settings.count++] = (struct line_settings){
                usual[i].baud, parity, options->stop_bits ? (int)options->stop_bits : 1};
    }
    lines->settings.rows = lines->rows;
}

static int take_hosts(struct lines *lines, const struct options *options, struct error *err)
{
    struct hosts *hosts = ARENA_NEW(lines->arena, struct hosts);
    if (options->rtu || options->rtu_over_tcp)
        return error_set(err, ERROR_USAGE, "give one of --tcp, --rtu and --rtu-over-tcp");
    if (hosts_parse(lines->arena, options->tcp, 502, hosts, err) != 0)
        return error_prefix(err, "--tcp");
    lines->buses = ARENA_NEW_ARRAY(lines->arena, hosts->count, struct bus_settings);
    lines->count = hosts->count;
    for (size_t i = 0; i < hosts->count; i++)
        lines->buses[i] = (struct bus_settings){.name = "line",
                                                .transport = TRANSPORT_TCP,
                                                .host = hosts->items[i].name,
                                                .port = hosts->items[i].port};
    return 0;
}

static int take_line(struct lines *lines, const struct options *options, struct error *err)
{
    if (options->positional_count > 0)
        return error_set(err, ERROR_USAGE, "'%s' is one argument too many",
                         options->positionals[0]);
    if (options->tcp)
        return take_hosts(lines, options, err);
    lines->buses = ARENA_NEW(lines->arena, struct bus_settings);
    lines->count = 1;
    if (line_fill(lines->arena, options, lines->buses, err) != 0)
        return -1;
    if (options->rtu && !options->baud)
        choose_settings(lines, options, lines->buses->parity);
    return 0;
}

static int parse_units(const char *text, struct scan *scan, struct error *err)
{
    char low[8];
    int64_t first = 0;
    int64_t last = 0;
    const char *dots = strstr(text, "..");
    (void)snprintf(low, sizeof low, "%.*s", dots ? (int)(dots - text) : (int)sizeof low, text);
    bool is_good = num_parse_int(low, &first) && num_parse_int(dots ? dots + 2 : low, &last) &&
                   first >= 0 && last >= first && last <= LAST_UNIT;
    if (!is_good)
        return error_set(err, ERROR_USAGE,
                         "--units takes unit ids such as 1..20 or 5, up to %d, not '%s'",
                         LAST_UNIT, text);
    scan->first = (int)first;
    scan->last = (int)last;
    return 0;
}

static int take_options(struct scan *scan, const struct options *options, struct error *err)
{
    scan->first = NO_INDEX;
    scan->last = NO_INDEX;
    scan->all = options->all;
    scan->report = options->json ? scan_print_json : scan_print_text;
    if (options->units && parse_units(options->units, scan, err) != 0)
        return -1;
    if (!options->timeout)
        return 0;
    if (!num_parse_duration_ms(options->timeout, &scan->timeout_ms) || scan->timeout_ms < 1 ||
        scan->timeout_ms > MAX_HUNT_TIMEOUT_MS)
        return error_set(err, ERROR_USAGE,
                         "--timeout takes a duration up to %d s, such as 300ms, not '%s'",
                         MAX_HUNT_TIMEOUT_MS / 1000, options->timeout);
    return 0;
}

// Takes those off the list that take no connection.
static void look_for_hosts(struct scan *scan, struct lines *lines)
{
    size_t asked = lines->count;
    bool *is_there = mem_new(asked, sizeof *is_there);
    scan->is_stopped =
        !census_take(lines->buses, asked, scan->stop_descriptor, &scan->progress, is_there);
    lines->count = 0;
    for (size_t i = 0; i < asked; i++) {
        if (is_there[i])
            lines->buses[lines->count++] = lines->buses[i];
    }
    free(is_there);
    (void)fprintf(stderr, "modbridge scan: %zu of %zu hosts take a connection\n", lines->count,
                  asked);
}

static void print_unruled(const struct map_shelf *shelf)
{
    struct strbuf names = {0};
    size_t count = 0;
    for (size_t i = 0; i < shelf->count; i++) {
        const struct map *map = shelf->maps[i];
        if (map->identify_count || map->modbus.sunspec_count)
            continue;
        strbuf_printf(&names, "%s%s", count++ ? ", " : "", map->name);
    }
    if (count)
        (void)fprintf(stderr, "%zu maps have no rule that tells their device from others: %s\n",
                      count, strbuf_text(&names));
    strbuf_done(&names);
}

static void sum_up(const struct scan *scan, const struct lines *lines)
{
    if (scan->is_stopped)
        (void)fprintf(stderr, "modbridge scan: stopped before the end\n");
    if (scan->saw_others)
        (void)fprintf(stderr,
                      "Frames came that answered nothing: is there another master on the line, "
                      "or do devices answer late (--timeout)?\n");
    if (scan->unfitted)
        print_unruled(scan->shelf);
    if (scan->found || scan->garbled || !lines->count)
        return;
    char name[200];
    scan_name_line(&lines->buses[0], name, sizeof name);
    (void)fprintf(stderr, "modbridge scan: nothing answers%s%s%s\n",
                  lines->count == 1 && !lines->settings.count ? " on " : "",
                  lines->count == 1 && !lines->settings.count ? name : "",
                  lines->settings.count > 1 ? " with any of the usual settings" : "");
    if (lines->buses[0].transport == TRANSPORT_RTU)
        (void)fprintf(stderr, "Check the power, swap A and B, check the adapter "
                              "(docs/bus.md, Wiring)\n");
}

static int scan_lines(struct scan *scan, struct lines *lines, struct error *err)
{
    int failed = 0;
    if (lines->count > 1)
        look_for_hosts(scan, lines);
    scan->total = lines->count;
    for (size_t i = 0; i < lines->count && !scan->is_stopped; i++, scan->done++) {
        struct error one = {0};
        if (scan_line(scan, &lines->buses[i], &lines->settings, &one) == 0)
            continue;
        if (lines->count == 1) {
            *err = one;
            return -1;
        }
        (void)fprintf(stderr, "modbridge scan: %s\n", one.text);
        failed = ERROR_FAILED;
    }
    sum_up(scan, lines);
    if (scan->found)
        return ERROR_NONE;
    return scan->garbled || failed ? ERROR_FAILED : ERROR_NO_ANSWER;
}

static int run(struct scan *scan, struct lines *lines, const struct options *options,
               struct error *err)
{
    int loaded = line_is_given(options) ? take_line(lines, options, err)
                                        : load_site_bus(lines, options, err);
    if (loaded != 0 || take_options(scan, options, err) != 0)
        return -1;
    scan->stop_descriptor = stop_signals_open(err);
    if (scan->stop_descriptor < 0)
        return -1;
    scan->bus_name = lines->site ? lines->buses[0].name : NULL;
    scan->site = lines->site ? options->positionals[0] : NULL;
    map_shelf_init(scan->shelf, lines->site);
    int code = scan_lines(scan, lines, err);
    map_shelf_done(scan->shelf);
    (void)close(scan->stop_descriptor);
    return code;
}

int cmd_scan(const struct options *options)
{
    struct error err = {0};
    struct map_shelf shelf = {0};
    struct scan scan = {.shelf = &shelf};
    struct lines lines = {.arena = arena_new()};
    int code = run(&scan, &lines, options, &err);
    arena_free(lines.arena);
    return code < 0 ? cli_fail("scan", &err) : code;
}
