// SPDX-License-Identifier: MIT
#include "daemon/wear.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define NOTE_KIND "wear"

struct worn_entry {
    struct worn_entry *next;
    char *device;
    char *entry;
    uint64_t writes;
};

static struct worn_entry *find(const struct wear *wear, const char *device, const char *entry)
{
    struct worn_entry *row = wear->rows;
    while (row && (strcmp(row->device, device) != 0 || strcmp(row->entry, entry) != 0))
        row = row->next;
    return row;
}

static struct worn_entry *find_or_add(struct wear *wear, const char *device, const char *entry)
{
    struct worn_entry *row = find(wear, device, entry);
    if (row)
        return row;
    row = mem_new(1, sizeof *row);
    row->device = mem_copy_text(device);
    row->entry = mem_copy_text(entry);
    row->next = wear->rows;
    wear->rows = row;
    return row;
}

// A device or an entry that is gone may come back.
static void load(void *context, const struct note *note)
{
    int64_t writes = 0;
    if (num_parse_int(note->text, &writes) && writes > 0)
        find_or_add(context, note->device, note->key)->writes = (uint64_t)writes;
}

void wear_init(struct wear *wear, const struct site *site, struct store *store)
{
    *wear = (struct wear){.site = site, .store = store};
    if (store)
        store_load_notes(store, NOTE_KIND, load, wear);
}

void wear_done(struct wear *wear)
{
    while (wear->rows) {
        struct worn_entry *row = wear->rows;
        wear->rows = row->next;
        free(row->device);
        free(row->entry);
        free(row);
    }
    *wear = (struct wear){0};
}

void wear_take(struct wear *wear, const struct wear_note *note)
{
    const struct device *device = &wear->site->devices[note->device];
    const char *entry = device->map->points[note->point].key;
    char text[24];
    uint64_t writes = ++find_or_add(wear, device->name, entry)->writes;
    if (!wear->store)
        return;
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)writes);
    struct note kept = {NOTE_KIND, device->name, entry, text};
    (void)store_put_note(wear->store, &kept, false);
}

uint64_t wear_writes(const struct wear *wear, size_t device, size_t point)
{
    const struct device *of = &wear->site->devices[device];
    const struct worn_entry *row = find(wear, of->name, of->map->points[point].key);
    return row ? row->writes : 0;
}
