// SPDX-License-Identifier: MIT
#include "daemon/changes.h"

#include <assert.h>
#include <string.h>

// Buses, connections and devices are structs whose first member is their name.
static_assert(offsetof(struct bus_settings, name) == 0, "the name is first");
static_assert(offsetof(struct cloud_settings, name) == 0, "the name is first");
static_assert(offsetof(struct device, name) == 0, "the name is first");

static const char *name_at(const void *items, size_t size, size_t i)
{
    const char *const *item = (const void *)((const char *)items + i * size);
    return *item;
}

static int find_name(const void *items, size_t count, size_t size, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name_at(items, size, i), name) == 0)
            return (int)i;
    }
    return NO_INDEX;
}

// Places
// --------------------------------------------------------------------------------------

// Where the items of one kind go: those of a name that runs where it is, the others into places
// where nothing runs now, then behind the last.
struct places {
    size_t next_count;
    int *of_next; // the place of each item of the new site
    size_t count;
};

// The items of one kind of both sites, as find_name knows them.
struct kind {
    const void *now;
    size_t now_count;
    const void *next;
    size_t next_count;
    size_t size;
    bool reuses; // places that were left
};

static struct places find_places(struct arena *arena, const struct kind *kind)
{
    struct places places = {
        .next_count = kind->next_count,
        .of_next = ARENA_NEW_ARRAY(arena, kind->next_count, int),
        .count = kind->now_count,
    };
    size_t free = kind->reuses ? 0 : kind->now_count;
    for (size_t i = 0; i < kind->next_count; i++) {
        const char *name = name_at(kind->next, kind->size, i);
        places.of_next[i] = find_name(kind->now, kind->now_count, kind->size, name);
        if (places.of_next[i] != NO_INDEX)
            continue;
        while (free < kind->now_count && name_at(kind->now, kind->size, free)[0])
            free++;
        places.of_next[i] = (int)free++;
        if (free > places.count)
            places.count = free;
    }
    return places;
}

static struct places places_of_buses(struct arena *arena, const struct site *now,
                                     const struct site *next)
{
    struct kind kind = {now->buses,      now->bus_count,      next->buses,
                        next->bus_count, sizeof *next->buses, true};
    return find_places(arena, &kind);
}

// Messages that wait in the outbox are named by the place of their connection.
static struct places places_of_clouds(struct arena *arena, const struct site *now,
                                      const struct site *next)
{
    struct kind kind = {now->clouds,       now->cloud_count,     next->clouds,
                        next->cloud_count, sizeof *next->clouds, false};
    return find_places(arena, &kind);
}

static struct places places_of_devices(struct arena *arena, const struct site *now,
                                       const struct site *next)
{
    struct kind kind = {now->devices,       now->device_count,     next->devices,
                        next->device_count, sizeof *next->devices, true};
    return find_places(arena, &kind);
}

// The new site
// ------------------------------------------------------------------------------

static void arrange_buses(struct arena *arena, const struct site *next,
                          const struct places *places, struct site *site)
{
    struct bus_settings *buses = ARENA_NEW_ARRAY(arena, places->count, struct bus_settings);
    for (size_t i = 0; i < places->count; i++)
        buses[i].name = "";
    for (size_t i = 0; i < places->next_count; i++)
        buses[places->of_next[i]] = next->buses[i];
    site->buses = buses;
    site->bus_count = places->count;
}

static void arrange_clouds(struct arena *arena, const struct site *next,
                           const struct places *places, struct site *site)
{
    struct cloud_settings *clouds =
        ARENA_NEW_ARRAY(arena, places->count, struct cloud_settings);
    for (size_t i = 0; i < places->count; i++)
        clouds[i].name = "";
    for (size_t i = 0; i < places->next_count; i++)
        clouds[places->of_next[i]] = next->clouds[i];
    site->clouds = clouds;
    site->cloud_count = places->count;
}

static struct device *arrange_devices(struct arena *arena, const struct site *next,
                                      const struct places *buses, const struct places *clouds,
                                      const struct places *places)
{
    static const struct map nothing = {.name = "", .path = ""};
    struct device *devices = ARENA_NEW_ARRAY(arena, places->count, struct device);
    for (size_t i = 0; i < places->count; i++)
        devices[i] =
            (struct device){.name = "", .map = &nothing, .bus = NO_INDEX, .cloud = NO_INDEX};
    for (size_t i = 0; i < places->next_count; i++) {
        struct device *device = &devices[places->of_next[i]];
        *device = next->devices[i];
        device->bus = buses->of_next[device->bus];
        if (device->cloud != NO_INDEX)
            device->cloud = clouds->of_next[device->cloud];
    }
    return devices;
}

// What changes
// ------------------------------------------------------------------------------

// What is in a place: whether it is the same is settled by its name and its digest.
struct occupant {
    const char *name;
    uint64_t digest;
};

static enum change compare(struct occupant now, struct occupant next)
{
    if (!next.name[0])
        return now.name[0] ? CHANGE_REMOVED : CHANGE_EMPTY;
    if (strcmp(now.name, next.name) != 0)
        return CHANGE_ADDED;
    return now.digest == next.digest ? CHANGE_KEPT : CHANGE_CHANGED;
}

