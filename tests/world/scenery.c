// SPDX-License-Identifier: MIT
// A site of a seed: devices with their points and commands, and what goes wrong with them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/time_units.h"
#include "config/config.h"
#include "support/random.h"
#include "world/world.h"

const char *const world_kind_names[WORLD_KINDS] = {
    [WORLD_CLEAN_RTU] = "clean-rtu",   [WORLD_CLEAN_TCP] = "clean-tcp",
    [WORLD_NOISY_RTU] = "noisy-rtu",   [WORLD_FAULTY_TCP] = "faulty-tcp",
    [WORLD_DEAD_UNITS] = "dead-units", [WORLD_LATE_RTU] = "late-rtu",
    [WORLD_UNPLUGGED] = "unplugged",   [WORLD_STRANGERS] = "strangers",
    [WORLD_IDENTIFY] = "identify",     [WORLD_HOLDS] = "holds",
    [WORLD_GUESTS] = "guests",
};

enum { TIMEOUT_MS = 300 };

uint32_t world_draw(struct world *world, uint32_t limit)
{
    return random_below(&world->random, limit);
}

bool world_is_clean(const struct world *world)
{
    return world->kind == WORLD_CLEAN_RTU || world->kind == WORLD_CLEAN_TCP ||
           world->kind == WORLD_GUESTS;
}

bool world_is_faultless(const struct world *world)
{
    return world_is_clean(world) || world->kind == WORLD_STRANGERS ||
           world->kind == WORLD_HOLDS;
}

static bool has_holds(const struct world *world)
{
    return world->kind == WORLD_HOLDS || world->kind == WORLD_IDENTIFY;
}

static bool is_tcp(const struct world *world)
{
    return world->kind == WORLD_CLEAN_TCP || world->kind == WORLD_FAULTY_TCP;
}

// ---- the site

static const int bauds[] = {4800, 9600, 19200, 38400, 115200};

static int64_t cost_of_request_us(const struct world *world, int baud)
{
    return is_tcp(world) ? 20000 : (int64_t)(8 + 9 + 8) * 11 * 1000000 / baud + 4000;
}

// Points in clusters, with periods that leave the line some rest: every point costs a request
// of its own here, which is more than it will.
static void write_points(struct world *world, int devices, int baud, struct strbuf *text)
{
    int count = 3 + (int)world_draw(world, 8);
    int64_t cost_us = cost_of_request_us(world, baud);
    int64_t shortest_ms = cost_us * count * devices * 2 / US_PER_MS;
    int address = (int)world_draw(world, 20);
    for (int i = 0; i < count; i++) {
        const char *table = world_draw(world, 3) ? "holding" : "input";
        int64_t every_ms = shortest_ms * (1 + world_draw(world, 4)) / 100 * 100 + 100;
        strbuf_printf(text, "  p%d: {%s: %d, type: %s, every: %lldms}\n", i, table, address,
                      world_draw(world, 2) ? "u16" : "u32", (long long)every_ms);
        address += 2 + (int)(world_draw(world, 3) ? 0 : world_draw(world, 60));
    }
}

// A setpoint that is held, at periods that take an eighth of the bus's time when all hold, and
// a command that asks for a long time without a wait.
static void write_holds(struct world *world, int devices, int baud, struct strbuf *text)
{
    int64_t every_ms = cost_of_request_us(world, baud) * devices * 8 / US_PER_MS;
    every_ms = every_ms < 500 ? 500 : every_ms;
    world->hold_every_us = every_ms * US_PER_MS;
    world->hold_for_us = 30 * US_PER_S;
    strbuf_printf(text,
                  "  keep:\n"
                  "    arguments: {v: {type: integer, min: 0, max: 65535, required: true}}\n"
                  "    steps:\n      - write: {held: v}\n"
                  "        hold: {every: %lldms, for: 30s, then: {held: 0}}\n"
                  "  long:\n    steps:\n",
                  (long long)every_ms);
    for (int i = 0; i < 40; i++)
        strbuf_printf(text, "      - require: w%d >= 0\n", i % 2);
}

