// SPDX-License-Identifier: MIT
#include "cli/laboratory.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/stop_signals.h"

static void print_json(json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(6));
    (void)printf("%s\n", text);
    (void)fflush(stdout);
    free(text);
    json_decref(object);
}

// Everybody who repeats a run needs the seed, also one that nobody chose.
static void announce(const char *path, const struct fault_script *script)
{
    print_json(json_pack("{s:s, s:I, s:I}", "faults", path, "rules", (json_int_t)script->count,
                         "seed", (json_int_t)script->seed));
}

// Reads the file; the faults in force stay when it is broken.
static int read_faults(struct laboratory *laboratory)
{
    const struct fault_script *script = NULL;
    struct diagnostics diagnostics;
    struct arena *arena = arena_new();
    diagnostics_init(&diagnostics, arena);
    int failed =
        config_load_faults(arena, laboratory->path, &laboratory->names, &diagnostics, &script);
    diagnostics_print(&diagnostics, stderr);
    if (failed) {
        arena_free(arena);
        return -1;
    }
    struct fault_script *seeded = ARENA_NEW(arena, struct fault_script);
    *seeded = *script;
    if (!seeded->has_seed)
        seeded->seed = (uint64_t)clock_wall_ms() % INT32_MAX + 1;
    seeded->has_seed = true;
    faults_take(laboratory->faults, seeded, clock_monotonic_us());
    arena_free(laboratory->arena);
    laboratory->arena = arena;
    announce(laboratory->path, seeded);
    return 0;
}

int laboratory_open(struct laboratory *laboratory, const char *path,
                    const struct fault_names *names, struct error *err)
{
    const int signals[] = {SIGHUP, SIGUSR1};
    *laboratory = (struct laboratory){.path = path,
                                      .names = *names,
                                      .faults = faults_new(1),
                                      .signals = signals_open(signals, 2, err)};
    if (laboratory->signals < 0)
        return -1;
    if (path && read_faults(laboratory))
        return error_set(err, ERROR_CONFIG, "the faults file is refused, see above");
    return 0;
}

void laboratory_close(struct laboratory *laboratory)
{
    if (!laboratory->faults)
        return;
    if (laboratory->signals >= 0)
        (void)close(laboratory->signals);
    faults_free(laboratory->faults);
    arena_free(laboratory->arena);
}

static void serve_signal(void *context)
{
    struct laboratory *laboratory = context;
    int signal = signals_take(laboratory->signals);
    if (signal == SIGUSR1)
        laboratory_report(laboratory);
    if (signal == SIGHUP && laboratory->path && read_faults(laboratory))
        (void)fprintf(stderr, "modbridge simulate: %s is refused: the faults before it stay\n",
                      laboratory->path);
}

struct server_watch laboratory_watch(struct laboratory *laboratory, struct server *server)
{
    laboratory->server = server;
    return (struct server_watch){laboratory->signals, serve_signal, laboratory};
}

static json_t *units_of(const struct meter *meter)
{
    char name[8];
    json_t *units = json_object();
    for (int i = 0; i < METER_UNITS; i++) {
        if (!meter->asked[i])
            continue;
        (void)snprintf(name, sizeof name, "%d", i);
        (void)json_object_set_new(units, name,
                                  json_pack("{s:I, s:I}", "asked", (json_int_t)meter->asked[i],
                                            "answered", (json_int_t)meter->answered[i]));
    }
    return units;
}

static json_t *rows_of(const struct meter *meter)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < meter->row_count; i++) {
        const struct meter_row *row = &meter->rows[i];
        (void)json_array_append_new(rows, json_pack("[i, i, i, i, I]", (int)row->unit_id,
                                                    (int)row->function, (int)row->address,
                                                    (int)row->count, (json_int_t)row->times));
    }
    return rows;
}

static void report_line(const char *bus, struct meter *meter)
{
    int64_t now_us = clock_monotonic_us();
    int64_t passed_us = now_us - meter->since_us;
    double share = passed_us ? (double)meter->busy_us / (double)passed_us : 0;
    json_t *line =
        json_pack("{s:s, s:f, s:I, s:I, s:I, s:I, s:f, s:o, s:o}", "bus", bus, "seconds",
                  (double)passed_us / 1e6, "requests", (json_int_t)meter->requests,
                  "gaps_broken", (json_int_t)meter->gaps_broken, "collisions",
                  (json_int_t)meter->collisions, "noise_bytes", (json_int_t)meter->noise_bytes,
                  "busy", share, "units", units_of(meter), "asked", rows_of(meter));
    if (meter->smallest_gap_us >= 0)
        (void)json_object_set_new(line, "smallest_gap_us",
                                  json_integer((json_int_t)meter->smallest_gap_us));
    print_json(line);
    meter_restart(meter, now_us);
}

void laboratory_report(struct laboratory *laboratory)
{
    for (size_t i = 0; laboratory->server && i < laboratory->names.bus_count; i++) {
        struct meter *meter = server_meter(laboratory->server, i);
        if (meter)
            report_line(laboratory->names.buses[i], meter);
    }
}
