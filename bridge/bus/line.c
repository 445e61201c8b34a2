// SPDX-License-Identifier: MIT
#include "bus/line.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/time_units.h"
#include "wire/cost.h"

enum {
    // So many time-outs long a request of the same shape waits for the answer that did not
    // come.
    // A busy device was late by up to three of them (tests/world, late-rtu: with one, values of
    // other registers were taken).
    LATE_TIMEOUTS = 3,
    PEER_FIRST_BACKOFF_MS = 1000,
    PEER_LONGEST_BACKOFF_MS = 5000,
    PORT_FIRST_BACKOFF_MS = 100,
    PORT_LONGEST_BACKOFF_MS = 1000,
    OPEN_TIMEOUT_MS = 3000,
};

// What is assumed of a unit that nothing is known of.
static const struct device stranger_device = {
    .name = "",
    .modbus = {.timeout_ms = DEFAULT_ANSWER_TIMEOUT_MS},
    .bus = NO_INDEX,
    .cloud = NO_INDEX,
};

static size_t count_units(const struct site *site, int bus)
{
    size_t count = 0;
    for (size_t i = 0; i < site->device_count; i++)
        count += site->devices[i].bus == bus;
    return count;
}

// What shows whether a unit is there while nothing is known of it: a block it ought to grant,
// else any; where only commands read, one of what they read.
static const struct block *find_probe(struct arena *arena, const struct unit *unit)
{
    const struct plan *plan = unit->plan;
    for (size_t i = 0; i < plan->block_count; i++) {
        if (!plan->blocks[i].when && !plan->blocks[i].optional)
            return &plan->blocks[i];
    }
    for (int i = 0; plan->block_count == 0 && i < (int)unit->device->map->point_count; i++)
        plan = block_plan_for(arena, &unit->planning, &i, 1);
    return plan->block_count ? &plan->blocks[0] : NULL;
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
    unit->probe = find_probe(arena, unit);
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
        .stranger = {.device = &stranger_device},
        .seed = (uint64_t)clock_monotonic_us() + (uint64_t)bus,
    };
    for (size_t i = 0; i < site->device_count; i++) {
        if (site->devices[i].bus == bus)
            add_unit(line, arena, &site->devices[i], (uint16_t)i);
    }
    busy_init(&line->busy, clock_monotonic_us());
    busy_init(&line->dead, clock_monotonic_us());
    return 0;
}

