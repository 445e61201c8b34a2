// SPDX-License-Identifier: MIT
#include "daemon/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/strbuf.h"
#include "daemon/wording.h"
#include "registers/block.h"
#include "registers/sunspec.h"

// A request that was refused and has not been granted since.
struct refused {
    int unit_id;
    enum table table;
    uint8_t model;
    uint16_t address;
    uint16_t count;
};

enum { QUIET_MS = 10 * 60 * 1000 }; // after which dropping messages is over

struct report_device {
    int64_t changed_ms; // when its health changed last
    struct refused *refused;
    size_t refused_count;
};

// Makes room for what the site has more of.
static void widen(struct report *report)
{
    const struct site *site = report->site;
    report->devices = mem_resize(report->devices, site->device_count, sizeof *report->devices);
    while (report->device_count < site->device_count)
        report->devices[report->device_count++] = (struct report_device){0};
    report->link_failed =
        mem_resize(report->link_failed, site->bus_count, sizeof *report->link_failed);
    while (report->bus_count < site->bus_count)
        report->link_failed[report->bus_count++] = false;
    report->cloud_failures =
        mem_resize(report->cloud_failures, site->cloud_count, sizeof(char *));
    while (report->cloud_count < site->cloud_count)
        report->cloud_failures[report->cloud_count++] = NULL;
}

void report_init(struct report *report, const struct site *site, int64_t now_ms)
{
    *report = (struct report){.site = site};
    widen(report);
    for (size_t i = 0; i < site->device_count; i++)
        report->devices[i].changed_ms = now_ms;
}

void report_reload(struct report *report, const struct changes *changes, int64_t now_ms)
{
    widen(report);
    for (size_t i = 0; i < report->device_count; i++) {
        if (changes->devices[i] == CHANGE_KEPT)
            continue;
        free(report->devices[i].refused);
        report->devices[i] = (struct report_device){.changed_ms = now_ms};
    }
    for (size_t i = 0; i < report->bus_count; i++)
        report->link_failed[i] &= changes->buses[i] == CHANGE_KEPT;
    for (size_t i = 0; i < report->cloud_count; i++) {
        if (changes->clouds[i] == CHANGE_KEPT)
            continue;
        free(report->cloud_failures[i]);
        report->cloud_failures[i] = NULL;
    }
}

void report_done(struct report *report)
{
    for (size_t i = 0; i < report->device_count; i++)
        free(report->devices[i].refused);
    free(report->devices);
    free(report->link_failed);
    for (size_t i = 0; i < report->cloud_count; i++)
        free(report->cloud_failures[i]);
    free(report->cloud_failures);
}

void report_started(const struct report *report, const struct shard *shard)
{
    char part[48] = "";
    if (shard->count)
        (void)snprintf(part, sizeof part, " as shard %u/%u", shard->index, shard->count);
    log_line(LOG_LEVEL_NOTICE, "modbridge",
             "%s started%s: %zu devices on %zu buses, %zu cloud "
             "connections",
             MODBRIDGE_VERSION, part, report->site->device_count, report->site->bus_count,
             report->site->cloud_count);
}

void report_health(struct report *report, const struct health_change *change, int64_t now_ms,
                   char *ret_text, size_t size)
{
    const struct device *device = &report->site->devices[change->device];
    struct report_device *known = &report->devices[change->device];
    bool online = change->health == HEALTH_ONLINE;
    char place[160];
    char lasted[32];
    wording_place(&report->site->buses[device->bus], place, sizeof place);
    num_format_duration(lasted, sizeof lasted, now_ms - known->changed_ms);
    known->changed_ms = now_ms;
    if (online)
        (void)snprintf(ret_text, size, "answers at %s unit %d (after %s)", place,
                       device->unit_id, lasted);
    else
        (void)snprintf(
            ret_text, size, "%s at %s unit %d: %s%s%s; it is asked again until it %s",
            change->fault == FAULT_IDENTITY ? "not accepted" : "stopped answering", place,
            device->unit_id, wording_advice(change->fault), change->text[0] ? ": " : "",
            change->text,
            change->fault == FAULT_IDENTITY ? "is: check address and map" : "answers");
    log_line(online ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARNING, device->name, "%s", ret_text);
}

static struct refused *find_refused(const struct report_device *device,
                                    const struct block *block)
{
    for (size_t i = 0; i < device->refused_count; i++) {
        struct refused *refused = &device->refused[i];
        if (refused->unit_id == block->unit_id && refused->table == block->table &&
            refused->model == block->model && refused->address == block->address &&
            refused->count == block->count)
            return refused;
    }
    return NULL;
}

