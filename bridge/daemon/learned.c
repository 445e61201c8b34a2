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
    FINGERPRINT_SIZE = 17,
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

struct learned_row {
    struct learned_row *next;
    char *device; // name in the site
    char map[FINGERPRINT_SIZE];
    struct refusal refusal;
};

static void format_fingerprint(const struct map *map, char ret_text[FINGERPRINT_SIZE])
{
    (void)snprintf(ret_text, FINGERPRINT_SIZE, "%016llx",
                   (unsigned long long)learned_fingerprint(map));
}

static void format_text(const struct learned_row *row, char ret_text[TEXT_SIZE])
{
    (void)snprintf(ret_text, TEXT_SIZE, "%s %u %u", row->map, row->refusal.exception,
                   row->refusal.split);
}

// The map it was learned with; what the equipment had answered, and what it grants. `ret_row`
// has its kind and span.
static bool parse_text(const char *text, struct learned_row *ret_row)
{
    char copy[TEXT_SIZE];
    int64_t exception = 0;
    int64_t split = 0;
    (void)snprintf(copy, sizeof copy, "%s", text);
    char *code = cut_at(copy, ' ');
    char *rest = code ? cut_at(code, ' ') : NULL; // notes of earlier versions have none
    struct refusal *refusal = &ret_row->refusal;
    const struct span *span = &refusal->span;
    bool is_length = refusal->kind == REFUSAL_LENGTH;
    int64_t low = is_length ? 1 : span->address + 1;
    int64_t high = is_length ? span->count - 1 : span->address + span->count - 1;
    if (!code || strlen(copy) >= FINGERPRINT_SIZE ||
        !read_number(code, 1, LAST_EXCEPTION, &exception))
        return false;
    if (refusal->kind != REFUSAL_RANGE && (!rest || !read_number(rest, low, high, &split)))
        return false;
    (void)snprintf(ret_row->map, sizeof ret_row->map, "%s", copy);
    refusal->exception = (uint8_t)exception;
    refusal->split = (uint16_t)split;
    return true;
}

// The one of the same device, kind and registers, or the end of the list.
static struct learned_row **find(struct learned *learned, const char *device,
                                 const struct refusal *refusal)
{
    struct learned_row **link = &learned->rows;
    for (; *link; link = &(*link)->next) {
        const struct refusal *there = &(*link)->refusal;
        if (strcmp((*link)->device, device) == 0 && there->kind == refusal->kind &&
            there->unit_id == refusal->unit_id && there->span.table == refusal->span.table &&
            there->span.address == refusal->span.address &&
            there->span.count == refusal->span.count)
            break;
    }
    return link;
}

static void add(struct learned *learned, const char *device, const struct learned_row *found)
{
    struct learned_row **link = find(learned, device, &found->refusal);
    if (!*link) {
        *link = mem_new(1, sizeof **link);
        (*link)->device = mem_copy_text(device);
    }
    memcpy((*link)->map, found->map, sizeof found->map);
    (*link)->refusal = found->refusal;
}

static void forget(struct learned_row **link)
{
    struct learned_row *row = *link;
    *link = row->next;
    free(row->device);
    free(row);
}

// Devices that are not in the site may come back.
static void take_note(void *context, const struct note *note)
{
    struct learned_row found = {0};
    for (int kind = 0; kind < REFUSAL_KIND_COUNT; kind++) {
        if (strcmp(note->kind, note_kinds[kind]) == 0)
            found.refusal.kind = (enum refusal_kind)kind;
    }
    if (parse_key(note->key, &found.refusal) && parse_text(note->text, &found))
        add(context, note->device, &found);
}

void learned_init(struct learned *learned, const struct site *site, struct store *store)
{
    *learned = (struct learned){.site = site, .store = store};
    for (int kind = 0; store && kind < REFUSAL_KIND_COUNT; kind++)
        store_load_notes(store, note_kinds[kind], take_note, learned);
}

void learned_done(struct learned *learned)
{
    while (learned->rows)
        forget(&learned->rows);
    *learned = (struct learned){0};
}

// What was learned of a device with the map it has; returns how many. `ret` NULL: only counts.
static size_t collect(const struct learned *learned, size_t device, struct learned_refusal *ret)
{
    const struct device *of = &learned->site->devices[device];
    char map[FINGERPRINT_SIZE];
    size_t count = 0;
    format_fingerprint(of->map, map);
    for (const struct learned_row *row = learned->rows; row; row = row->next) {
        if (strcmp(row->device, of->name) != 0 || strcmp(row->map, map) != 0)
            continue;
        if (ret)
            ret[count] =
                (struct learned_refusal){.device = (uint16_t)device, .refusal = row->refusal};
        count++;
    }
    return count;
}

struct learned_refusal *learned_of_bus(const struct learned *learned, size_t bus,
                                       size_t *ret_count)
{
    const struct site *site = learned->site;
    struct learned_refusal *refusals = NULL;
    size_t count = 0;
    for (size_t i = 0; i < site->device_count; i++) {
        if (site->devices[i].bus != (int)bus)
            continue;
        size_t more = collect(learned, i, NULL);
        refusals = mem_resize(refusals, count + more, sizeof *refusals);
        count += collect(learned, i, refusals + count);
    }
    *ret_count = count;
    return refusals;
}

static void keep(const struct learned *learned, const char *device,
                 const struct learned_row *row, bool is_forgotten)
{
    const char *kind = note_kinds[row->refusal.kind];
    char key[KEY_SIZE];
    char text[TEXT_SIZE];
    if (!learned->store)
        return;
    format_key(&row->refusal, key);
    format_text(row, text);
    struct note note = {kind, device, key, text};
    if (is_forgotten)
        (void)store_delete_note(learned->store, kind, device, key, false);
    else
        (void)store_put_note(learned->store, &note, false);
}

void learned_take(struct learned *learned, const struct learned_refusal *refusal)
{
    const struct device *device = &learned->site->devices[refusal->device];
    struct learned_row row = {.refusal = refusal->refusal};
    format_fingerprint(device->map, row.map);
    if (!refusal->is_forgotten) {
        add(learned, device->name, &row);
    } else {
        struct learned_row **link = find(learned, device->name, &row.refusal);
        if (*link)
            forget(link);
    }
    keep(learned, device->name, &row, refusal->is_forgotten);
}