void line_done(struct line *line)
{
    for (size_t i = 0; i < line->unit_count; i++) {
        image_free(line->units[i].image);
        refused_done(&line->units[i].refused);
        search_done(&line->units[i].search);
    }
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

bool line_has_id(const struct unit *unit, uint8_t unit_id)
{
    const struct map *map = unit->device->map;
    if (unit->device->unit_id == unit_id)
        return true;
    for (size_t i = 0; i < map->point_count; i++) {
        if (map->points[i].source == SOURCE_WORDS && map->points[i].unit_id == unit_id)
            return true;
    }
    return false;
}

struct unit *line_unit_of_id(struct line *line, uint8_t unit_id)
{
    for (size_t i = 0; i < line->unit_count; i++) {
        if (line_has_id(&line->units[i], unit_id))
            return &line->units[i];
    }
    return NULL;
}

uint8_t line_unit_id(const struct unit *unit, int unit_id)
{
    return (uint8_t)(unit_id == NO_INDEX ? unit->device->unit_id : unit_id);
}

// xorshift64*: jitter needs no more.
static double chance(struct line *line)
{
    line->seed ^= line->seed >> 12;
    line->seed ^= line->seed << 25;
    line->seed ^= line->seed >> 27;
    return (double)((line->seed * 0x2545F4914F6CDD1DULL) >> 11) / (double)(1ULL << 53);
}

static bool is_serial(const struct line *line)
{
    return line->settings->transport == TRANSPORT_RTU;
}

// A port that is gone is looked for often, which costs nothing; a peer is not stormed.
static void back_off(struct line *line, int64_t now_ms)
{
    int64_t first = is_serial(line) ? PORT_FIRST_BACKOFF_MS : PEER_FIRST_BACKOFF_MS;
    int64_t longest = is_serial(line) ? PORT_LONGEST_BACKOFF_MS : PEER_LONGEST_BACKOFF_MS;
    int64_t doubled = line->backoff_ms ? line->backoff_ms * 2 : first;
    line->backoff_ms = doubled < longest ? doubled : longest;
    line->retry_at_ms = now_ms + line->backoff_ms;
}

// The link has just been opened, or could not be.
static void note_opening(struct line *line, bool is_open, const struct error *err)
{
    if (!is_open) {
        line->why = *err;
        back_off(line, clock_monotonic_ms());
        return;
    }
    line->why = (struct error){0};
    line->has_answered = false;
    line->opened_ms = clock_monotonic_ms();
    line->link_serial++;
    for (size_t i = 0; i < line->unit_count; i++) {
        struct unit *unit = &line->units[i];
        unit->silences = 0;
        unit->free_us =
            clock_monotonic_us() + unit->device->modbus.connect_delay_ms * US_PER_MS;
    }
}

int64_t line_rests_until_ms(const struct line *line)
{
    bool has_broken = !link_is_open(line->link) && line->has_answered;
    return has_broken && line->why.code == ERROR_NONE ? line->retry_at_ms : 0;
}

void line_hurry(struct line *line)
{
    line->is_hurried = true;
    if (line_rests_until_ms(line))
        line->retry_at_ms = 0;
}

// False when the program stops meanwhile.
static bool await_rest(const struct line *line)
{
    int64_t until_ms = line_rests_until_ms(line);
    return until_ms <= clock_monotonic_ms() ||
           !clock_wait(&line->stop_descriptor, 1, until_ms * US_PER_MS);
}

enum fault line_open(struct line *line)
{
    struct error err = {0};
    if (link_is_open(line->link))
        return FAULT_NONE;
    if (!await_rest(line))
        return FAULT_STOPPED;
    if (clock_monotonic_ms() < line->retry_at_ms)
        return FAULT_LINK;
    enum fault fault = link_open(line->link, OPEN_TIMEOUT_MS, &err);
    if (fault != FAULT_STOPPED)
        note_opening(line, fault == FAULT_NONE, &err);
    return fault;
}

enum link_progress line_go_on_opening(struct line *line)
{
    struct error err = {0};
    if (link_is_open(line->link))
        return LINK_OPENED;
    if (clock_monotonic_ms() < line->retry_at_ms)
        return LINK_NOT_OPENED;
    enum link_progress progress = link_go_on_opening(line->link, OPEN_TIMEOUT_MS, &err);
    if (progress != LINK_OPENING)
        note_opening(line, progress == LINK_OPENED, &err);
    return progress;
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
    if (unit->health.state == HEALTH_OFFLINE)
        busy_add(&line->dead, from_us, now_us);
}

// Waits out the pauses before a request; false when the program stops meanwhile.
static bool await_turn(struct line *line, const struct unit *unit,
                       const struct request *request, int64_t timeout_ms)
{
    int64_t until_us = line_late_until_us(line, request);
    int64_t now_us = clock_monotonic_us();
    if (unit->free_us > until_us)
        until_us = unit->free_us;
    int64_t begin_us = until_us > now_us ? until_us : now_us;
    pulse_give(&line->pulse, begin_us / US_PER_MS + timeout_ms);
    return clock_monotonic_us() >= until_us || !clock_wait(&line->stop_descriptor, 1, until_us);
}

enum fault line_fault_of_unit(enum fault fault, const struct answer *answer)
{
    bool is_relayed =
        fault == FAULT_EXCEPTION && exception_kind(answer->exception) == EXCEPTION_SILENCE;
    return is_relayed ? FAULT_TIMEOUT : fault;
}

// What a transaction teaches about the unit.
static void learn(struct unit *unit, enum fault fault, const struct answer *answer,
                  int64_t response_us)
{
    // A gateway's word for a unit that is silent took the gateway's own time-out.
    enum fault of_unit = line_fault_of_unit(fault, answer);
    if (of_unit == FAULT_NONE || of_unit == FAULT_EXCEPTION)
        response_note(&unit->response, response_us);
    if (fault == FAULT_TIMEOUT)
        response_missed(&unit->response);
}

// What it teaches about the line, and what must not be asked for a while.
static void settle(struct line *line, const struct unit *unit, const struct request *request,
                   enum fault fault)
{
    int64_t now_ms = clock_monotonic_ms();
    if (fault == FAULT_NONE || fault == FAULT_EXCEPTION) {
        line->has_answered = true;
        line->backoff_ms = 0;
    }
    if (fault == FAULT_TIMEOUT || fault == FAULT_GARBLED)
        link_await_late(line->link, request, LATE_TIMEOUTS * unit->device->modbus.timeout_ms);
    if (link_is_open(line->link))
        return;
    if (!line->has_answered)
        back_off(line, now_ms);
    else if (is_serial(line) || line->is_hurried)
        line->retry_at_ms = now_ms;
    else
        line->retry_at_ms = breaks_note(&line->breaks, now_ms);
}

// One transaction, in its time. *ret_from_us: when it began; 0: it did not.
static enum fault send(struct line *line, struct unit *unit, const struct request *request,
                       int64_t timeout_ms, struct answer *ret_answer, int64_t *ret_from_us)
{
    line->was_sent = false;
    *ret_from_us = 0;
    int64_t rest_ms = line_rests_until_ms(line);
    int64_t now_ms = clock_monotonic_ms();
    pulse_give(&line->pulse, (rest_ms > now_ms ? rest_ms : now_ms) + OPEN_TIMEOUT_MS);
    enum fault fault = line_open(line);
    if (fault != FAULT_NONE)
        return fault;
    if (!await_turn(line, unit, request, timeout_ms))
        return FAULT_STOPPED;
    *ret_from_us = clock_monotonic_us();
    fault = link_transact(line->link, request, timeout_ms, ret_answer);
    int64_t now_us = clock_monotonic_us();
    busy_add(&line->busy, *ret_from_us, now_us);
    line->was_sent = link_last_note(line->link)->sent;
    if (line->was_sent && pdu_find_function(request->function)->is_write)
        line->written_ms = now_us / US_PER_MS;
    unit->free_us = now_us + unit->device->modbus.min_gap_ms * US_PER_MS;
    settle(line, unit, request, fault);
    return fault;
}

static enum fault transact(struct line *line, struct unit *unit, const struct request *request,
                           int64_t timeout_ms, struct answer *ret_answer)
{
    int64_t from_us = 0;
    enum fault fault = send(line, unit, request, timeout_ms, ret_answer, &from_us);
    if (from_us == 0)
        return fault;
    unit->waited_long = timeout_ms >= unit->device->modbus.timeout_ms;
    note_transaction(line, unit, request, fault, ret_answer, from_us);
    learn(unit, fault, ret_answer, link_last_note(line->link)->response_us);
    return fault;
}

enum fault line_ask(struct line *line, struct unit *unit, const struct request *request,
                    int64_t timeout_ms, struct answer *ret_answer)
{
    struct unit *asked = unit ? unit : &line->stranger;
    int64_t longest_ms = asked->device->modbus.timeout_ms;
    int64_t from_us = 0;
    if (timeout_ms <= 0 || timeout_ms > longest_ms)
        timeout_ms = longest_ms;
    return send(line, asked, request, timeout_ms, ret_answer, &from_us);
}

enum fault line_transact(struct line *line, struct unit *unit, const struct request *request,
                         struct answer *ret_answer)
{
    return transact(line, unit, request, unit->device->modbus.timeout_ms, ret_answer);
}

enum fault line_poll(struct line *line, struct unit *unit, const struct request *request,
                     struct answer *ret_answer)
{
    int64_t timeout_ms = unit->device->modbus.timeout_ms;
    if (unit->health.state == HEALTH_ONLINE && unit->health.failures == 0)
        timeout_ms =
            response_timeout_ms(&unit->response, line->settings->transport, timeout_ms);
    return transact(line, unit, request, timeout_ms, ret_answer);
}

int64_t line_late_until_us(const struct line *line, const struct request *request)
{
    const struct late *late = link_late(line->link);
    if (!late || pdu_find_function(request->function)->is_write)
        return 0;
    return late_until_us(late, request->unit_id, request->function, request->count,
                         clock_monotonic_us());
}

void line_close(struct line *line)
{
    link_close(line->link);
    line->retry_at_ms = 0;
}

bool line_note(struct line *line, struct unit *unit, enum fault fault, int64_t now_ms)
{
    struct health_event event = {
        .fault = fault,
        .waited_long = unit->waited_long,
        .link_works = line->has_answered,
        .chance = chance(line),
    };
    for (size_t i = 0; i < line->unit_count; i++)
        event.others_live |=
            &line->units[i] != unit && line->units[i].health.state == HEALTH_ONLINE;
    unit->silences = fault == FAULT_TIMEOUT ? unit->silences + 1 : 0;
    bool changed = health_note(&unit->health, &event, now_ms);
    // Who comes back may be another one, on a serial line without a new connection.
    if (unit->health.state == HEALTH_OFFLINE) {
        unit->identified_serial = 0;
        unit->told_serial = 0;
    }
    return changed;
}

bool line_is_deserted(const struct line *line)
{
    enum { SILENCES = 2 };
    bool is_deserted = !is_serial(line) && link_is_open(line->link);
    for (size_t i = 0; i < line->unit_count; i++) {
        const struct unit *unit = &line->units[i];
        is_deserted = is_deserted && (unit->silences >= SILENCES || !unit->probe);
    }
    return is_deserted;
}
