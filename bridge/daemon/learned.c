// SPDX-License-Identifier: MIT
#include "daemon/learned.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define NOTE_KIND "hole"

enum { KEY_SIZE = 40, TEXT_SIZE = 40, ADDRESS_END = 65536, LAST_EXCEPTION = 255 };

// FNV-1a over the numbers that say what is asked where.
static void mix(uint64_t *hash, int64_t number)
{
    for (unsigned shift = 0; shift < 64; shift += 8) {
        *hash ^= (uint64_t)number >> shift & 0xff;
        *hash *= 0x100000001b3ULL;
    }
}

uint64_t learned_fingerprint(const struct map *map)
{
    uint64_t hash = 0xcbf29ce484222325ULL;
    for (size_t i = 0; i < map->point_count; i++) {
        const struct point *point = &map->points[i];
        if (point->source != SOURCE_WORDS)
            continue;
        mix(&hash, point->table);
        mix(&hash, point->unit_id);
        mix(&hash, point->address);
        mix(&hash, point->word_count);
        for (size_t k = 0; k < point->part_count; k++)
            mix(&hash, point->parts[k]);
    }
    return hash;
}

static void format_key(const struct span *span, char ret_key[KEY_SIZE])
{
    (void)snprintf(ret_key, KEY_SIZE, "%s:%u:%u", table_names[span->table], span->address,
                   span->count);
}

// False when a key or text is none of ours, as from a later version.
static bool parse_key(const char *key, struct span *ret_span)
{
    for (int table = 0; table < TABLE_COUNT; table++) {
        size_t length = strlen(table_names[table]);
        unsigned address = 0;
        unsigned count = 0;
        int used = 0;
        if (strncmp(key, table_names[table], length) != 0 ||
            sscanf(key + length, ":%5u:%5u%n", &address, &count, &used) != 2 ||
            key[length + (size_t)used] != '\0')
            continue;
        if (count == 0 || address + count > ADDRESS_END)
            return false;
        *ret_span = (struct span){(enum table)table, (uint16_t)address, (uint16_t)count};
        return true;
    }
    return false;
}

static bool parse_text(const char *text, uint64_t *ret_fingerprint, uint8_t *ret_exception)
{
    unsigned long long fingerprint = 0;
    unsigned exception = 0;
    if (sscanf(text, "%16llx %3u", &fingerprint, &exception) != 2 || exception == 0 ||
        exception > LAST_EXCEPTION)
        return false;
    *ret_fingerprint = fingerprint;
    *ret_exception = (uint8_t)exception;
    return true;
}

static size_t place_of(const struct learned *learned, const struct learned_range *range)
{
    size_t i = 0;
    for (; i < learned->count; i++) {
        const struct learned_range *known = &learned->ranges[i];
        if (known->device == range->device && known->span.table == range->span.table &&
            known->span.address == range->span.address &&
            known->span.count == range->span.count)
            break;
    }
    return i;
}

static void add(struct learned *learned, const struct learned_range *range)
{
    size_t i = place_of(learned, range);
    if (i == learned->count) {
        learned->count++;
        learned->ranges = mem_resize(learned->ranges, learned->count, sizeof *learned->ranges);
    }
    learned->ranges[i] = *range;
}

static void take_note(void *context, const struct note *note)
{
    struct learned *learned = context;
    struct learned_range range = {0};
    uint64_t fingerprint = 0;
    int device = site_find_device(learned->site, note->device);
    if (device == NO_INDEX || !parse_key(note->key, &range.span) ||
        !parse_text(note->text, &fingerprint, &range.exception) ||
        fingerprint != learned_fingerprint(learned->site->devices[device].map))
        return;
    range.device = (uint16_t)device;
    add(learned, &range);
}

void learned_init(struct learned *learned, const struct site *site, struct store *store)
{
    *learned = (struct learned){.site = site, .store = store};
    if (store)
        store_load_notes(store, NOTE_KIND, take_note, learned);
}

void learned_done(struct learned *learned)
{
    free(learned->ranges);
    *learned = (struct learned){0};
}

static void keep(const struct learned *learned, const struct learned_range *range)
{
    const struct device *device = &learned->site->devices[range->device];
    char key[KEY_SIZE];
    char text[TEXT_SIZE];
    if (!learned->store)
        return;
    format_key(&range->span, key);
    (void)snprintf(text, sizeof text, "%016llx %u",
                   (unsigned long long)learned_fingerprint(device->map), range->exception);
    struct note note = {NOTE_KIND, device->name, key, text};
    if (range->is_forgotten)
        (void)store_delete_note(learned->store, NOTE_KIND, device->name, key, false);
    else
        (void)store_put_note(learned->store, &note, false);
}

void learned_take(struct learned *learned, const struct learned_range *range)
{
    size_t i = place_of(learned, range);
    if (!range->is_forgotten)
        add(learned, range);
    else if (i < learned->count)
        learned->ranges[i] = learned->ranges[--learned->count];
    keep(learned, range);
}
