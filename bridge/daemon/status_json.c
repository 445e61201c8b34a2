// SPDX-License-Identifier: MIT
#include "daemon/status_json.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "daemon/guests_json.h"
#include "daemon/recent_json.h"
#include "daemon/wording.h"

enum { STALE_MS = 2000 }; // an answer this old was not to be had anew

static const char *const health_names[] = {
    [HEALTH_UNKNOWN] = "unknown",
    [HEALTH_ONLINE] = "online",
    [HEALTH_OFFLINE] = "offline",
};

static void put_text_unless_empty(json_t *object, const char *key, const char *text)
{
    if (text[0])
        json_put_text(object, key, text);
}

static void put_count(json_t *object, const char *key, uint64_t count)
{
    json_put(object, key, json_integer((json_int_t)count));
}

// How long ago something was; left out when it never was.
static void put_age(json_t *object, const char *key, int64_t since_ms, int64_t now_ms)
{
    if (since_ms)
        json_put(object, key, json_integer(now_ms > since_ms ? now_ms - since_ms : 0));
}

static json_t *rounded(double value, double steps)
{
    return json_real(round(value * steps) / steps);
}

static json_t *milliseconds(int64_t us)
{
    return rounded((double)us / 1000, 1000);
}

static json_t *link_json(const struct bus_status *bus, int64_t now_ms)
{
    json_t *link = json_new_object();
    bool is_failed = !bus->link_is_open && bus->link_text[0];
    const char *state = bus->link_is_open    ? "open"
                        : is_failed          ? "failed"
                        : bus->link_since_ms ? "closed"
                                             : "untried";
    json_put_text(link, "state", state);
    if (bus->link_is_open || is_failed)
        put_age(link, "for_ms", bus->link_since_ms, now_ms);
    put_text_unless_empty(link, "reason", bus->link_text);
    put_count(link, "opened", bus->link_opened);
    return link;
}

static json_t *exceptions_json(const struct unit_counters *counters)
{
    json_t *exceptions = json_new_object();
    char code[8];
    for (int i = 0; i < EXCEPTION_CODES; i++) {
        (void)snprintf(code, sizeof code, "%d", i);
        if (counters->exceptions[i])
            put_count(exceptions, i ? code : "other", counters->exceptions[i]);
    }
    return exceptions;
}

static void put_counters(json_t *unit, const struct unit_counters *counters)
{
    put_count(unit, "requests", counters->requests);
    put_count(unit, "writes", counters->writes);
    put_count(unit, "answers", counters->answers);
    put_count(unit, "timeouts", counters->timeouts);
    put_count(unit, "garbled", counters->garbled);
    put_count(unit, "link_failures", counters->link_failures);
    json_put(unit, "exceptions", exceptions_json(counters));
    put_count(unit, "missed", counters->missed);
}

static json_t *health_json(const struct unit_status *unit, int64_t now_ms)
{
    json_t *health = json_new_object();
    json_put_text(health, "state", health_names[unit->health]);
    put_age(health, "for_ms", unit->health_since_ms, now_ms);
    if (unit->health != HEALTH_OFFLINE)
        return health;
    json_put_text(health, "fault", fault_names[unit->health_fault]);
    json_put_text(health, "advice", wording_advice(unit->health_fault));
    int64_t wait_ms = unit->next_probe_ms - now_ms;
    json_put(health, "next_probe_in_ms", json_integer(wait_ms > 0 ? wait_ms : 0));
    return health;
}

static json_t *fault_json(const struct unit_status *unit, int64_t now_ms)
{
    json_t *fault = json_new_object();
    json_put_text(fault, "fault", fault_names[unit->fault]);
    put_age(fault, "age_ms", unit->fault_ms, now_ms);
    if (unit->fault == FAULT_EXCEPTION) {
        json_put(fault, "exception", json_integer(unit->exception));
        json_put_text(fault, "text", exception_name(unit->exception));
    } else {
        json_put_text(fault, "text",
                      unit->fault_text[0] ? unit->fault_text : wording_advice(unit->fault));
    }
    return fault;
}

