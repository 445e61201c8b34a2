// SPDX-License-Identifier: MIT
#include "web/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/strbuf.h"

// One name, and where its number stands in the JSON of its subject.
struct metric {
    const char *name;
    const char *type;
    const char *help;
    const char *key;    // "link.opened": in nested objects
    const char *equals; // the number is 1 when the text there is this, else 0; NULL: a number
    double scale;       // 0: 1
};

// The rows' milliseconds become seconds, as is usual there.
static const double ms = 0.001;

static const struct metric bridge_rows[] = {
    {"modbridge_uptime_seconds", "gauge", "Since when it runs.", "running_ms", NULL, ms},
    {"modbridge_readings_displaced_total", "counter",
     "Readings that gave way because the main thread was too slow.", "readings_displaced", NULL,
     0},
    {"modbridge_outbox_messages", "gauge", "Messages that the broker has not acknowledged.",
     "outbox.messages", NULL, 0},
    {"modbridge_outbox_bytes", "gauge", "What they take.", "outbox.bytes", NULL, 0},
    {"modbridge_outbox_in_flight", "gauge", "Messages published and not acknowledged.",
     "outbox.in_flight", NULL, 0},
    {"modbridge_outbox_oldest_age_seconds", "gauge", "How old the oldest message is.",
     "outbox.oldest_age_ms", NULL, ms},
    {"modbridge_outbox_dropped_total", "counter", "Messages dropped since the start.",
     "outbox.dropped", NULL, 0},
    {"modbridge_store_good", "gauge", "Whether the disk takes what must survive a restart.",
     "store.health", "good", 0},
    {"modbridge_store_commits_total", "counter", "Commits to the disk.", "store.commits", NULL,
     0},
    {"modbridge_store_failures_total", "counter", "Commits that failed.", "store.failures",
     NULL, 0},
};

static const struct metric bus_rows[] = {
    {"modbridge_bus_link_open", "gauge", "Whether the port or connection is open.",
     "link.state", "open", 0},
    {"modbridge_bus_link_opened_total", "counter", "How often it was opened.", "link.opened",
     NULL, 0},
    {"modbridge_bus_utilisation_ratio", "gauge", "Busy share of the last minute.",
     "utilisation", NULL, 0},
    {"modbridge_bus_dead_share_ratio", "gauge", "What of it units that are offline took.",
     "dead_share", NULL, 0},
    {"modbridge_bus_requests_total", "counter", "Requests sent.", "requests", NULL, 0},
    {"modbridge_bus_answers_total", "counter", "Answers, exceptions included.", "answers", NULL,
     0},
    {"modbridge_bus_exceptions_total", "counter", "Answers that were exceptions.", "exceptions",
     NULL, 0},
    {"modbridge_bus_timeouts_total", "counter", "Requests without an answer in time.",
     "timeouts", NULL, 0},
    {"modbridge_bus_garbled_total", "counter", "Answers that could not be used.", "garbled",
     NULL, 0},
    {"modbridge_bus_foreign_frames_total", "counter", "Frames that answered something else.",
     "foreign", NULL, 0},
    {"modbridge_bus_missed_periods_total", "counter", "Periods that passed without a request.",
     "missed", NULL, 0},
};

static const struct metric device_rows[] = {
    {"modbridge_device_online", "gauge", "Whether the device answers.", "health.state",
     "online", 0},
    {"modbridge_device_last_answer_age_seconds", "gauge", "Since its last answer.",
     "last_answer_age_ms", NULL, ms},
    {"modbridge_device_response_seconds", "gauge",
     "Mean time to its answers over the last one to two minutes.", "response_ms.mean", NULL,
     ms},
    {"modbridge_device_requests_total", "counter", "Requests sent to it.", "requests", NULL, 0},
    {"modbridge_device_writes_total", "counter", "Of those, writes.", "writes", NULL, 0},
    {"modbridge_device_timeouts_total", "counter", "Requests without an answer in time.",
     "timeouts", NULL, 0},
    {"modbridge_device_missed_periods_total", "counter",
     "Periods that passed without a request.", "missed", NULL, 0},
    {"modbridge_device_commands_waiting", "gauge", "Commands that wait for it.",
     "commands_waiting", NULL, 0},
};

