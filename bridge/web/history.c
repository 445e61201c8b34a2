// SPDX-License-Identifier: MIT
#include "web/history.h"

#include "base/json.h"

void history_clear(struct history *history)
{
    json_decref(history->series);
    *history = (struct history){0};
}

// The series of an entry, made when its first number comes; NULL: there are too many.
static json_t *find_series(struct history *history, const char *device, const char *key)
{
    json_t *of_device = json_object_get(history->series, device);
    json_t *series = json_object_get(of_device, key);
    if (series || history->count == HISTORY_MAX_SERIES)
        return series;
    if (!of_device) {
        of_device = json_new_object();
        json_put(history->series, device, of_device);
    }
    series = json_new_list();
    for (size_t i = 0; i < history->samples; i++)
        json_add(series, json_null());
    json_put(of_device, key, series);
    history->count++;
    return series;
}

static void take_number(struct history *history, const char *device, const char *key,
                        const json_t *entry)
{
    const json_t *value = json_object_get(entry, "value");
    json_t *series = json_is_number(value) ? find_series(history, device, key) : NULL;
    if (series)
        json_add(series, json_real(json_number_value(value)));
}

// Every series gets as many samples as there were: null where nothing came.
static void even_out(struct history *history)
{
    const char *name = NULL;
    const char *key = NULL;
    json_t *of_device = NULL;
    json_t *series = NULL;
    json_object_foreach(history->series, name, of_device)
    {
        json_object_foreach(of_device, key, series)
        {
            if (json_array_size(series) < history->samples)
                json_add(series, json_null());
            if (json_array_size(series) > HISTORY_SAMPLES)
                (void)json_array_remove(series, 0);
        }
    }
    if (history->samples > HISTORY_SAMPLES)
        history->samples = HISTORY_SAMPLES;
}

bool history_take(struct history *history, const json_t *values, int64_t now_ms)
{
    size_t index = 0;
    const char *key = NULL;
    json_t *device = NULL;
    json_t *entry = NULL;
    if (now_ms < history->next_ms)
        return false;
    history->next_ms = now_ms + HISTORY_EVERY_MS;
    if (!history->series)
        history->series = json_new_object();
    json_array_foreach(json_object_get(values, "devices"), index, device)
    {
        const char *name = json_string_value(json_object_get(device, "device"));
        json_object_foreach(json_object_get(device, "values"), key, entry)
        {
            if (name)
                take_number(history, name, key, entry);
        }
    }
    history->samples++;
    even_out(history);
    return true;
}

char *history_json(const struct history *history)
{
    json_t *root = json_new_object();
    json_put(root, "every_ms", json_integer(HISTORY_EVERY_MS));
    json_put(root, "series",
             history->series ? json_incref(history->series) : json_new_object());
    return json_print(root);
}
