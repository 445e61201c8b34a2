// SPDX-License-Identifier: MIT
#include "bus/line.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "wire/cost.h"

enum {
    LINK_FIRST_BACKOFF_MS = 1000,
    LINK_LONGEST_BACKOFF_MS = 5000,
    OPEN_TIMEOUT_MS = 3000,
};

static size_t count_units(const struct site *site, int bus)
{
    size_t count = 0;
    for (size_t i = 0; i < site->device_count; i++)
        count += site->devices[i].bus == bus;
    return count;
}

static void add_unit(struct line *line, struct arena *arena, const struct device *device,
                     uint16_t index)
{
    struct unit *unit = &line->units[line->unit_count++];
    *unit = (struct unit){
        .device = device,
        .index = index,
        .planning = {.map = device->map,
                     .modbus = &device->modbus,
                     .cost = wire_cost_assumed(line->settings, &device->modbus)},
        .image = image_new(device->map, &device->modbus),
    };
    unit->plan = block_plan(arena, &unit->planning);
    health_init(&unit->health, clock_monotonic_ms());
}

int line_init(struct line *line, struct arena *arena, const struct site *site, int bus,
              int stop_descriptor, struct error *err)
{
    struct link *link = link_new(&site->buses[bus], stop_descriptor, err);
    if (!link)
        return error_prefix(err, "bus %s", site->buses[bus].name);
    *line = (struct line){
        .settings = &site->buses[bus],
        .link = link,
        .stop_descriptor = stop_descriptor,
        .units = mem_new(count_units(site, bus), sizeof *line->units),
        .seed = (uint64_t)clock_monotonic_us() + (uint64_t)bus,
    };
    for (size_t i = 0; i < site->device_count; i++) {
        if (site->devices[i].bus == bus)
            add_unit(line, arena, &site->devices[i], (uint16_t)i);
    }
    busy_init(&line->busy, clock_monotonic_us());
    return 0;
}

void line_done(struct line *line)
{
    for (size_t i = 0; i < line->unit_count; i++)
        image_free(line->units[i].image);
    free(line->units);
    link_free(line->link);
    *line = (struct line){0};
}

struct unit *line_unit(struct line *line, uint16_t device)
{
    for (size_t i = 0; i < line->unit_count; i++) {
        if (line->units[i].index == device)
            return &line->units[i];
    }
    return NULL;
}

uint8_t line_unit_id(const struct unit *unit, int unit_id)
{
    return (uint8_t)(unit_id == NO_INDEX ? unit->device->unit_id : unit_id);
}

// Waits `pause_ms`; false when the program stops meanwhile.
static bool pause_line(const struct line *line, int64_t pause_ms)
{
    if (pause_ms <= 0)
        return true;
    return !clock_wait(&line->stop_descriptor, 1, clock_monotonic_us() + pause_ms * 1000);
}

// xorshift64*: jitter needs no more.
static double chance(struct line *line)
{
    line->seed ^= line->seed >> 12;
    line->seed ^= line->seed << 25;
    line->seed ^= line->seed >> 27;
    return (double)((line->seed * 0x2545F4914F6CDD1DULL) >> 11) / (double)(1ULL << 53);
}

static enum fault open_line(struct line *line, const struct unit *unit)
{
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms < line->retry_at_ms)
        return FAULT_LINK;
    struct error err;
    if (link_open(line->link, OPEN_TIMEOUT_MS, &err) != 0) {
        line->why = err;
        int64_t doubled = line->backoff_ms ? line->backoff_ms * 2 : LINK_FIRST_BACKOFF_MS;
        line->backoff_ms =
            doubled < LINK_LONGEST_BACKOFF_MS ? doubled : LINK_LONGEST_BACKOFF_MS;
        line->retry_at_ms = clock_monotonic_ms() + line->backoff_ms;
        return FAULT_LINK;
    }
    line->why = (struct error){0};
    line->backoff_ms = 0;
    line->opened_ms = clock_monotonic_ms();
    line->link_serial++;
    return pause_line(line, unit->device->modbus.connect_delay_ms) ? FAULT_NONE : FAULT_STOPPED;
}

// Keeps count of a transaction that began at `from_us` and has just ended.
static void note_transaction(struct line *line, struct unit *unit,
                             const struct request *request, enum fault fault,
                             const struct answer *answer, int64_t from_us)
{
    const struct link_note *note = link_last_note(line->link);
    int64_t now_us = clock_monotonic_us();
    struct transaction transaction = {
        .writes = pdu_find_function(request->function)->is_write,
        .fault = fault,
        .exception = fault == FAULT_EXCEPTION ? answer->exception : 0,
        .response_us = note->response_us,
        .text = note->text,
    };
    record_note(&unit->record, &transaction, now_us / 1000);
    busy_add(&line->busy, from_us, now_us);
}

enum fault line_transact(struct line *line, struct unit *unit, const struct request *request,
                         struct answer *ret_answer)
{
    line->was_sent = false;
    if (!link_is_open(line->link)) {
        enum fault fault = open_line(line, unit);
        if (fault != FAULT_NONE)
            return fault;
    }
    const struct modbus_settings *modbus = &unit->device->modbus;
    if (!pause_line(line, unit->last_ms + modbus->min_gap_ms - clock_monotonic_ms()))
        return FAULT_STOPPED;
    int64_t from_us = clock_monotonic_us();
    enum fault fault = link_transact(line->link, request, modbus->timeout_ms, ret_answer);
    note_transaction(line, unit, request, fault, ret_answer, from_us);
    line->was_sent = link_last_note(line->link)->sent;
    unit->last_ms = clock_monotonic_ms();
    return fault;
}

void line_close(struct line *line)
{
    link_close(line->link);
    line->retry_at_ms = 0;
}

bool line_note(struct line *line, struct unit *unit, enum fault fault, int64_t now_ms)
{
    struct health_line about = {
        .dead_units = unit->health.state != HEALTH_OFFLINE,
        .cost_ms = unit->device->modbus.timeout_ms,
    };
    for (size_t i = 0; i < line->unit_count; i++) {
        about.dead_units += line->units[i].health.state == HEALTH_OFFLINE;
        about.others_live |=
            &line->units[i] != unit && line->units[i].health.state == HEALTH_ONLINE;
    }
    return health_note(&unit->health, fault, &about, now_ms, chance(line));
}