static void write_map(struct world *world, int devices, int baud, struct strbuf *text)
{
    strbuf_printf(text,
                  "modbridge: map/1\nvendor: World\nmodel: Device\n"
                  "modbus: {merge_gap: %s, timeout: %dms, min_gap: %dms}\n"
                  "%sregisters:\n"
                  "  w0: {holding: 1000, type: u16, access: rw}\n"
                  "  w1: {holding: 1001, type: u16, access: rw}\n"
                  "  held: {holding: 1010, type: u16, access: rw, hold: true}\n"
                  "  model: {holding: 1020, type: u16}\n"
                  "telemetry:\n",
                  world_draw(world, 2) ? "auto" : "0", (int)TIMEOUT_MS,
                  world_draw(world, 4) ? 0 : (int)world_draw(world, 20),
                  world->kind == WORLD_IDENTIFY ? "identify: {model: 41}\n" : "");
    write_points(world, devices, baud, text);
    strbuf_add(
        text,
        "commands:\n"
        "  plain:\n"
        "    arguments: {v: {type: integer, min: 0, max: 65535, required: true}}\n"
        "    steps:\n      - write: {w0: v}\n      - write: {w1: v}\n"
        "  patient:\n"
        "    arguments: {v: {type: integer, min: 0, max: 65535, required: true}}\n"
        "    steps:\n      - write: {w0: v}\n      - wait: 3s\n      - write: {w1: v}\n"
        "  careful:\n"
        "    arguments: {v: {type: integer, min: 0, max: 65535, required: true}}\n"
        "    steps:\n      - try:\n          - write: {w0: v}\n          - write: {w1: v}\n"
        "        on_failure:\n          - log: undone\n");
    if (has_holds(world))
        write_holds(world, devices, baud, text);
}

static void write_site(struct world *world, int devices, int baud, struct strbuf *text)
{
    strbuf_add(text, "modbridge: site/1\nstate: /tmp\nbuses:\n");
    if (is_tcp(world))
        strbuf_add(text, "  line: {tcp: '127.0.0.1:502'}\n");
    else
        strbuf_printf(text, "  line: {rtu: /dev/null, baud: %d, parity: %s, stop_bits: 1}\n",
                      baud, world_draw(world, 2) ? "none" : "even");
    strbuf_add(text, "devices:\n");
    for (int i = 0; i < devices; i++)
        strbuf_printf(text, "  d%d: {map: ./map%d.yaml, bus: line, unit: %d}\n", i, i, i + 1);
}

static bool save(const char *folder, const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    if (!file)
        return false;
    bool is_written = fputs(text, file) >= 0;
    return fclose(file) == 0 && is_written;
}

static bool write_files(struct world *world, const char *folder, int devices)
{
    int baud = bauds[world_draw(world, ARRAY_LENGTH(bauds))];
    char name[32];
    bool is_saved = true;
    for (int i = 0; i < devices; i++) {
        struct strbuf text = {0};
        write_map(world, devices, baud, &text);
        (void)snprintf(name, sizeof name, "map%d.yaml", i);
        is_saved = save(folder, name, strbuf_text(&text)) && is_saved;
        strbuf_done(&text);
    }
    struct strbuf text = {0};
    write_site(world, devices, baud, &text);
    is_saved = save(folder, "site.yaml", strbuf_text(&text)) && is_saved;
    strbuf_done(&text);
    return is_saved;
}

static void remove_files(const char *folder, int devices)
{
    char path[128];
    for (int i = 0; i < devices; i++) {
        (void)snprintf(path, sizeof path, "%s/map%d.yaml", folder, i);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof path, "%s/site.yaml", folder);
    (void)unlink(path);
    (void)rmdir(folder);
}

static bool load_site(struct world *world, int devices)
{
    char folder[] = "/tmp/world-XXXXXX";
    char path[64];
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics, world->arena);
    if (!mkdtemp(folder))
        return false;
    (void)snprintf(path, sizeof path, "%s/site.yaml", folder);
    bool is_loaded = write_files(world, folder, devices) &&
                     config_load_site(world->arena, path, &diagnostics, &world->site) == 0;
    if (!is_loaded)
        diagnostics_print(&diagnostics, stdout);
    remove_files(folder, devices);
    return is_loaded;
}