static void add_refused(struct report_device *device, const struct block *block)
{
    device->refused =
        mem_resize(device->refused, device->refused_count + 1, sizeof *device->refused);
    device->refused[device->refused_count++] = (struct refused){
        .unit_id = block->unit_id,
        .table = block->table,
        .model = block->model,
        .address = block->address,
        .count = block->count,
    };
}

// "holding 40083..40085", "holding model(103) + 14..16".
static void name_block(const struct device *device, const struct block *block, char *ret_text,
                       size_t size)
{
    char model[40] = "";
    char unit[24] = "";
    bool is_counted = block->model != SUNSPEC_NONE;
    if (block->unit_id != NO_INDEX)
        (void)snprintf(unit, sizeof unit, " of unit %d", block->unit_id);
    if (is_counted)
        sunspec_name(&device->map->models[block->model - 1], model, sizeof model);
    (void)snprintf(ret_text, size, "%s %s%s%u..%d%s", table_names[block->table], model,
                   is_counted ? " + " : "", block->address, block->address + block->count - 1,
                   unit);
}

static void log_refused(const struct device *device, const struct reading *reading)
{
    char place[80];
    name_block(device, reading->block, place, sizeof place);
    if (reading->block->optional)
        log_line(LOG_LEVEL_INFO, device->name, "%s is not fitted", place);
    else if (reading->block->point_count == 0)
        log_line(LOG_LEVEL_INFO, device->name,
                 "%s, between what the map lists, is refused: %s (exception %u); it is read "
                 "around from now on (merge_gap)",
                 place, exception_name(reading->exception), reading->exception);
    else
        log_line(LOG_LEVEL_WARNING, device->name,
                 "%s is refused: %s (exception %u); check the map against the model and "
                 "firmware, or mark these entries optional",
                 place, exception_name(reading->exception), reading->exception);
}

void report_reading(struct report *report, const struct reading *reading)
{
    struct report_device *known_of = &report->devices[reading->device];
    const struct block *block = reading->block;
    const struct device *device = &report->site->devices[reading->device];
    struct refused *known = find_refused(known_of, block);
    if (reading->fault == FAULT_EXCEPTION && !known) {
        add_refused(known_of, block);
        log_refused(device, reading);
    } else if (reading->fault == FAULT_NONE && known) {
        char place[80];
        *known = known_of->refused[--known_of->refused_count];
        name_block(device, block, place, sizeof place);
        log_line(LOG_LEVEL_NOTICE, device->name, "%s can be read again", place);
    }
}

void report_learned(const struct report *report, const struct learned_refusal *learned)
{
    const struct refusal *refusal = &learned->refusal;
    const char *name = report->site->devices[learned->device].name;
    const char *table = table_names[refusal->span.table];
    const char *text = learned->is_forgotten ? "are granted again" : "are refused";
    char unit[24] = "";
    char why[80] = "";
    if (refusal->unit_id != NO_INDEX)
        (void)snprintf(unit, sizeof unit, " of unit %d", refusal->unit_id);
    if (!learned->is_forgotten)
        (void)snprintf(why, sizeof why, ": %s (exception %u)",
                       exception_name(refusal->exception), refusal->exception);
    if (refusal->kind == REFUSAL_LENGTH)
        log_line(LOG_LEVEL_NOTICE, name, "requests for more than %u of %s%s at once %s%s",
                 refusal->split, table, unit, text, why);
    else if (refusal->kind == REFUSAL_BORDER)
        log_line(LOG_LEVEL_NOTICE, name, "requests for %s %d and %u%s together %s%s", table,
                 refusal->split - 1, refusal->split, unit, text, why);
}

static bool is_as_before(const struct sunspec_places *before,
                         const struct sunspec_places *places)
{
    for (size_t i = 0; before && i < places->count; i++) {
        if (before->items[i].address != places->items[i].address ||
            before->items[i].length != places->items[i].length)
            return false;
    }
    return before != NULL;
}

void report_models(const struct device *device, const struct sunspec_places *before,
                   const struct sunspec_places *places)
{
    const struct map *map = device->map;
    struct strbuf text = {0};
    if (is_as_before(before, places))
        return;
    for (size_t i = 0; i < places->count; i++) {
        char name[40];
        sunspec_name(&map->models[i], name, sizeof name);
        strbuf_add(&text, i ? ", " : "");
        if (places->items[i].length)
            strbuf_printf(&text, "%s at %u (%u registers)", name, places->items[i].address,
                          places->items[i].length);
        else
            strbuf_printf(&text, "no %s", name);
    }
    log_line(LOG_LEVEL_NOTICE, device->name, "SunSpec models: %s", strbuf_text(&text));
    strbuf_done(&text);
}

