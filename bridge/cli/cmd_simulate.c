// SPDX-License-Identifier: MIT
// modbridge simulate: the devices of a map or a site, served until somebody stops it.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/stop_signals.h"
#include "cli/cli.h"
#include "cli/laboratory.h"
#include "cli/options.h"
#include "config/config.h"
#include "config/endpoint.h"
#include "config/load_simulated_values.h"
#include "sim/serve.h"

// One simulated device, from a map alone or from a site.
struct part {
    const char *name;
    const struct map *map;
    const struct modbus_settings *modbus;
    int unit_id; // NO_INDEX: any
    size_t place;
};

// Where the devices of one bus are reached.
struct place {
    enum transport transport;
    const struct bus_settings *bus; // NULL: of a map alone
    const char *key;                // "tcp", ...: of the printed line
    const char *text;               // "127.0.0.1:1502", "/dev/pts/7"
};

struct stage {
    struct arena *arena;
    struct part *parts;
    size_t part_count;
    struct place *places;
    size_t place_count;
    const char *links; // folder of links to pseudo-terminals, or NULL
    const char *host;
    uint16_t port; // of the first listener; 0: any
    const struct site_values *values;
    struct sim_device **devices; // as parts
    struct server *server;
    struct laboratory laboratory;
};

static void set_map(struct stage *stage, const struct map *map, const struct options *options)
{
    stage->parts = ARENA_NEW(stage->arena, struct part);
    stage->part_count = 1;
    stage->places = ARENA_NEW(stage->arena, struct place);
    stage->place_count = 1;
    stage->parts[0] = (struct part){
        .name = map->name,
        .map = map,
        .modbus = &map->modbus,
        .unit_id = options->unit < 0 ? NO_INDEX : (int)options->unit,
    };
}

static void set_site(struct stage *stage, const struct site *site)
{
    stage->parts = ARENA_NEW_ARRAY(stage->arena, site->device_count, struct part);
    stage->part_count = site->device_count;
    stage->places = ARENA_NEW_ARRAY(stage->arena, site->bus_count, struct place);
    stage->place_count = site->bus_count;
    for (size_t i = 0; i < site->bus_count; i++)
        stage->places[i] =
            (struct place){.transport = site->buses[i].transport, .bus = &site->buses[i]};
    for (size_t i = 0; i < site->device_count; i++) {
        const struct device *device = &site->devices[i];
        stage->parts[i] = (struct part){
            .name = device->name,
            .map = device->map,
            .modbus = &device->modbus,
            .unit_id = device->unit_id,
            .place = (size_t)device->bus,
        };
    }
}

static int load_values(struct stage *stage, const char *path, struct diagnostics *diagnostics)
{
    struct values_target *targets =
        ARENA_NEW_ARRAY(stage->arena, stage->part_count, struct values_target);
    for (size_t i = 0; i < stage->part_count; i++)
        targets[i] = (struct values_target){stage->parts[i].name, stage->parts[i].map};
    return config_load_values(stage->arena, path, targets, stage->part_count, diagnostics,
                              &stage->values);
}

static int load(struct stage *stage, const struct options *options, struct error *err)
{
    const char *name = options->positionals[0];
    const struct map *map = NULL;
    const struct site *site = NULL;
    struct map_folders folders;
    struct diagnostics diagnostics;
    config_map_folders(&folders, NULL);
    diagnostics_init(&diagnostics, stage->arena);
    const char *path = config_find_map(stage->arena, name, &folders);
    int failed = config_load_any(stage->arena, path ? path : name, &diagnostics, &map, &site);
    if (!failed && map)
        set_map(stage, map, options);
    else if (!failed)
        set_site(stage, site);
    if (!failed && options->values)
        failed = load_values(stage, options->values, &diagnostics);
    diagnostics_print(&diagnostics, stderr);
    if (failed)
        return error_set(err, ERROR_CONFIG, "the configuration is refused, see above");
    if (site && options->unit >= 0)
        return error_set(err, ERROR_USAGE, "--unit is for a map: a site names its units");
    return 0;
}

// The same noise for the same device name (FNV-1a hash).
static uint32_t seed_of(const char *name)
{
    uint32_t hash = 2166136261U;
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619U;
    return hash;
}

// What the faults file may name, in the order of parts and places.
static int open_laboratory(struct stage *stage, const struct options *options,
                           struct error *err)
{
    const char **devices = ARENA_NEW_ARRAY(stage->arena, stage->part_count, const char *);
    const char **buses = ARENA_NEW_ARRAY(stage->arena, stage->place_count, const char *);
    for (size_t i = 0; i < stage->part_count; i++)
        devices[i] = stage->parts[i].name;
    for (size_t i = 0; i < stage->place_count; i++)
        buses[i] = stage->places[i].bus ? stage->places[i].bus->name : "";
    const struct fault_names names = {devices, stage->part_count, buses, stage->place_count};
    stage->links = options->links;
    return laboratory_open(&stage->laboratory, options->faults, &names, err);
}