// ---- what goes wrong

static struct fault_rule *add_rule(struct world *world, double chance)
{
    struct fault_rule *rule = &world->rules[world->script.count++];
    *rule = (struct fault_rule){.chance = chance,
                                .bus = NO_INDEX,
                                .device = NO_INDEX,
                                .unit_id = NO_INDEX,
                                .table = NO_INDEX,
                                .any_address = true,
                                .effect = {.lead = NO_INDEX}};
    return rule;
}

// Writes that lie, or are lost on one of the two ways.
static void add_write_faults(struct world *world)
{
    const struct fault_effect effects[] = {
        {.lead = NO_INDEX, .unanswered = true},
        {.lead = NO_INDEX, .unexecuted = true},
        {.lead = NO_INDEX, .lie = LIE_ADDRESS},
        {.lead = NO_INDEX, .lie = LIE_VALUE},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(effects); i++) {
        struct fault_rule *rule = add_rule(world, 0.05);
        rule->requests = FAULT_WRITES;
        rule->effect = effects[i];
    }
}

// No noise that a CRC would let through once in 65536 times: what is bent here is bent in one
// or two bits, or lacks bytes, which a CRC of 16 bits always sees.
static void add_noise(struct world *world)
{
    add_rule(world, 0.03)->effect.flip = 1;
    add_rule(world, 0.03)->effect.flip = 2;
    add_rule(world, 0.03)->effect.truncate = 1 + (int)world_draw(world, 6);
    add_rule(world, 0.02)->effect.lead = (int)world_draw(world, 256);
    add_rule(world, 0.02)->effect.foreign = true;
    add_rule(world, 0.02)->effect.repeat = 1;
    add_rule(world, 0.02)->effect.silent = true;
    add_rule(world, 0.02)->effect.lie = LIE_UNIT;
    add_rule(world, 0.2)->effect.jitter_ms = 100;
    struct fault_rule *busy = add_rule(world, 0.03);
    busy->requests = FAULT_READS;
    busy->effect.exception = (uint8_t)(1 + world_draw(world, 20));
}

static void add_stream_faults(struct world *world)
{
    const enum fault_lie lies[] = {LIE_TRANSACTION, LIE_PROTOCOL, LIE_LENGTH,
                                   LIE_UNIT,        LIE_FUNCTION, LIE_BYTE_COUNT};
    add_rule(world, 0.05)->effect.lie = lies[world_draw(world, ARRAY_LENGTH(lies))];
    add_rule(world, 0.02)->effect.stale = true;
    add_rule(world, 0.02)->effect.foreign = true;
    add_rule(world, 0.02)->effect.repeat = 1;
    add_rule(world, 0.02)->effect.silent = true;
    add_rule(world, 0.01)->effect.close = true;
    add_rule(world, 0.02)->effect.dribble_ms = 3;
    add_rule(world, 0.1)->effect.jitter_ms = 3 * (int64_t)TIMEOUT_MS;
    struct fault_rule *gone = add_rule(world, 1);
    gone->from_ms = 200000;
    gone->lasting_ms = 20000;
    gone->every_ms = 600000;
    gone->effect.refuse = true;
}

// One or two units that are dead for twenty minutes in every forty.
static void add_deaths(struct world *world)
{
    int count = 1 + (int)world_draw(world, 2);
    for (int i = 0; i < count; i++) {
        struct fault_rule *rule = add_rule(world, 1);
        rule->device = i;
        rule->from_ms = 60000;
        rule->lasting_ms = 1200000;
        rule->every_ms = 2400000;
        rule->effect.silent = true;
    }
}

