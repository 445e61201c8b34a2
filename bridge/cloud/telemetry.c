// SPDX-License-Identifier: MIT
#include "cloud/telemetry.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "cloud/json.h"

enum { NOT_YET = -1 };

// Instead of the last values, their hashes: at worst, once in 2^64 changes, one waits for the
// next message with all keys.
struct telemetry_memory {
    uint64_t *sent; // per entry; 0: nothing sent since the last time it had no value
    size_t count;
    uint64_t sent_alerts;
    int64_t all_ms;  // when all keys were sent
    int64_t sent_ms; // when anything was sent
};

struct telemetry_memory *telemetry_memory_new(const struct map *map)
{
    struct telemetry_memory *memory = mem_new(1, sizeof *memory);
    memory->count = map->point_count;
    memory->sent = mem_new(map->point_count, sizeof *memory->sent);
    telemetry_memory_forget(memory);
    return memory;
}

void telemetry_memory_free(struct telemetry_memory *memory)
{
    if (!memory)
        return;
    free(memory->sent);
    free(memory);
}

void telemetry_memory_forget(struct telemetry_memory *memory)
{
    memset(memory->sent, 0, memory->count * sizeof *memory->sent);
    memory->sent_alerts = 0;
    memory->all_ms = NOT_YET;
    memory->sent_ms = NOT_YET;
}

// Never 0.
static uint64_t hash_of_text(const char *text)
{
    uint64_t hash = hash_text(HASH_START, text);
    return hash ? hash : 1;
}

static uint64_t hash_value(const struct value *value)
{
    char text[512];
    value_format(value, text, sizeof text);
    return hash_of_text(text);
}

// Whether the entry's value is another than last sent; it counts as sent afterwards. A missing
// value makes the next one new.
static bool note_value(struct telemetry_memory *memory, size_t index, const struct value *value)
{
    uint64_t hash = value_is_known(value) ? hash_value(value) : 0;
    bool is_new = hash && hash != memory->sent[index];
    memory->sent[index] = hash;
    return is_new;
}

// Puts the section's entries that have a value, with `memory` only the changed ones.
static void put_entries(json_t *message, const struct map *map, enum section section,
                        const struct image *image, int64_t now_ms,
                        struct telemetry_memory *memory)
{
    for (size_t i = 0; i < map->point_count; i++) {
        const struct point *point = &map->points[i];
        if (point->section != section)
            continue;
        struct image_space space = {0};
        struct value value = image_value(image, (int)i, now_ms, &space);
        if (!memory || note_value(memory, i, &value))
            json_put(message, point->key, json_from_published(&value, point->publish));
    }
}

static bool is_due(int64_t last_ms, int64_t every_ms, int64_t now_ms)
{
    return last_ms == NOT_YET || now_ms - last_ms >= every_ms;
}

// Whether there is anything to say with keys: changed; it counts as said afterwards.
static bool note_message(struct telemetry_memory *memory, bool has_keys, const json_t *alerts,
                         int64_t now_ms)
{
    char *text = json_print(json_deep_copy(alerts));
    uint64_t hash = hash_of_text(text);
    free(text);
    bool is_new = hash != memory->sent_alerts;
    if (!has_keys && !is_new && !is_due(memory->sent_ms, TELEMETRY_ALIVE_MS, now_ms))
        return false;
    memory->sent_alerts = hash;
    memory->sent_ms = now_ms;
    return true;
}

char *telemetry_payload(const struct device *device, const struct image *image,
                        const struct moment *moment, struct telemetry_memory *memory)
{
    int64_t now_ms = moment->now_ms;
    if (memory && is_due(memory->all_ms, TELEMETRY_ALL_MS, now_ms)) {
        telemetry_memory_forget(memory);
        memory->all_ms = now_ms;
    }
    json_t *message = json_new_object();
    if (moment->health != HEALTH_OFFLINE)
        put_entries(message, device->map, SECTION_TELEMETRY, image, now_ms, memory);
    bool has_keys = json_object_size(message) > 0;
    json_t *alerts = json_new_object();
    alerts_put(alerts, device, image, moment);
    bool is_wanted = !memory || note_message(memory, has_keys, alerts, now_ms);
    json_put_all(message, alerts);
    if (is_wanted)
        return json_print(message);
    json_decref(message);
    return NULL;
}

static void put_constant(json_t *message, const struct map *map, const char *key,
                         const char *text)
{
    int index = map_find_point(map, key);
    bool is_declared = index != NO_INDEX && map->points[index].section == SECTION_PROPERTIES;
    if (text && !is_declared)
        json_put(message, key, json_from_text(text, strlen(text)));
}

char *properties_payload(const struct device *device, const struct image *image,
                         const struct moment *moment)
{
    const struct map *map = device->map;
    json_t *message = json_new_object();
    put_constant(message, map, "vendor", map->vendor);
    put_constant(message, map, "model", map->model);
    put_entries(message, map, SECTION_PROPERTIES, image, moment->now_ms, NULL);
    return json_print(message);
}
