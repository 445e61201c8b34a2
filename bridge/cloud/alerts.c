// SPDX-License-Identifier: MIT
#include "cloud/alerts.h"

#include <string.h>

#include "base/strbuf.h"

enum {
    MAX_CODES = 16, // unknown codes named in alert_details
    MAX_FAILED = 3, // registers named in alert_details
};

static void put_detail(json_t *details, const char *alert, const char *text)
{
    json_t *detail = json_new_object();
    json_put_text(detail, "errmsg", text);
    json_put(details, alert, detail);
}

static void add_text(json_t *list, const char *text)
{
    json_add(list, json_from_text(text, strlen(text)));
}

// Whether an alert of the same entry names the code.
static bool is_listed(const struct map *map, int from, int128 code)
{
    for (size_t i = 0; i < map->alert_count; i++) {
        const struct alert *alert = &map->alerts[i];
        if (alert->kind == ALERT_CODE && alert->from == from && code >= alert->code &&
            code <= alert->code_high)
            return true;
    }
    return false;
}

static void add_code(struct strbuf *text, size_t *count, int128 code)
{
    if (*count < MAX_CODES)
        strbuf_printf(text, "%s0x%04llX", *count ? ", " : "", (unsigned long long)code);
    (*count)++;
}

// "unknown codes 0x108A, 0x2001": those behind an active `otherwise` alert.
static void put_unknown_codes(json_t *details, const struct image *image, const struct map *map,
                              const struct alert *alert, int64_t now_ms)
{
    struct image_space space = {0};
    struct value raw = image_raw(image, alert->from, now_ms, &space);
    struct strbuf codes = {0};
    size_t count = 0;
    if (raw.kind == VALUE_INTEGER)
        add_code(&codes, &count, raw.integer);
    for (size_t i = 0; raw.kind == VALUE_EVENTS && i < raw.events.count; i++) {
        if (!is_listed(map, alert->from, raw.events.codes[i]))
            add_code(&codes, &count, raw.events.codes[i]);
    }
    struct strbuf text = {0};
    strbuf_printf(&text, "unknown code%s %s", count == 1 ? "" : "s", strbuf_text(&codes));
    if (count > MAX_CODES)
        strbuf_printf(&text, " and %zu more", count - MAX_CODES);
    put_detail(details, alert->key, strbuf_text(&text));
    strbuf_done(&codes);
    strbuf_done(&text);
}

// The list of active alerts, or NULL when the state of none is known.
static json_t *active_alerts(json_t *details, const struct device *device,
                             const struct image *image, int64_t now_ms)
{
    const struct map *map = device->map;
    json_t *names = json_new_list();
    bool is_known = map->alert_count == 0;
    for (size_t i = 0; i < map->alert_count; i++) {
        const struct alert *alert = &map->alerts[i];
        struct value active = image_alert(image, alert, now_ms);
        is_known |= active.kind != VALUE_UNKNOWN;
        if (active.kind != VALUE_BOOLEAN || !active.boolean)
            continue;
        add_text(names, alert->key);
        if (alert->kind == ALERT_OTHERWISE)
            put_unknown_codes(details, image, map, alert, now_ms);
    }
    if (is_known)
        return names;
    json_decref(names);
    return NULL;
}

static void describe_fault(struct strbuf *text, enum fault fault, uint8_t exception)
{
    static const char *const faults[FAULT_COUNT] = {
        [FAULT_NONE] = "not read in time",  [FAULT_TIMEOUT] = "no answer",
        [FAULT_GARBLED] = "garbled answer", [FAULT_LINK] = "the line is not open",
        [FAULT_STOPPED] = "stopped",        [FAULT_IDENTITY] = "another device answered",
    };
    strbuf_add(text, fault == FAULT_EXCEPTION ? exception_name(exception) : faults[fault]);
}

// Whether an entry should have a value, has none, and why.
static bool is_failed(const struct image *image, const struct point *point, int index,
                      int64_t now_ms)
{
    bool is_polled = point->source == SOURCE_WORDS && (point->access & ACCESS_READ) &&
                     point->every_ms != EVERY_NEED;
    if (!is_polled || point->optional)
        return false;
    struct image_space space = {0};
    struct value raw = image_raw(image, index, now_ms, &space);
    if (raw.kind != VALUE_UNKNOWN)
        return false;
    uint8_t exception = 0;
    if (image_fault(image, index, &exception) != FAULT_NONE)
        return true;
    int64_t read_ms = image_time(image, index);
    return read_ms >= 0 && point->every_ms >= 0 && now_ms - read_ms > point->every_ms;
}

static void describe_failed(struct strbuf *text, const struct image *image,
                            const struct point *point, int index)
{
    uint8_t exception = 0;
    enum fault fault = image_fault(image, index, &exception);
    if (text->length)
        strbuf_add(text, "; ");
    char place[64];
    image_name_place(image, point->table, point->model, point->address, place, sizeof place);
    strbuf_printf(text, "%s: ", place);
    describe_fault(text, fault, exception);
}

// "holding 4308: illegal data address; ... and 5 more"; false when everything was read.
static bool find_failed(struct strbuf *text, const struct map *map, const struct image *image,
                        int64_t now_ms)
{
    size_t count = 0;
    for (size_t i = 0; i < map->point_count; i++) {
        if (!is_failed(image, &map->points[i], (int)i, now_ms))
            continue;
        if (count++ < MAX_FAILED)
            describe_failed(text, image, &map->points[i], (int)i);
    }
    if (count > MAX_FAILED)
        strbuf_printf(text, "; and %zu more", count - MAX_FAILED);
    return count > 0;
}

static void put_online(json_t *message, const struct device *device, const struct image *image,
                       int64_t now_ms)
{
    json_t *details = json_new_object();
    json_t *connection = json_new_list();
    json_t *names = active_alerts(details, device, image, now_ms);
    json_put(message, "alerts", names ? names : json_null());
    struct strbuf failed = {0};
    if (find_failed(&failed, device->map, image, now_ms)) {
        add_text(connection, "partial_failure");
        put_detail(details, "partial_failure", strbuf_text(&failed));
    }
    strbuf_done(&failed);
    if (json_object_size(details))
        json_put(message, "alert_details", details);
    else
        json_decref(details);
    json_put(message, "conn_alerts", connection);
}

void alerts_put(json_t *message, const struct device *device, const struct image *image,
                const struct moment *moment)
{
    if (moment->health != HEALTH_OFFLINE) {
        put_online(message, device, image, moment->now_ms);
        return;
    }
    json_put(message, "alerts", json_null());
    json_t *connection = json_new_list();
    add_text(connection, "communication_failed");
    json_put(message, "conn_alerts", connection);
}
