// SPDX-License-Identifier: MIT
#include "daemon/learned.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"

static const char *const note_kinds[REFUSAL_KIND_COUNT] = {
    [REFUSAL_RANGE] = "hole",
    [REFUSAL_LENGTH] = "length",
    [REFUSAL_BORDER] = "border",
};

enum {
    KEY_SIZE = 40,
    TEXT_SIZE = 40,
    ADDRESS_END = 65536,
    LAST_EXCEPTION = 255,
    LAST_UNIT = 255,
};

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

static void format_key(const struct refusal *refusal, char ret_key[KEY_SIZE])
{
    const struct span *span = &refusal->span;
    char unit[16] = "";
    if (refusal->unit_id != NO_INDEX)
        (void)snprintf(unit, sizeof unit, ":%d", refusal->unit_id);
    (void)snprintf(ret_key, KEY_SIZE, "%s:%u:%u%s", table_names[span->table], span->address,
                   span->count, unit);
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

static bool find_table(const char *name, enum table *ret_table)
{
    for (int table = 0; table < TABLE_COUNT; table++) {
        *ret_table = (enum table)table;
        if (strcmp(name, table_names[table]) == 0)
            return true;
    }
    return false;
}

// "holding:100:2", of an entry's own unit "holding:100:2:5". False when it is none of ours, as
// from a later version.
static bool parse_key(const char *key, struct refusal *ret_refusal)
{
    char copy[KEY_SIZE];
    int64_t first = 0;
    int64_t count = 0;
    int64_t unit_id = NO_INDEX;
    enum table table = TABLE_COIL;
    (void)snprintf(copy, sizeof copy, "%s", key);
    char *address = cut_at(copy, ':');
    char *number = address ? cut_at(address, ':') : NULL;
    char *unit = number ? cut_at(number, ':') : NULL;
    if (!number || !read_number(address, 0, ADDRESS_END - 1, &first) ||
        !read_number(number, 1, ADDRESS_END - first, &count) ||
        (unit && !read_number(unit, 0, LAST_UNIT, &unit_id)) || !find_table(copy, &table))
        return false;
    ret_refusal->unit_id = (int)unit_id;
    ret_refusal->span = (struct span){table, (uint16_t)first, (uint16_t)count, SUNSPEC_NONE};
    return true;
}

static void format_text(const struct map *map, const struct refusal *refusal,
                        char ret_text[TEXT_SIZE])
{
    (void)snprintf(ret_text, TEXT_SIZE, "%016llx %u %u",
                   (unsigned long long)learned_fingerprint(map), refusal->exception,
                   refusal->split);
}

// Whether it was learned with this map; what the equipment had answered, and what it grants.
static bool parse_text(const char *text, const struct map *map, struct refusal *ret_refusal)
{
    char copy[TEXT_SIZE];
    char ours[TEXT_SIZE];
    int64_t exception = 0;
    int64_t split = 0;
    (void)snprintf(copy, sizeof copy, "%s", text);
    format_text(map, ret_refusal, ours);
    (void)cut_at(ours, ' ');
    char *code = cut_at(copy, ' ');
    char *rest = code ? cut_at(code, ' ') : NULL; // notes of earlier versions have none
    const struct span *span = &ret_refusal->span;
    bool is_length = ret_refusal->kind == REFUSAL_LENGTH;
    int64_t low = is_length ? 1 : span->address + 1;
    int64_t high = is_length ? span->count - 1 : span->address + span->count - 1;
    if (!code || strcmp(copy, ours) != 0 || !read_number(code, 1, LAST_EXCEPTION, &exception))
        return false;
    if (ret_refusal->kind != REFUSAL_RANGE && (!rest || !read_number(rest, low, high, &split)))
        return false;
    ret_refusal->exception = (uint8_t)exception;
    ret_refusal->split = (uint16_t)split;
    return true;
}

static bool is_same(const struct learned_refusal *a, const struct learned_refusal *b)
{
    return a->device == b->device && a->refusal.kind == b->refusal.kind &&
           a->refusal.unit_id == b->refusal.unit_id &&
           a->refusal.span.table == b->refusal.span.table &&
           a->refusal.span.address == b->refusal.span.address &&
           a->refusal.span.count == b->refusal.span.count;
}

static size_t place_of(const struct learned *learned, const struct learned_refusal *refusal)
{
    size_t i = 0;
    while (i < learned->count && !is_same(&learned->refusals[i], refusal))
        i++;
    return i;
}

static void add(struct learned *learned, const struct learned_refusal *refusal)
{
    size_t i = place_of(learned, refusal);
    if (i == learned->count) {
        learned->count++;
        learned->refusals =
            mem_resize(learned->refusals, learned->count, sizeof *learned->refusals);
    }
    learned->refusals[i] = *refusal;
}

static void take_note(void *context, const struct note *note)
{
    struct learned *learned = context;
    struct learned_refusal found = {0};
    int device = site_find_device(learned->site, note->device);
    for (int kind = 0; kind < REFUSAL_KIND_COUNT; kind++) {
        if (strcmp(note->kind, note_kinds[kind]) == 0)
            found.refusal.kind = (enum refusal_kind)kind;
    }
    if (device == NO_INDEX || !parse_key(note->key, &found.refusal) ||
        !parse_text(note->text, learned->site->devices[device].map, &found.refusal))
        return;
    found.device = (uint16_t)device;
    add(learned, &found);
}

void learned_init(struct learned *learned, const struct site *site, struct store *store)
{
    *learned = (struct learned){.site = site, .store = store};
    for (int kind = 0; store && kind < REFUSAL_KIND_COUNT; kind++)
        store_load_notes(store, note_kinds[kind], take_note, learned);
}

void learned_reload(struct learned *learned, const struct site *before,
                    const struct changes *changes)
{
    size_t count = 0;
    for (size_t i = 0; i < learned->count; i++) {
        uint16_t device = learned->refusals[i].device;
        enum change change = changes->devices[device];
        bool is_there = change == CHANGE_KEPT || change == CHANGE_RESTARTED ||
                        (change == CHANGE_CHANGED &&
                         learned_fingerprint(before->devices[device].map) ==
                             learned_fingerprint(learned->site->devices[device].map));
        if (is_there)
            learned->refusals[count++] = learned->refusals[i];
    }
    learned->count = count;
}

void learned_done(struct learned *learned)
{
    free(learned->refusals);
    *learned = (struct learned){0};
}

static void keep(const struct learned *learned, const struct learned_refusal *taken)
{
    const struct device *device = &learned->site->devices[taken->device];
    const char *kind = note_kinds[taken->refusal.kind];
    char key[KEY_SIZE];
    char text[TEXT_SIZE];
    if (!learned->store)
        return;
    format_key(&taken->refusal, key);
    format_text(device->map, &taken->refusal, text);
    struct note note = {kind, device->name, key, text};
    if (taken->is_forgotten)
        (void)store_delete_note(learned->store, kind, device->name, key, false);
    else
        (void)store_put_note(learned->store, &note, false);
}

void learned_take(struct learned *learned, const struct learned_refusal *refusal)
{
    size_t i = place_of(learned, refusal);
    if (!refusal->is_forgotten)
        add(learned, refusal);
    else if (i < learned->count)
        learned->refusals[i] = learned->refusals[--learned->count];
    keep(learned, refusal);
}