static json_t *response_json(const struct unit_status *unit)
{
    json_t *response = json_new_object();
    json_put(response, "mean", milliseconds(unit->response_mean_us));
    json_put(response, "max", milliseconds(unit->response_max_us));
    return response;
}

static json_t *command_json(const struct unit_status *unit, int64_t now_ms)
{
    json_t *command = json_new_object();
    json_put_text(command, "name", unit->command);
    put_age(command, "for_ms", unit->command_since_ms, now_ms);
    return command;
}

static json_t *refusal_json(const struct unit_refusal *shown, int64_t now_ms)
{
    const struct refusal *refusal = &shown->refusal;
    json_t *row = json_new_object();
    json_put_text(row, "table", table_names[refusal->span.table]);
    if (refusal->unit_id != NO_INDEX)
        json_put(row, "unit", json_integer(refusal->unit_id));
    json_put(row, "address", json_integer(refusal->span.address));
    json_put(row, "count", json_integer(refusal->span.count));
    if (refusal->kind == REFUSAL_LENGTH)
        json_put(row, "granted", json_integer(refusal->split));
    else if (refusal->kind == REFUSAL_BORDER)
        json_put(row, "border", json_integer(refusal->split));
    json_put(row, "exception", json_integer(refusal->exception));
    put_age(row, "age_ms", shown->since_ms, now_ms);
    return row;
}

static json_t *refusals_json(const struct unit_refusal *shown, size_t count, size_t most,
                             int64_t now_ms)
{
    json_t *list = json_new_list();
    for (size_t i = 0; i < count && i < most; i++)
        json_add(list, refusal_json(&shown[i], now_ms));
    return list;
}

static json_t *missed_json(const struct unit_status *unit)
{
    json_t *list = json_new_list();
    for (size_t i = 0; i < unit->missed_count && i < MAX_STATUS_MISSED; i++) {
        const struct unit_missed *missed = &unit->missed[i];
        json_t *row = json_new_object();
        json_put_text(row, "table", table_names[missed->table]);
        json_put(row, "address", json_integer(missed->address));
        json_put(row, "count", json_integer(missed->count));
        if (missed->model != SUNSPEC_NONE)
            json_put(row, "in_model", json_true());
        json_put(row, "every_ms", json_integer(missed->every_ms));
        put_count(row, "missed", missed->missed);
        json_add(list, row);
    }
    return list;
}

static json_t *holds_json(const struct unit_status *unit, int64_t now_ms)
{
    json_t *list = json_new_list();
    for (size_t i = 0; i < unit->hold_count && i < MAX_STATUS_HOLDS; i++) {
        const struct unit_hold *hold = &unit->holds[i];
        json_t *row = json_new_object();
        json_put_text(row, "holds", hold->text);
        json_put(row, "is_ending", json_boolean(hold->until_ms == 0));
        if (hold->until_ms) {
            int64_t left_ms = hold->until_ms - now_ms;
            json_put(row, "over_in_ms", json_integer(left_ms > 0 ? left_ms : 0));
            json_put(row, "every_ms", json_integer(hold->every_ms));
        }
        json_put(row, "is_failing", json_boolean(hold->is_failing));
        json_add(list, row);
    }
    return list;
}

static void put_device(json_t *unit, const struct device *device)
{
    json_put_text(unit, "device", device->name);
    json_put(unit, "unit", json_integer(device->unit_id));
    json_put_text(unit, "map", device->map->name);
    put_text_unless_empty(unit, "vendor", device->map->vendor ? device->map->vendor : "");
    put_text_unless_empty(unit, "model", device->map->model ? device->map->model : "");
}

// What wears out, and was written.
static json_t *wear_json(const struct wear *wear, size_t device)
{
    json_t *list = json_new_list();
    const struct map *map = wear->site->devices[device].map;
    for (size_t i = 0; i < map->point_count; i++) {
        uint64_t writes = map->points[i].wear ? wear_writes(wear, device, i) : 0;
        if (writes == 0)
            continue;
        json_t *row = json_new_object();
        json_put_text(row, "entry", map->points[i].key);
        put_count(row, "writes", writes);
        json_add(list, row);
    }
    return list;
}

