// SPDX-License-Identifier: MIT
#include "daemon/shard.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/num.h"

int shard_parse(const char *text, struct shard *ret_shard, struct error *err)
{
    char copy[16];
    int64_t index = 0;
    int64_t count = 0;
    size_t length = strlen(text);
    char *slash = NULL;
    if (length < sizeof copy) {
        memcpy(copy, text, length + 1);
        slash = strchr(copy, '/');
    }
    if (slash)
        *slash = '\0';
    if (!slash || !num_parse_int(copy, &index) || !num_parse_int(slash + 1, &count) ||
        count < 1 || count > MAX_SHARDS || index < 0 || index >= count)
        return error_set(err, ERROR_USAGE,
                         "--shard takes I/N, shard I of N counted from 0, as 0/4; N is at most "
                         "%d; not '%s'",
                         MAX_SHARDS, text);
    *ret_shard = (struct shard){(unsigned)index, (unsigned)count};
    return 0;
}

unsigned shard_of(const char *bus, unsigned count)
{
    static const uint64_t multiplier = 2862933555777941757ULL;
    static const double span = 2147483648.0; // 2^31
    uint64_t key = hash_text(HASH_START, bus);
    int64_t shard = 0;
    int64_t next = 0;
    while (next < (int64_t)count) {
        shard = next;
        key = key * multiplier + 1;
        next = (int64_t)((double)(shard + 1) * (span / (double)((key >> 33) + 1)));
    }
    return (unsigned)shard;
}

// The kept items' new index, else NO_INDEX.
static int *renumber(struct arena *arena, const bool *is_kept, size_t count)
{
    int *numbers = ARENA_NEW_ARRAY(arena, count, int);
    int next = 0;
    for (size_t i = 0; i < count; i++)
        numbers[i] = is_kept[i] ? next++ : NO_INDEX;
    return numbers;
}

static bool *choose_buses(struct arena *arena, const struct site *site,
                          const struct shard *shard)
{
    bool *is_kept = ARENA_NEW_ARRAY(arena, site->bus_count, bool);
    for (size_t i = 0; i < site->bus_count; i++)
        is_kept[i] = shard_of(site->buses[i].name, shard->count) == shard->index;
    return is_kept;
}

static bool *choose_clouds(struct arena *arena, const struct site *site, const bool *buses)
{
    bool *is_kept = ARENA_NEW_ARRAY(arena, site->cloud_count, bool);
    for (size_t i = 0; i < site->device_count; i++) {
        const struct device *device = &site->devices[i];
        if (device->cloud != NO_INDEX && buses[device->bus])
            is_kept[device->cloud] = true;
    }
    return is_kept;
}

static bool has_first_device(const struct site *site, const bool *buses, size_t cloud)
{
    for (size_t i = 0; i < site->device_count; i++) {
        if (site->devices[i].cloud == (int)cloud)
            return buses[site->devices[i].bus];
    }
    return false;
}

static void take_buses(struct arena *arena, const struct site *site, const int *numbers,
                       struct site *part)
{
    struct bus_settings *buses = ARENA_NEW_ARRAY(arena, site->bus_count, struct bus_settings);
    part->bus_count = 0;
    for (size_t i = 0; i < site->bus_count; i++) {
        if (numbers[i] != NO_INDEX)
            buses[part->bus_count++] = site->buses[i];
    }
    part->buses = buses;
}

static void take_clouds(struct arena *arena, const struct site *site, const int *numbers,
                        const bool *buses, struct site *part)
{
    struct cloud_settings *clouds =
        ARENA_NEW_ARRAY(arena, site->cloud_count, struct cloud_settings);
    part->cloud_count = 0;
    for (size_t i = 0; i < site->cloud_count; i++) {
        if (numbers[i] == NO_INDEX)
            continue;
        struct cloud_settings *cloud = &clouds[part->cloud_count++];
        *cloud = site->clouds[i];
        cloud->has_ucm &= has_first_device(site, buses, i);
    }
    part->clouds = clouds;
}

static void take_devices(struct arena *arena, const struct site *site, const int *buses,
                         const int *clouds, struct site *part)
{
    struct device *devices = ARENA_NEW_ARRAY(arena, site->device_count, struct device);
    part->device_count = 0;
    for (size_t i = 0; i < site->device_count; i++) {
        if (buses[site->devices[i].bus] == NO_INDEX)
            continue;
        struct device *device = &devices[part->device_count++];
        *device = site->devices[i];
        device->bus = buses[device->bus];
        if (device->cloud != NO_INDEX)
            device->cloud = clouds[device->cloud];
    }
    part->devices = devices;
}

const struct site *shard_site(struct arena *arena, const struct site *site,
                              const struct shard *shard)
{
    struct site *part = ARENA_NEW(arena, struct site);
    const bool *is_bus_kept = choose_buses(arena, site, shard);
    const bool *is_cloud_kept = choose_clouds(arena, site, is_bus_kept);
    const int *buses = renumber(arena, is_bus_kept, site->bus_count);
    const int *clouds = renumber(arena, is_cloud_kept, site->cloud_count);
    *part = *site;
    take_buses(arena, site, buses, part);
    take_clouds(arena, site, clouds, is_bus_kept, part);
    take_devices(arena, site, buses, clouds, part);
    if (strcmp(site->state_path, SITE_STATE_IN_MEMORY) != 0)
        part->state_path = arena_printf(arena, "%s/shard-%u", site->state_path, shard->index);
    return part;
}
