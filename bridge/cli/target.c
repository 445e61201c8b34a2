// SPDX-License-Identifier: MIT
#include "cli/target.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/stop_signals.h"
#include "cli/line_options.h"
#include "config/config.h"

enum { UNMAPPED_TIMEOUT_MS = 1000 };

// The map of a device of which nothing is known.
static const struct map no_map = {
    .name = "device",
    .modbus = {.max_registers = MAX_READ_REGISTERS,
               .max_bits = MAX_READ_BITS,
               .timeout_ms = UNMAPPED_TIMEOUT_MS},
};

// Prints the findings of a load; -1 when they forbid going on.
static int judge(struct diagnostics *diagnostics, int loaded, struct error *err)
{
    diagnostics_print(diagnostics, stderr);
    if (loaded == 0)
        return 0;
    return error_set(err, ERROR_CONFIG, "the configuration is refused, see above");
}

static int load_site(struct target *target, const struct options *options, struct error *err)
{
    if (options->positional_count < 2)
        return error_set(err, ERROR_USAGE,
                         "name a site and a device, or use --map with --tcp, "
                         "--rtu or --rtu-over-tcp");
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics, target->arena);
    int loaded =
        config_load_site(target->arena, options->positionals[0], &diagnostics, &target->site);
    if (judge(&diagnostics, loaded, err) != 0)
        return -1;
    int index = site_find_device(target->site, options->positionals[1]);
    if (index == NO_INDEX)
        return error_set(err, ERROR_USAGE, "%s has no device '%s'", options->positionals[0],
                         options->positionals[1]);
    target->index = (uint16_t)index;
    target->next = 2;
    return 0;
}

static int load_map(struct target *target, const char *name, const struct map **ret_map,
                    struct error *err)
{
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics, target->arena);
    struct map_folders folders;
    config_map_folders(&folders, NULL);
    const char *path = config_find_map(target->arena, name, &folders);
    int loaded =
        config_load_map(target->arena, path ? path : name, NULL, &diagnostics, ret_map);
    return judge(&diagnostics, loaded, err);
}

// A site of one bus and one device.
static int make_site(struct target *target, const struct options *options, struct error *err)
{
    struct arena *arena = target->arena;
    const struct map *map = &no_map;
    if (options->map && load_map(target, options->map, &map, err) != 0)
        return -1;
    struct bus_settings *bus = ARENA_NEW(arena, struct bus_settings);
    if (line_fill(arena, options, bus, err) != 0)
        return options->map ? error_prefix(err, "--map") : -1;
    struct device *device = ARENA_NEW(arena, struct device);
    *device = (struct device){
        .name = map->name,
        .map = map,
        .modbus = map->modbus,
        .unit_id = options->unit < 0 ? 1 : (int)options->unit,
        .cloud = NO_INDEX,
    };
    struct site *site = ARENA_NEW(arena, struct site);
    *site = (struct site){
        .path = options->map,
        .buses = bus,
        .bus_count = 1,
        .devices = device,
        .device_count = 1,
    };
    target->site = site;
    return 0;
}

static int fill_target(struct target *target, const struct options *options, bool needs_map,
                       struct error *err)
{
    bool is_line = options->map || (!needs_map && line_is_given(options));
    int loaded = is_line ? make_site(target, options, err) : load_site(target, options, err);
    if (loaded != 0)
        return -1;
    target->device = &target->site->devices[target->index];
    int stop = stop_signals_open(err);
    if (stop < 0)
        return -1;
    if (line_init(&target->line, target->arena, target->site, target->device->bus, stop, err) !=
        0) {
        (void)close(stop);
        return -1;
    }
    // What ends by itself makes no storm, and values that were read first would grow old.
    if (!options->watch)
        line_hurry(&target->line);
    target->unit = line_unit(&target->line, target->index);
    return 0;
}

void target_seek_daemon(struct target *target)
{
    const struct bus_settings *bus = &target->site->buses[target->device->bus];
    const char *site = target->next > 0 ? target->site->path : NULL;
    target->served = served_find(site, bus, target->line.stop_descriptor);
}

// Where a running daemon has the line, it is asked.
static void seek_and_ask(struct target *target)
{
    target_seek_daemon(target);
    if (target->served)
        served_attach(target->served, target->line.link);
}

static int open_target(struct target *target, const struct options *options, bool needs_map,
                       struct error *err)
{
    *target = (struct target){.arena = arena_new()};
    if (fill_target(target, options, needs_map, err) == 0)
        return 0;
    arena_free(target->arena);
    return -1;
}

int target_open(struct target *target, const struct options *options, struct error *err)
{
    if (open_target(target, options, true, err) != 0)
        return -1;
    seek_and_ask(target);
    return 0;
}

int target_open_unmapped(struct target *target, const struct options *options,
                         struct error *err)
{
    if (open_target(target, options, false, err) != 0)
        return -1;
    seek_and_ask(target);
    return 0;
}

int target_open_alone(struct target *target, const struct options *options, struct error *err)
{
    return open_target(target, options, true, err);
}

const char *target_silence_text(const struct target *target, enum fault fault)
{
    const struct error *why = &target->line.why;
    const char *note = link_last_note(target->line.link)->text;
    if (why->code != ERROR_NONE)
        return why->text;
    return note[0] ? note : fault_names[fault];
}

int target_silence(const struct target *target, enum fault fault, struct error *err)
{
    return error_set(err, ERROR_NO_ANSWER, "%s, unit %d: %s", target->device->name,
                     target->device->unit_id, target_silence_text(target, fault));
}

void target_close(struct target *target)
{
    (void)close(target->line.stop_descriptor);
    line_done(&target->line);
    served_close(target->served);
    arena_free(target->arena);
}