static json_t *device_json(const struct site_status *whole, size_t device)
{
    json_t *unit = json_new_object();
    put_device(unit, &whole->site->devices[device]);
    if (whole->wear)
        json_put(unit, "wear", wear_json(whole->wear, device));
    return unit;
}

static json_t *unit_json(const struct site_status *whole, const struct unit_status *status)
{
    int64_t now_ms = whole->now_ms;
    json_t *unit = device_json(whole, status->device);
    json_put(unit, "health", health_json(status, now_ms));
    put_age(unit, "last_answer_age_ms", status->last_answer_ms, now_ms);
    if (status->response_max_us)
        json_put(unit, "response_ms", response_json(status));
    put_counters(unit, &status->counters);
    if (status->fault != FAULT_NONE)
        json_put(unit, "last_fault", fault_json(status, now_ms));
    if (status->command[0])
        json_put(unit, "command", command_json(status, now_ms));
    put_count(unit, "commands_waiting", status->commands_waiting);
    json_put(unit, "unreadable",
             refusals_json(status->holes, status->hole_count, MAX_STATUS_HOLES, now_ms));
    put_count(unit, "unreadable_count", status->hole_count);
    json_put(unit, "limits",
             refusals_json(status->limits, status->limit_count, MAX_STATUS_LIMITS, now_ms));
    put_count(unit, "limits_count", status->limit_count);
    json_put(unit, "missed_requests", missed_json(status));
    put_count(unit, "missed_requests_count", status->missed_count);
    json_put(unit, "holds", holds_json(status, now_ms));
    put_count(unit, "holds_count", status->hold_count);
    return unit;
}

static void put_bus_counters(json_t *bus, const struct bus_status *status)
{
    uint64_t missed = 0;
    for (size_t i = 0; i < status->unit_count; i++)
        missed += status->units[i].counters.missed;
    json_put(bus, "utilisation", rounded(status->utilisation, 10000));
    json_put(bus, "dead_share", rounded(status->dead_share, 10000));
    put_count(bus, "missed", missed);
    put_count(bus, "requests", status->counters.requests);
    put_count(bus, "answers", status->counters.answers);
    put_count(bus, "exceptions", status->counters.exceptions);
    put_count(bus, "timeouts", status->counters.timeouts);
    put_count(bus, "garbled", status->counters.garbled);
    put_count(bus, "foreign", status->counters.foreign);
    put_count(bus, "unsolicited_bytes", status->counters.unsolicited_bytes);
}

// The devices of a bus that never answered: nothing is known of them but their place.
static json_t *unknown_units(const struct site_status *status, size_t bus)
{
    const struct site *site = status->site;
    json_t *units = json_new_list();
    for (size_t i = 0; i < site->device_count; i++) {
        if (site->devices[i].bus != (int)bus)
            continue;
        json_add(units, device_json(status, i));
    }
    return units;
}

static json_t *bus_json(const struct site_status *status, size_t index)
{
    const struct bus_settings *settings = &status->site->buses[index];
    const struct board_slot *slot = &status->board->slots[index];
    const struct bus_status *latest = slot->latest;
    json_t *bus = json_new_object();
    char place[160];
    wording_place(settings, place, sizeof place);
    json_put_text(bus, "name", settings->name);
    json_put_text(bus, "transport", wording_transport(settings->transport));
    json_put_text(bus, "place", place);
    bool is_old = latest && status->now_ms - latest->at_ms > STALE_MS;
    json_put(bus, "stale", json_boolean(slot->is_asked || is_old));
    const struct share_status *door = status->doors ? doors_status(status->doors, index) : NULL;
    json_put(bus, "shared", shared_json(settings->share, door));
    if (!latest) {
        json_put(bus, "units", unknown_units(status, index));
        return bus;
    }
    put_age(bus, "age_ms", latest->at_ms, status->now_ms);
    json_put(bus, "link", link_json(latest, status->now_ms));
    put_bus_counters(bus, latest);
    json_put(bus, "guests", guests_json(latest));
    json_t *units = json_new_list();
    for (size_t i = 0; i < latest->unit_count; i++)
        json_add(units, unit_json(status, &latest->units[i]));
    json_put(bus, "units", units);
    return bus;
}