static int make_devices(struct stage *stage, struct error *err)
{
    stage->devices = ARENA_NEW_ARRAY(stage->arena, stage->part_count, struct sim_device *);
    for (size_t i = 0; i < stage->part_count; i++) {
        const struct part *part = &stage->parts[i];
        const struct sim_device_settings settings = {
            .map = part->map,
            .modbus = part->modbus,
            .unit_id = part->unit_id,
            .given = stage->values ? &stage->values->devices[i] : NULL,
            .seed = seed_of(part->name),
            .index = (int)i,
        };
        if (sim_device_new(&settings, clock_monotonic_ms(), &stage->devices[i], err))
            return -1;
    }
    return 0;
}

// The devices of one bus, side by side.
static struct line collect_line(const struct stage *stage, size_t place)
{
    struct sim_device **devices =
        ARENA_NEW_ARRAY(stage->arena, stage->part_count, struct sim_device *);
    size_t count = 0;
    for (size_t i = 0; i < stage->part_count; i++) {
        if (stage->parts[i].place == place)
            devices[count++] = stage->devices[i];
    }
    const struct place *where = &stage->places[place];
    struct line line = {.devices = devices,
                        .count = count,
                        .bus = (int)place,
                        .faults = stage->laboratory.faults};
    if (where->transport == TRANSPORT_RTU)
        line.pace = pace_of(where->bus);
    return line;
}

static int open_listener(struct stage *stage, struct place *place, const struct line *line,
                         struct error *err)
{
    uint16_t taken = 0;
    bool is_tcp = place->transport == TRANSPORT_TCP;
    const struct listen_settings settings = {
        .framing = is_tcp ? FRAMING_TCP : FRAMING_RTU,
        .host = stage->host,
        .port = stage->port,
    };
    if (server_listen(stage->server, line, &settings, &taken, err))
        return -1;
    if (stage->port)
        stage->port++;
    bool is_v6 = strchr(stage->host, ':') != NULL;
    place->key = is_tcp ? "tcp" : "rtu_over_tcp";
    place->text = arena_printf(stage->arena, "%s%s%s:%d", is_v6 ? "[" : "", stage->host,
                               is_v6 ? "]" : "", (int)taken);
    return 0;
}

static int open_places(struct stage *stage, struct error *err)
{
    stage->server = server_new();
    for (size_t i = 0; i < stage->place_count; i++) {
        struct place *place = &stage->places[i];
        struct line line = collect_line(stage, i);
        char path[MAX_PORT_PATH];
        if (place->transport != TRANSPORT_RTU) {
            if (open_listener(stage, place, &line, err))
                return -1;
            continue;
        }
        const char *link =
            stage->links ? arena_printf(stage->arena, "%s/%s", stage->links, place->bus->name)
                         : NULL;
        if (server_open_terminal(stage->server, &line, link, path, err))
            return -1;
        place->key = "rtu";
        place->text = arena_text(stage->arena, path);
    }
    return 0;
}

static int announce(const struct stage *stage, struct error *err)
{
    for (size_t i = 0; i < stage->part_count; i++) {
        const struct place *place = &stage->places[stage->parts[i].place];
        json_t *line =
            json_pack("{s:s, s:s}", "device", stage->parts[i].name, place->key, place->text);
        char *text = json_dumps(line, JSON_COMPACT);
        (void)printf("%s\n", text);
        free(text);
        json_decref(line);
    }
    return fflush(stdout) ? error_set_errno(err, "cannot print where the devices are") : 0;
}

static int perform(struct stage *stage, struct error *err)
{
    int stop = stop_signals_open(err);
    if (stop < 0)
        return -1;
    const struct server_watch watch = laboratory_watch(&stage->laboratory, stage->server);
    int failed = announce(stage, err) || server_run(stage->server, stop, &watch, err);
    laboratory_report(&stage->laboratory);
    (void)close(stop);
    return failed ? -1 : 0;
}

static void done(struct stage *stage)
{
    server_free(stage->server);
    for (size_t i = 0; stage->devices && i < stage->part_count; i++)
        sim_device_free(stage->devices[i]);
    laboratory_close(&stage->laboratory);
    arena_free(stage->arena);
}

static int parse_listen(struct stage *stage, const char *listen, struct error *err)
{
    stage->host = "127.0.0.1";
    if (!listen)
        return 0;
    if (config_parse_endpoint(stage->arena, listen, 0, &stage->host, &stage->port, err)) {
        err->code = ERROR_USAGE;
        return error_prefix(err, "--listen");
    }
    return 0;
}

int cmd_simulate(const struct options *options)
{
    struct error err = {0};
    if (options->positional_count != 1)
        return cli_usage("simulate", "name one map or one site");
    struct stage stage = {.arena = arena_new()};
    int failed = parse_listen(&stage, options->listen, &err) || load(&stage, options, &err) ||
                 open_laboratory(&stage, options, &err) || make_devices(&stage, &err) ||
                 open_places(&stage, &err) || perform(&stage, &err);
    done(&stage);
    if (!failed)
        return ERROR_NONE;
    (void)fprintf(stderr, "modbridge simulate: %s\n", err.text);
    return (int)err.code;
}