static const struct metric cloud_rows[] = {
    {"modbridge_cloud_connected", "gauge", "Whether the connection stands.", "connected", NULL,
     0},
    {"modbridge_cloud_connects_total", "counter", "How often it was made.", "connects", NULL,
     0},
    {"modbridge_cloud_failures_total", "counter", "Attempts that failed.", "failures", NULL, 0},
};

// What has metrics: a part of the status, and its labels, {bus="cabinet"} or "".
struct subject {
    const json_t *json;
    char *labels;
};

struct subjects {
    struct subject *rows;
    size_t count;
};

static void add_subject(struct subjects *subjects, const json_t *json, struct strbuf *labels)
{
    subjects->rows = mem_resize(subjects->rows, subjects->count + 1, sizeof *subjects->rows);
    char *text = labels->length ? strbuf_take(labels) : mem_copy_text("");
    subjects->rows[subjects->count++] = (struct subject){json, text};
}

static void subjects_done(struct subjects *subjects)
{
    for (size_t i = 0; i < subjects->count; i++)
        free(subjects->rows[i].labels);
    free(subjects->rows);
}

// A label's value: backslash, quote and the end of a line are escaped.
static void add_escaped(struct strbuf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n')
            strbuf_add(out, "\\n");
        else if (*text == '"' || *text == '\\')
            strbuf_printf(out, "\\%c", *text);
        else
            strbuf_add_char(out, *text);
    }
}

// Adds a label to {a="b"}; without a text it is left out.
static void add_label(struct strbuf *labels, const char *name, const json_t *text)
{
    if (!json_is_string(text))
        return;
    if (labels->length) // reopens it
        labels->text[--labels->length] = '\0';
    strbuf_printf(labels, "%s%s=\"", labels->length ? "," : "{", name);
    add_escaped(labels, json_string_value(text));
    strbuf_add(labels, "\"}");
}

static const json_t *find(const json_t *json, const char *path)
{
    char key[64];
    while (json && *path) {
        size_t length = strcspn(path, ".");
        memcpy(key, path, length);
        key[length] = '\0';
        json = json_object_get(json, key);
        path += length + (path[length] == '.');
    }
    return json;
}

static void add_number(struct strbuf *out, const char *name, const char *labels, double number)
{
    strbuf_printf(out, "%s%s %.15g\n", name, labels, number);
}

