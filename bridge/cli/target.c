// SPDX-License-Identifier: MIT
#include "cli/target.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/stop_signals.h"
#include "config/config.h"
#include "config/endpoint.h"

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

static int find_word(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], word) == 0)
            return (int)i;
    }
    return NO_INDEX;
}

static int fill_serial(struct bus_settings *bus, const struct options *options,
                       struct error *err)
{
    static const char *const parities[] = {
        [PARITY_NONE] = "none", [PARITY_EVEN] = "even", [PARITY_ODD] = "odd"};
    bus->baud = options->baud ? (int)options->baud : 9600;
    bus->stop_bits = options->stop_bits ? (int)options->stop_bits : 1;
    int parity = options->parity ? find_word(options->parity, parities, 3) : PARITY_NONE;
    if (parity == NO_INDEX)
        return error_set(err, ERROR_USAGE, "--parity is none, even or odd, not '%s'",
                         options->parity);
    bus->parity = (enum parity)parity;
    return 0;
}

static int fill_bus(struct target *target, struct bus_settings *bus,
                    const struct options *options, struct error *err)
{
    int given = !!options->tcp + !!options->rtu + !!options->rtu_over_tcp;
    if (given != 1)
        return error_set(err, ERROR_USAGE,
                         "--map needs one of --tcp, --rtu and --rtu-over-tcp");
    *bus = (struct bus_settings){.name = "line", .path = options->rtu};
    if (fill_serial(bus, options, err) != 0)
        return -1;
    if (options->rtu) {
        bus->transport = TRANSPORT_RTU;
        return 0;
    }
    bus->transport = options->tcp ? TRANSPORT_TCP : TRANSPORT_RTU_OVER_TCP;
    const char *endpoint = options->tcp ? options->tcp : options->rtu_over_tcp;
    if (config_parse_endpoint(target->arena, endpoint, options->tcp ? 502 : 0, &bus->host,
                              &bus->port, err) != 0) {
        err->code = ERROR_USAGE;
        return error_prefix(err, "%s", options->tcp ? "--tcp" : "--rtu-over-tcp");
    }
    return 0;
}

// A site of one bus and one device.
static int make_site(struct target *target, const struct options *options, struct error *err)
{
    struct arena *arena = target->arena;
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics, arena);
    struct map_folders folders;
    config_map_folders(&folders, NULL);
    const char *path = config_find_map(arena, options->map, &folders);
    const struct map *map = NULL;
    int loaded = config_load_map(arena, path ? path : options->map, NULL, &diagnostics, &map);
    if (judge(&diagnostics, loaded, err) != 0)
        return -1;
    struct bus_settings *bus = ARENA_NEW(arena, struct bus_settings);
    if (fill_bus(target, bus, options, err) != 0)
        return -1;
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

static int fill_target(struct target *target, const struct options *options, struct error *err)
{
    int loaded =
        options->map ? make_site(target, options, err) : load_site(target, options, err);
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
    target->unit = line_unit(&target->line, target->index);
    return 0;
}

int target_open(struct target *target, const struct options *options, struct error *err)
{
    *target = (struct target){.arena = arena_new()};
    if (fill_target(target, options, err) == 0)
        return 0;
    arena_free(target->arena);
    return -1;
}

void target_close(struct target *target)
{
    (void)close(target->line.stop_descriptor);
    line_done(&target->line);
    arena_free(target->arena);
}
