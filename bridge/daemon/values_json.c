// SPDX-License-Identifier: MIT
#include "daemon/values_json.h"

#include "cloud/alerts.h"
#include "cloud/json.h"

static const char *const health_names[] = {
    [HEALTH_UNKNOWN] = "unknown",
    [HEALTH_ONLINE] = "online",
    [HEALTH_OFFLINE] = "offline",
};

// Why the words of an entry did not come with its last read; left out when they did.
static void put_fault(json_t *row, const struct feed *feed, const struct point *point)
{
    const struct map *map = feed->device->map;
    const struct point *words = map_words_of(map, point);
    uint8_t exception = 0;
    enum fault fault =
        words ? image_fault(feed->image, map_index(map, words), &exception) : FAULT_NONE;
    if (fault == FAULT_NONE)
        return;
    json_put_text(row, "fault",
                  fault == FAULT_EXCEPTION ? exception_name(exception) : fault_names[fault]);
}

static json_t *entry_json(const struct feed *feed, int index, int64_t now_ms)
{
    const struct point *point = &feed->device->map->points[index];
    struct image_space space = {0};
    struct value value = image_value(feed->image, index, now_ms, &space);
    int64_t read_ms = image_time(feed->image, index);
    json_t *row = json_new_object();
    json_put(row, "value", json_from_published(&value, point->publish));
    if (value.kind == VALUE_ABSENT)
        json_put(row, "absent", json_true());
    if (read_ms > 0)
        json_put(row, "age_ms", json_integer(now_ms > read_ms ? now_ms - read_ms : 0));
    put_fault(row, feed, point);
    return row;
}

static json_t *device_json(const struct feed *feed, int64_t now_ms)
{
    const struct map *map = feed->device->map;
    struct moment moment = {now_ms, feed->health};
    json_t *device = json_new_object();
    json_t *values = json_new_object();
    json_put_text(device, "device", feed->device->name);
    json_put_text(device, "health", health_names[feed->health]);
    alerts_put(device, feed->device, feed->image, &moment);
    for (size_t i = 0; i < map->point_count; i++) {
        if (map->points[i].section != SECTION_REGISTERS)
            json_put(values, map->points[i].key, entry_json(feed, (int)i, now_ms));
    }
    json_put(device, "values", values);
    return device;
}

char *values_json(const struct values_view *view, size_t first)
{
    json_t *root = json_new_object();
    json_t *devices = json_new_list();
    size_t entries = 0;
    size_t next = first;
    json_put(root, "generation", json_integer((json_int_t)view->generation));
    for (; next < view->site->device_count && entries < VALUES_AT_ONCE; next++) {
        if (!view->site->devices[next].name[0])
            continue; // an empty place
        json_add(devices, device_json(&view->feeds[next], view->now_ms));
        entries += view->site->devices[next].map->point_count;
    }
    json_put(root, "devices", devices);
    if (next < view->site->device_count)
        json_put(root, "next", json_integer((json_int_t)next));
    return json_print(root);
}
