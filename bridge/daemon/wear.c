// SPDX-License-Identifier: MIT
#include "daemon/wear.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"

#define NOTE_KIND "wear"

static bool wears(const struct map *map)
{
    for (size_t i = 0; i < map->point_count; i++) {
        if (map->points[i].wear)
            return true;
    }
    return false;
}

// A note of a device or an entry that is gone stays: it may come back.
static void load(void *context, const struct note *note)
{
    struct wear *wear = context;
    int64_t writes = 0;
    int device = site_find_device(wear->site, note->device);
    if (device == NO_INDEX || !wear->writes[device])
        return;
    int point = map_find_point(wear->site->devices[device].map, note->key);
    if (point != NO_INDEX && num_parse_int(note->text, &writes) && writes > 0)
        wear->writes[device][point] = (uint64_t)writes;
}

void wear_init(struct wear *wear, const struct site *site, struct store *store)
{
    *wear = (struct wear){.site = site, .store = store};
    wear->writes = mem_new(site->device_count, sizeof *wear->writes);
    for (size_t i = 0; i < site->device_count; i++) {
        const struct map *map = site->devices[i].map;
        if (wears(map))
            wear->writes[i] = mem_new(map->point_count, sizeof **wear->writes);
    }
    if (store)
        store_load_notes(store, NOTE_KIND, load, wear);
}

void wear_done(struct wear *wear)
{
    for (size_t i = 0; wear->writes && i < wear->site->device_count; i++)
        free(wear->writes[i]);
    free(wear->writes);
    *wear = (struct wear){0};
}

void wear_take(struct wear *wear, const struct wear_note *note)
{
    const struct device *device = &wear->site->devices[note->device];
    char text[24];
    uint64_t writes = ++wear->writes[note->device][note->point];
    if (!wear->store)
        return;
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)writes);
    struct note kept = {NOTE_KIND, device->name, device->map->points[note->point].key, text};
    (void)store_put_note(wear->store, &kept, false);
}

uint64_t wear_writes(const struct wear *wear, size_t device, size_t point)
{
    return wear->writes && wear->writes[device] ? wear->writes[device][point] : 0;
}