static void add_head(struct strbuf *out, const char *name, const char *type, const char *help)
{
    strbuf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_sample(struct strbuf *out, const struct metric *metric,
                       const struct subject *subject)
{
    const json_t *found = find(subject->json, metric->key);
    double scale = metric->scale != 0 ? metric->scale : 1;
    if (metric->equals && json_is_string(found))
        add_number(out, metric->name, subject->labels,
                   strcmp(json_string_value(found), metric->equals) == 0);
    else if (json_is_boolean(found))
        add_number(out, metric->name, subject->labels, json_is_true(found));
    else if (json_is_number(found))
        add_number(out, metric->name, subject->labels, json_number_value(found) * scale);
}

static void add_metrics(struct strbuf *out, const struct metric *metrics, size_t count,
                        const struct subjects *subjects)
{
    for (size_t i = 0; i < count; i++) {
        add_head(out, metrics[i].name, metrics[i].type, metrics[i].help);
        for (size_t k = 0; k < subjects->count; k++)
            add_sample(out, &metrics[i], &subjects->rows[k]);
    }
}

static void add_bridge(struct strbuf *out, const json_t *status)
{
    struct subjects all = {0};
    struct strbuf labels = {0};
    add_subject(&all, status, &labels);
    add_metrics(out, bridge_rows, ARRAY_LENGTH(bridge_rows), &all);
    subjects_done(&all);
    add_label(&labels, "version", json_object_get(status, "version"));
    add_head(out, "modbridge_info", "gauge", "Which version runs.");
    add_number(out, "modbridge_info", strbuf_text(&labels), 1);
    strbuf_done(&labels);
}

static void add_buses(struct strbuf *out, const json_t *status)
{
    struct subjects buses = {0};
    struct subjects units = {0};
    size_t i = 0;
    size_t k = 0;
    const json_t *bus = NULL;
    const json_t *unit = NULL;
    json_array_foreach(json_object_get(status, "buses"), i, bus)
    {
        struct strbuf labels = {0};
        add_label(&labels, "bus", json_object_get(bus, "name"));
        add_subject(&buses, bus, &labels);
        json_array_foreach(json_object_get(bus, "units"), k, unit)
        {
            add_label(&labels, "device", json_object_get(unit, "device"));
            add_label(&labels, "bus", json_object_get(bus, "name"));
            add_subject(&units, unit, &labels);
        }
    }
    add_metrics(out, bus_rows, ARRAY_LENGTH(bus_rows), &buses);
    add_metrics(out, device_rows, ARRAY_LENGTH(device_rows), &units);
    subjects_done(&buses);
    subjects_done(&units);
}

static void add_clouds(struct strbuf *out, const json_t *status)
{
    struct subjects clouds = {0};
    size_t i = 0;
    const json_t *cloud = NULL;
    json_array_foreach(json_object_get(status, "clouds"), i, cloud)
    {
        struct strbuf labels = {0};
        add_label(&labels, "cloud", json_object_get(cloud, "name"));
        add_subject(&clouds, cloud, &labels);
    }
    add_metrics(out, cloud_rows, ARRAY_LENGTH(cloud_rows), &clouds);
    subjects_done(&clouds);
}

static const json_t *find_named(const json_t *list, const char *key, const json_t *name)
{
    size_t i = 0;
    const json_t *row = NULL;
    json_array_foreach(list, i, row)
    {
        if (json_equal(json_object_get(row, key), name))
            return row;
    }
    return NULL;
}

// The numbers of one device: entries and values come in the same order.
static void add_values(struct strbuf *out, const json_t *device, const json_t *values)
{
    size_t i = 0;
    const json_t *entry = NULL;
    json_array_foreach(json_object_get(device, "entries"), i, entry)
    {
        const json_t *key = json_object_get(entry, "key");
        const json_t *said =
            json_object_get(json_object_get(values, "values"), json_string_value(key));
        const json_t *value = json_object_get(said, "value");
        struct strbuf labels = {0};
        if (!json_is_number(value) && !json_is_boolean(value))
            continue;
        add_label(&labels, "device", json_object_get(device, "device"));
        add_label(&labels, "key", key);
        add_label(&labels, "unit", json_object_get(entry, "unit"));
        add_number(out, "modbridge_value", strbuf_text(&labels),
                   json_is_number(value) ? json_number_value(value) : json_is_true(value));
        strbuf_done(&labels);
    }
}

static void add_alerts(struct strbuf *out, const json_t *device, const json_t *values)
{
    size_t i = 0;
    const json_t *name = NULL;
    json_array_foreach(json_object_get(values, "alerts"), i, name)
    {
        const json_t *alert = find_named(json_object_get(device, "alerts"), "key", name);
        struct strbuf labels = {0};
        add_label(&labels, "device", json_object_get(device, "device"));
        add_label(&labels, "alert", name);
        add_label(&labels, "severity", json_object_get(alert, "severity"));
        add_number(out, "modbridge_alert_active", strbuf_text(&labels), 1);
        strbuf_done(&labels);
    }
}

static void add_devices(struct strbuf *out, const json_t *devices, const json_t *values)
{
    static const struct part {
        const char *name;
        const char *help;
        void (*add)(struct strbuf *out, const json_t *device, const json_t *values);
    } parts[] = {
        {"modbridge_value",
         "A published value that is a number, or true as 1; none while it is not "
         "known.",
         add_values},
        {"modbridge_alert_active", "An alert that is active.", add_alerts},
    };
    const json_t *said = json_object_get(values, "devices");
    for (size_t part = 0; part < ARRAY_LENGTH(parts); part++) {
        size_t i = 0;
        const json_t *device = NULL;
        add_head(out, parts[part].name, "gauge", parts[part].help);
        json_array_foreach(json_object_get(devices, "devices"), i, device)
        {
            // They come in the same order.
            parts[part].add(out, device, json_array_get(said, i));
        }
    }
}

char *metrics_text(const json_t *status, const json_t *devices, const json_t *values)
{
    struct strbuf out = {0};
    add_head(&out, "modbridge_up", "gauge", "Whether the bridge answers.");
    add_number(&out, "modbridge_up", "", status != NULL);
    if (status) {
        add_bridge(&out, status);
        add_buses(&out, status);
        add_clouds(&out, status);
        add_devices(&out, devices, values);
    }
    return strbuf_take(&out);
}