static struct occupant bus_at(const struct site *site, size_t place)
{
    const struct bus_settings *bus = place < site->bus_count ? &site->buses[place] : NULL;
    return bus ? (struct occupant){bus->name, bus->digest} : (struct occupant){"", 0};
}

static struct occupant cloud_at(const struct site *site, size_t place)
{
    const struct cloud_settings *cloud =
        place < site->cloud_count ? &site->clouds[place] : NULL;
    return cloud ? (struct occupant){cloud->name, cloud->digest} : (struct occupant){"", 0};
}

static struct occupant device_at(const struct site *site, size_t place)
{
    const struct device *device = place < site->device_count ? &site->devices[place] : NULL;
    return device ? (struct occupant){device->name, device->digest} : (struct occupant){"", 0};
}

static int bus_of(const struct site *site, size_t device)
{
    return device < site->device_count ? site->devices[device].bus : NO_INDEX;
}

// A bus whose devices are not all the same starts anew: they share its thread and its time.
static void settle_buses(const struct site *now, const struct changes *changes)
{
    const struct site *site = changes->site;
    for (size_t i = 0; i < site->device_count; i++) {
        int before = bus_of(now, i);
        int after = site->devices[i].bus;
        if (changes->devices[i] == CHANGE_KEPT && before == after)
            continue;
        if (before != NO_INDEX && changes->buses[before] == CHANGE_KEPT)
            changes->buses[before] = CHANGE_CHANGED;
        if (after != NO_INDEX && changes->buses[after] == CHANGE_KEPT)
            changes->buses[after] = CHANGE_CHANGED;
    }
}

// What is kept stays the running site's: what its bus has in its hands are pointers into it.
static void settle_devices(const struct site *now, const struct changes *changes,
                           struct device *devices)
{
    for (size_t i = 0; i < changes->site->device_count; i++) {
        if (changes->devices[i] != CHANGE_KEPT)
            continue;
        assert(i < now->device_count); // what is kept was there
        if (changes->buses[devices[i].bus] == CHANGE_KEPT)
            devices[i] = now->devices[i];
        else
            changes->devices[i] = CHANGE_RESTARTED;
    }
}

static void compare_all(struct arena *arena, const struct site *now, struct changes *changes)
{
    const struct site *site = changes->site;
    changes->buses = ARENA_NEW_ARRAY(arena, site->bus_count, enum change);
    changes->clouds = ARENA_NEW_ARRAY(arena, site->cloud_count, enum change);
    changes->devices = ARENA_NEW_ARRAY(arena, site->device_count, enum change);
    for (size_t i = 0; i < site->bus_count; i++)
        changes->buses[i] = compare(bus_at(now, i), bus_at(site, i));
    for (size_t i = 0; i < site->cloud_count; i++)
        changes->clouds[i] = compare(cloud_at(now, i), cloud_at(site, i));
    for (size_t i = 0; i < site->device_count; i++)
        changes->devices[i] = compare(device_at(now, i), device_at(site, i));
}

static bool is_same_outbox(const struct outbox_settings *a, const struct outbox_settings *b)
{
    return a->max_bytes == b->max_bytes && a->max_age_ms == b->max_age_ms &&
           a->write == b->write && a->replay == b->replay;
}

// Takes over what cannot change while the program runs.
static void keep_settings(struct arena *arena, const struct site *now, struct changes *changes)
{
    struct site *site = changes->site;
    changes->is_state_moved = strcmp(now->state_path, site->state_path) != 0;
    changes->is_outbox_changed = !is_same_outbox(&now->outbox, &site->outbox);
    changes->is_publish_changed = now->publish_interval_ms != site->publish_interval_ms ||
                                  now->publish_keys != site->publish_keys;
    site->state_path = arena_text(arena, now->state_path);
    site->outbox = now->outbox;
}

void changes_find(struct arena *arena, const struct site *now, const struct site *next,
                  struct changes *ret_changes)
{
    static const struct site none = {0};
    const struct site *before = now ? now : &none;
    struct places buses = places_of_buses(arena, before, next);
    struct places clouds = places_of_clouds(arena, before, next);
    struct places places = places_of_devices(arena, before, next);
    struct site *site = ARENA_NEW(arena, struct site);
    *site = *next;
    arrange_buses(arena, next, &buses, site);
    arrange_clouds(arena, next, &clouds, site);
    struct device *devices = arrange_devices(arena, next, &buses, &clouds, &places);
    site->devices = devices;
    site->device_count = places.count;
    *ret_changes = (struct changes){.site = site};
    compare_all(arena, before, ret_changes);
    settle_buses(before, ret_changes);
    settle_devices(before, ret_changes, devices);
    if (now)
        keep_settings(arena, now, ret_changes);
}

static bool any(const enum change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (changes[i] != CHANGE_KEPT && changes[i] != CHANGE_EMPTY)
            return true;
    }
    return false;
}

bool changes_any(const struct changes *changes)
{
    const struct site *site = changes->site;
    return changes->is_publish_changed || any(changes->buses, site->bus_count) ||
           any(changes->clouds, site->cloud_count) || any(changes->devices, site->device_count);
}

bool change_stops(enum change change)
{
    return change == CHANGE_CHANGED || change == CHANGE_RESTARTED || change == CHANGE_REMOVED;
}

bool change_begins(enum change change)
{
    return change == CHANGE_CHANGED || change == CHANGE_RESTARTED || change == CHANGE_ADDED;
}
