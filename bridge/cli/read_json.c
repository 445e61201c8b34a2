// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "base/clock.h"
#include "cli/read_view.h"
#include "cloud/json.h"

static void add_error(json_t *errors, const char *key, enum fault fault, uint8_t exception)
{
    json_t *row = json_new_object();
    json_put(row, "key", json_string(key));
    json_put(row, "fault", json_string(fault_names[fault]));
    if (fault == FAULT_EXCEPTION)
        json_put(row, "exception", json_integer(exception));
    json_add(errors, row);
}

static void add_row(const struct read_view *view, int point, json_t *values, json_t *properties,
                    json_t *errors)
{
    const struct image *image = view->target->unit->image;
    const struct point *entry = &view->target->device->map->points[point];
    struct image_space space = {0};
    struct value value = image_value(image, point, view->now_ms, &space);
    json_t *into = entry->section == SECTION_PROPERTIES ? properties : values;
    if (view->raw) {
        char words[600];
        read_view_words(view, point, words, sizeof words);
        json_put(into, entry->key, json_string(words));
    } else {
        json_put(into, entry->key, json_from_published(&value, entry->publish));
    }
    uint8_t exception = 0;
    enum fault fault = image_fault(image, point, &exception);
    if (fault != FAULT_NONE)
        add_error(errors, entry->key, fault, exception);
}

static json_t *active_alerts(const struct read_view *view)
{
    const struct map *map = view->target->device->map;
    json_t *alerts = json_new_list();
    for (size_t i = 0; view->choice->is_all && i < map->alert_count; i++) {
        if (read_view_is_active(view, &map->alerts[i]))
            json_add(alerts, json_string(map->alerts[i].key));
    }
    return alerts;
}

void read_view_json(const struct read_view *view, struct strbuf *out)
{
    const struct needs *asked = &view->choice->asked;
    json_t *values = json_new_object();
    json_t *properties = json_new_object();
    json_t *errors = json_new_list();
    for (size_t i = 0; i < asked->count; i++)
        add_row(view, asked->points[i], values, properties, errors);
    json_t *whole = json_new_object();
    json_put(whole, "device", json_string(view->target->device->name));
    json_put(whole, "timestamp", json_integer(clock_wall_ms() / 1000));
    json_put(whole, "values", values);
    json_put(whole, "alerts", active_alerts(view));
    json_put(whole, "properties", properties);
    json_put(whole, "errors", errors);
    char *text = json_print(whole);
    strbuf_printf(out, "%s\n", text);
    free(text);
}