// Each device is now and then so busy that its answer comes up to three times the time-out
// late. The moments are shorter than any wait for an answer: one answer at a time is late, and
// what is asked behind it waits no longer.
static void add_lateness(struct world *world)
{
    for (int i = 0; i < (int)world->site->device_count; i++) {
        struct fault_rule *rule = add_rule(world, 1);
        rule->device = i;
        rule->from_ms = world_draw(world, 3000);
        rule->lasting_ms = 40;
        rule->every_ms = 1000 + world_draw(world, 2000);
        rule->effect.jitter_ms = 3 * (int64_t)TIMEOUT_MS;
    }
}

static void add_unplugging(struct world *world)
{
    struct fault_rule *rule = add_rule(world, 1);
    rule->from_ms = 10000 + world_draw(world, 1000);
    rule->lasting_ms = 100 + world_draw(world, 5000);
    rule->every_ms = 30000 + world_draw(world, 30000);
    rule->effect.unplug = true;
}

// Units that are so busy after the port is back that they do not say who they are.
static void add_busy_identity(struct world *world)
{
    struct fault_rule *rule = add_rule(world, 0.3);
    rule->table = TABLE_HOLDING;
    rule->any_address = false;
    rule->first_address = MODEL;
    rule->last_address = MODEL;
    rule->effect.exception = 6;
}

static void add_faults(struct world *world)
{
    switch (world->kind) {
    case WORLD_NOISY_RTU:
        add_noise(world);
        add_write_faults(world);
        break;
    case WORLD_FAULTY_TCP:
        add_stream_faults(world);
        add_write_faults(world);
        break;
    case WORLD_DEAD_UNITS:
        add_deaths(world);
        break;
    case WORLD_LATE_RTU:
        add_lateness(world);
        break;
    case WORLD_UNPLUGGED:
        add_unplugging(world);
        break;
    case WORLD_IDENTIFY:
        add_unplugging(world);
        add_busy_identity(world);
        break;
    case WORLD_CLEAN_RTU:
    case WORLD_CLEAN_TCP:
    case WORLD_STRANGERS:
    case WORLD_HOLDS:
    case WORLD_GUESTS:
    case WORLD_KINDS:
        break;
    }
    world->script.rules = world->rules;
}

// ---- all of it

static bool make_devices(struct world *world)
{
    for (size_t i = 0; i < world->site->device_count; i++) {
        const struct device *device = &world->site->devices[i];
        const struct sim_device_settings settings = {.map = device->map,
                                                     .modbus = &device->modbus,
                                                     .unit_id = device->unit_id,
                                                     .index = (int)i};
        struct error err;
        if (sim_device_new(&settings, 0, &world->devices[i], &err))
            return false;
    }
    return true;
}

bool world_make(struct world *world)
{
    world->random = world->seed * 0x9E3779B97F4A7C15ULL + 1;
    world->arena = arena_new();
    world->next_value = 1;
    world->next_command_us = 5 * (int64_t)US_PER_S;
    world->next_stranger_us = world->kind == WORLD_STRANGERS ? US_PER_S : INT64_MAX;
    int devices = world->kind == WORLD_DEAD_UNITS ? 3 + (int)world_draw(world, 6)
                                                  : 1 + (int)world_draw(world, WORLD_DEVICES);
    if (!load_site(world, devices) || !make_devices(world))
        return false;
    add_faults(world);
    world->faults = faults_new(world->seed);
    faults_take(world->faults, &world->script, 0);
    world->line = (struct line){
        .devices = world->devices, .count = world->site->device_count, .faults = world->faults};
    if (!is_tcp(world))
        world->line.pace = pace_of(&world->site->buses[0]);
    world->to_main = mailbox_new(sizeof(struct message), 1024, 1024);
    world->visits.answers = mailbox_new(sizeof(struct guest *), 0, 2 * MAX_GUESTS);
    return world->to_main && world->visits.answers;
}

void world_free(struct world *world)
{
    for (size_t i = 0; i < WORLD_DEVICES; i++)
        sim_device_free(world->devices[i]);
    faults_free(world->faults);
    mailbox_free(world->to_main);
    mailbox_free(world->visits.answers);
    arena_free(world->arena);
}
