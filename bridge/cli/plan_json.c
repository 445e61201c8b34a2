// SPDX-License-Identifier: MIT
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time_units.h"
#include "cli/plan.h"
#include "cloud/json.h"

// As the keys of a site.
static const char *const transport_words[] = {[TRANSPORT_TCP] = "tcp",
                                              [TRANSPORT_RTU] = "rtu",
                                              [TRANSPORT_RTU_OVER_TCP] = "rtu_over_tcp"};

static json_t *milliseconds(int64_t ns)
{
    return json_real(round((double)ns / NS_PER_US) / US_PER_MS);
}

static json_t *share(double value)
{
    return json_real(round(value * 1e5) / 1e5);
}

// A period; null: once per connection.
static json_t *period(int64_t every_ms)
{
    return every_ms < 0 ? json_null() : json_integer(every_ms);
}

static json_t *refresh(const struct budget_request *request)
{
    return request->refresh_ns == 0 ? json_null() : milliseconds(request->refresh_ns);
}

static const struct map *map_of(const struct budget_request *request)
{
    return request->device->map;
}

static json_t *request_json(const struct budget_request *request)
{
    const struct block *block = request->block;
    json_t *row = json_new_object();
    json_t *entries = json_new_list();
    json_put(row, "device", json_string(request->device->name));
    json_put(row, "unit", json_integer(request->unit_id));
    json_put(row, "table", json_string(table_names[block->table]));
    json_put(row, "address", json_integer(block->address));
    json_put(row, "count", json_integer(block->count));
    json_put(row, "every_ms", period(block->every_ms));
    json_put(row, "wire_ms", milliseconds(request->wire_ns));
    json_put(row, "refresh_ms", refresh(request));
    for (size_t i = 0; i < block->point_count; i++)
        json_add(entries, json_string(map_of(request)->points[block->points[i]].key));
    json_put(row, "entries", entries);
    return row;
}

static void add_entries(json_t *entries, const struct budget_request *request)
{
    for (size_t i = 0; i < request->block->point_count; i++) {
        const struct point *point = &map_of(request)->points[request->block->points[i]];
        json_t *row = json_new_object();
        json_put(row, "device", json_string(request->device->name));
        json_put(row, "key", json_string(point->key));
        json_put(row, "every_ms", period(point->every_ms));
        json_put(row, "refresh_ms", refresh(request));
        json_add(entries, row);
    }
}

static json_t *saving_json(const struct budget_saving *saving)
{
    json_t *row = json_new_object();
    json_put(row, "requests", json_integer(saving->request_count));
    json_put(row, "cycle_ms", milliseconds(saving->cycle_ns));
    json_put(row, "utilisation", share(saving->utilisation));
    return row;
}

static json_t *device_json(const struct budget *budget, const struct budget_device *device)
{
    json_t *row = json_new_object();
    json_put(row, "device", json_string(device->device->name));
    json_put(row, "requests", json_integer((json_int_t)device->request_count));
    json_put(row, "utilisation", share(device->utilisation));
    if (device->saving.cycle_ns > 0)
        json_put(row, "merge_gap_auto_saves", saving_json(&device->saving));
    if (budget->device_count < 2)
        return row;
    json_t *dead = json_new_object();
    json_put(dead, "utilisation", share(device->others.utilisation));
    json_put(dead, "cycle_ms",
             milliseconds((int64_t)((double)device->others.cycle_ns / FORECAST_BESIDE_DEAD)));
    json_put(dead, "shortest_refresh_ms", milliseconds(device->others.interval_ns));
    json_put(dead, "command_latency_ms", milliseconds(device->others_latency_ns));
    json_put(row, "while_dead", dead);
    return row;
}

static json_t *bus_json(const struct budget *budget)
{
    json_t *bus = json_new_object();
    json_t *requests = json_new_list();
    json_t *entries = json_new_list();
    json_t *devices = json_new_list();
    json_t *warnings = json_new_list();
    struct strbuf text = {0};
    struct position at;
    for (size_t i = 0; i < budget->request_count; i++) {
        json_add(requests, request_json(&budget->requests[i]));
        add_entries(entries, &budget->requests[i]);
    }
    for (size_t i = 0; i < budget->device_count; i++)
        json_add(devices, device_json(budget, &budget->devices[i]));
    if (budget_warn(budget, &text, &at))
        json_add(warnings, json_string(strbuf_text(&text)));
    strbuf_done(&text);
    json_put(bus, "name", json_string(budget->bus->name));
    json_put(bus, "requests", requests);
    json_put(bus, "utilisation", share(budget->forecast.utilisation));
    json_put(bus, "cycle_ms", milliseconds(budget->forecast.cycle_ns));
    json_put(bus, "transport", json_string(transport_words[budget->bus->transport]));
    json_put(bus, "response_ms", milliseconds(budget->response_us * NS_PER_US));
    json_put(bus, "shortest_refresh_ms", milliseconds(budget->forecast.interval_ns));
    json_put(bus, "command_latency_ms", milliseconds(budget->silent_latency_ns));
    json_put(bus, "command_latency_all_answer_ms", milliseconds(budget->latency_ns));
    json_put(bus, "devices", devices);
    json_put(bus, "entries", entries);
    json_put(bus, "warnings", warnings);
    return bus;
}

// Gigabytes, to the megabyte.
static json_t *gigabytes(double bytes)
{
    return json_real(round(bytes / 1e6) / 1e3);
}

static json_t *written_json(const struct plan_view *view, enum outbox_write write)
{
    bool is_kept = traffic_is_kept(view->site);
    json_t *written = json_new_object();
    json_put(written, "gb_per_day",
             gigabytes(is_kept ? traffic_written_per_day(&view->traffic, write, false) : 0));
    json_put(written, "outage_gb_per_day",
             gigabytes(is_kept ? traffic_written_per_day(&view->traffic, write, true) : 0));
    return written;
}

static json_t *outbox_json(const struct plan_view *view)
{
    const struct traffic *traffic = &view->traffic;
    json_t *outbox = json_new_object();
    json_put(outbox, "messages_per_second", share(traffic->messages_per_second));
    json_put(outbox, "properties_per_second", share(traffic->properties_per_second));
    json_put(outbox, "message_bytes", json_integer((json_int_t)round(traffic->message_bytes)));
    json_put(outbox, "write",
             json_string(view->site->outbox.write == OUTBOX_SPILL ? "spill" : "always"));
    json_put(outbox, "is_kept", json_boolean(traffic_is_kept(view->site)));
    json_put(outbox, "always", written_json(view, OUTBOX_ALWAYS));
    json_put(outbox, "spill", written_json(view, OUTBOX_SPILL));
    json_put(outbox, "outage_days_kept",
             json_real(traffic_is_kept(view->site)
                           ? round(100 * traffic_days_kept(traffic, view->site)) / 100
                           : 0));
    return outbox;
}

void plan_print_json(const struct plan_view *view)
{
    json_t *whole = json_new_object();
    json_t *buses = json_new_list();
    for (size_t i = 0; i < view->site->bus_count; i++)
        json_add(buses, bus_json(view->budgets[i]));
    json_put(whole, "buses", buses);
    json_put(whole, "outbox", outbox_json(view));
    char *text = json_print(whole);
    (void)printf("%s\n", text);
    free(text);
}