static json_t *cloud_json(const struct site_status *status, size_t index)
{
    const struct cloud_settings *settings = &status->site->clouds[index];
    const struct cloud_status *now = &status->clouds[index];
    json_t *cloud = json_new_object();
    json_put_text(cloud, "name", settings->name);
    json_put_text(cloud, "host", settings->host);
    json_put(cloud, "port", json_integer(settings->port));
    json_put(cloud, "connected", json_boolean(now->is_connected));
    put_age(cloud, "for_ms", now->since_ms, status->now_ms);
    put_count(cloud, "connects", now->connects);
    put_count(cloud, "failures", now->failures);
    put_text_unless_empty(cloud, "reason", now->reason);
    if (now->is_connected || !now->retry_ms)
        return cloud;
    int64_t wait_ms = now->retry_ms - status->now_ms;
    json_put(cloud, "retry_in_ms", json_integer(wait_ms > 0 ? wait_ms : 0));
    return cloud;
}

static json_t *losses_json(const struct outbox_status *status)
{
    static const char *const names[] = {
        [LOSS_MEMORY] = "memory",   [LOSS_FULL] = "full",       [LOSS_OLD] = "old",
        [LOSS_UNDATED] = "undated", [LOSS_DAMAGED] = "damaged", [LOSS_REPLAY] = "replay",
    };
    json_t *losses = json_new_object();
    for (int i = 0; i < LOSS_COUNT; i++) {
        if (status->lost[i])
            put_count(losses, names[i], status->lost[i]);
    }
    return losses;
}

static json_t *outbox_json(const struct outbox_status *status, int64_t now_ms)
{
    json_t *outbox = json_new_object();
    put_count(outbox, "messages", status->messages);
    put_count(outbox, "in_flight", status->in_flight);
    put_count(outbox, "bytes", status->bytes);
    put_age(outbox, "oldest_age_ms", status->oldest_ms, now_ms);
    put_count(outbox, "dropped", status->dropped);
    json_put(outbox, "dropped_because", losses_json(status));
    return outbox;
}

static json_t *store_json(const struct store_stats *stats)
{
    static const char *const names[] = {
        [STORE_GOOD] = "good",
        [STORE_FULL] = "full",
        [STORE_FAILING] = "failing",
    };
    json_t *store = json_new_object();
    json_put_text(store, "health", names[stats->health]);
    json_put(store, "in_memory", json_boolean(stats->is_in_memory));
    put_count(store, "damaged", stats->damaged);
    put_count(store, "commits", stats->commits);
    put_count(store, "failures", stats->failures);
    json_put(store, "longest_commit_ms", milliseconds(stats->longest_commit_us));
    return store;
}

char *status_json(const struct site_status *status)
{
    json_t *root = json_new_object();
    json_t *buses = json_new_list();
    json_t *clouds = json_new_list();
    json_put_text(root, "version", MODBRIDGE_VERSION);
    json_put_text(root, "site", status->path);
    json_put(root, "pid", json_integer(getpid()));
    json_put(root, "timestamp", json_integer(status->wall_ms / 1000));
    put_age(root, "running_ms", status->began_ms, status->now_ms);
    json_put(root, "dry", json_boolean(status->is_dry));
    put_count(root, "generation", status->generation);
    put_count(root, "generations_in_memory", status->generations);
    for (size_t i = 0; i < status->site->bus_count; i++) {
        if (status->site->buses[i].name[0]) // else the place is empty
            json_add(buses, bus_json(status, i));
    }
    json_put(root, "buses", buses);
    for (size_t i = 0; i < status->site->cloud_count; i++) {
        if (status->site->clouds[i].name[0])
            json_add(clouds, cloud_json(status, i));
    }
    json_put(root, "clouds", clouds);
    if (status->recent)
        json_put(root, "commands", recent_json(status->recent, status->now_ms));
    json_put(root, "outbox", outbox_json(&status->outbox, status->now_ms));
    if (status->store)
        json_put(root, "store", store_json(status->store));
    put_count(root, "readings_displaced", status->readings_displaced);
    return json_print(root);
}
