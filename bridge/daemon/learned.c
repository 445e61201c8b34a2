// SPDX-License-Identifier: MIT
#include "daemon/learned.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"

#define NOTE_KIND "hole"

enum { KEY_SIZE = 40, TEXT_SIZE = 40, ADDRESS_END = 65536, LAST_EXCEPTION = 255 };

static void mix(uint64_t *hash, int64_t number)
{
    *hash = hash_bytes(*hash, &number, sizeof number);
}

uint64_t learned_fingerprint(const struct map *map)
{
    uint64_t hash = HASH_START;
    for (size_t i = 0; i < map->point_count; i++) {
        const struct point *point = &map->points[i];
        if (point->source != SOURCE_WORDS)
            continue;
        mix(&hash, point->table);
        mix(&hash, point->unit_id);
        mix(&hash, point->model);
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

static bool read_number(const char *text, int64_t low, int64_t high, int64_t *ret_number)
{
    return num_parse_int(text, ret_number) && *ret_number >= low && *ret_number <= high;
}

// The text behind the separator, which becomes the end of what is before it; NULL: there is
// none.
static char *cut_at(char *text, char separator)
{
    char *found = strchr(text, separator);
    if (found)
        *found++ = '\0';
    return found;
}

// "holding:100:2". False when it is none of ours, as from a later version.
static bool parse_key(const char *key, struct span *ret_span)
{
    char copy[KEY_SIZE];
    int64_t first = 0;
    int64_t count = 0;
    (void)snprintf(copy, sizeof copy, "%s", key);
    char *address = cut_at(copy, ':');
    char *number = address ? cut_at(address, ':') : NULL;
    if (!number || !read_number(address, 0, ADDRESS_END - 1, &first) ||
        !read_number(number, 1, ADDRESS_END - first, &count))
        return false;
    for (int table = 0; table < TABLE_COUNT; table++) {
        *ret_span =
            (struct span){(enum table)table, (uint16_t)first, (uint16_t)count, SUNSPEC_NONE};
        if (strcmp(copy, table_names[table]) == 0)
            return true;
    }
    return false;
}

static void format_text(const struct map *map, uint8_t exception, char ret_text[TEXT_SIZE])
{
    (void)snprintf(ret_text, TEXT_SIZE, "%016llx %u",
                   (unsigned long long)learned_fingerprint(map), exception);
}

// Whether it was learned with this map, and what the equipment had answered.
static bool parse_text(const char *text, const struct map *map, uint8_t *ret_exception)
{
    char copy[TEXT_SIZE];
    char ours[TEXT_SIZE];
    int64_t exception = 0;
    (void)snprintf(copy, sizeof copy, "%s", text);
    format_text(map, 0, ours);
    (void)cut_at(ours, ' ');
    const char *code = cut_at(copy, ' ');
    if (!code || strcmp(copy, ours) != 0 || !read_number(code, 1, LAST_EXCEPTION, &exception))
        return false;
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
    int device = site_find_device(learned->site, note->device);
    if (device == NO_INDEX || !parse_key(note->key, &range.span) ||
        !parse_text(note->text, learned->site->devices[device].map, &range.exception))
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
    format_text(device->map, range->exception, text);
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