void report_link(struct report *report, uint16_t bus, bool is_open, const char *why)
{
    const char *name = report->site->buses[bus].name;
    if (!is_open)
        log_line(LOG_LEVEL_WARNING, name, "%s", why);
    else if (report->link_failed[bus])
        log_line(LOG_LEVEL_NOTICE, name, "the link is open again");
    report->link_failed[bus] = !is_open;
}

void report_breaks(const struct report *report, uint16_t bus, bool are_many)
{
    const struct bus_settings *settings = &report->site->buses[bus];
    if (are_many)
        log_line(
            LOG_LEVEL_WARNING, settings->name,
            "%s:%u answers, and then the connection breaks, again and again: it is made anew "
            "once in 5 s at most. Check whether another master is connected to it, and what "
            "it does to one that asks often",
            settings->host, settings->port);
    else
        log_line(LOG_LEVEL_NOTICE, settings->name,
                 "the connection to %s:%u has held for 10 min", settings->host, settings->port);
}

void report_connected(struct report *report, int connection)
{
    const struct cloud_settings *cloud = &report->site->clouds[connection];
    free(report->cloud_failures[connection]);
    report->cloud_failures[connection] = NULL;
    log_line(LOG_LEVEL_NOTICE, cloud->name, "connected to %s:%u%s", cloud->host, cloud->port,
             cloud->has_tls ? " with TLS" : "");
}

void report_disconnected(struct report *report, int connection, bool was_connected,
                         const char *reason)
{
    const struct cloud_settings *cloud = &report->site->clouds[connection];
    char **said = &report->cloud_failures[connection];
    if (*said && !was_connected && strcmp(*said, reason) == 0)
        return;
    free(*said);
    *said = mem_copy_text(reason);
    log_line(LOG_LEVEL_WARNING, cloud->name, "%s %s:%u: %s",
             was_connected ? "lost the connection to" : "cannot connect to", cloud->host,
             cloud->port, reason);
}

void report_store(bool is_trouble, const char *text)
{
    log_line(is_trouble ? LOG_LEVEL_ERROR : LOG_LEVEL_NOTICE, "store", "%s", text);
}

bool report_dropped(struct report *report, uint64_t dropped, int64_t now_ms, char *ret_text,
                    size_t size)
{
    bool is_more = dropped > report->dropped;
    if (is_more)
        report->dropped_ms = now_ms;
    report->dropped = dropped;
    if (is_more && !report->is_dropping) {
        report->is_dropping = true;
        (void)snprintf(
            ret_text, size,
            "messages are dropped, %llu since the start: the outbox is full, or they "
            "are too old or damaged; look at the connection, outbox max_size and disk",
            (unsigned long long)dropped);
        log_line(LOG_LEVEL_WARNING, "outbox", "%s", ret_text);
        return true;
    }
    if (report->is_dropping && now_ms >= report->dropped_ms + QUIET_MS) {
        report->is_dropping = false;
        log_line(LOG_LEVEL_NOTICE, "outbox", "no messages are dropped any more, %llu were",
                 (unsigned long long)dropped);
    }
    return false;
}

void report_job(const struct report *report, const struct job_result *result)
{
    const char *name = report->site->devices[result->device].name;
    if (result->outcome == JOB_COMPLETED)
        log_line(LOG_LEVEL_INFO, name, "command %llu completed",
                 (unsigned long long)result->serial);
    else
        log_line(LOG_LEVEL_WARNING, name, "command %llu failed: %s",
                 (unsigned long long)result->serial, result->message);
}

enum severity report_hold(const struct report *report, const struct hold_change *change)
{
    static const struct {
        enum log_level level;
        enum severity severity;
    } rows[HOLD_EVENT_COUNT] = {
        [HOLD_BEGUN] = {LOG_LEVEL_NOTICE, SEVERITY_INFO},
        [HOLD_LOST] = {LOG_LEVEL_WARNING, SEVERITY_WARNING},
        [HOLD_TAKEN] = {LOG_LEVEL_NOTICE, SEVERITY_INFO},
        [HOLD_OVER] = {LOG_LEVEL_NOTICE, SEVERITY_INFO},
        [HOLD_REPLACED] = {LOG_LEVEL_NOTICE, SEVERITY_INFO},
        [HOLD_NARROWED] = {LOG_LEVEL_NOTICE, SEVERITY_INFO},
        [HOLD_LATE] = {LOG_LEVEL_WARNING, SEVERITY_WARNING},
        [HOLD_GIVEN_UP] = {LOG_LEVEL_ERROR, SEVERITY_ERROR},
    };
    log_line(rows[change->event].level, report->site->devices[change->device].name, "%s",
             change->text);
    return rows[change->event].severity;
}
