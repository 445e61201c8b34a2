// SPDX-License-Identifier: MIT
#include "disk/disk_history.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "disk/disk.h"
#include "support/random.h"

enum {
    SECTOR_BYTES = 512, // what a disk writes wholly or not at all
    NAME_SIZE = 64,
    MAX_INCARNATIONS = 64,
    MAX_BYTES = 3 << 20, // of a file
};

enum event_kind { EVENT_CREATE, EVENT_WRITE, EVENT_TRUNCATE, EVENT_SYNC, EVENT_DELETE };

struct event {
    enum event_kind kind;
    int incarnation;
    bool is_certain; // a deletion that is on the disk at once
    int64_t offset;  // of a write; the size of a truncation
    size_t length;
    unsigned char *bytes;
};

struct incarnation {
    char name[NAME_SIZE];
    bool is_deleted;
    bool was_there; // when the history began
    unsigned char *base;
    size_t base_length;
};

static char watched[256]; // the folder
static struct event *events;
static size_t event_count;
static size_t event_room;
static struct incarnation incarnations[MAX_INCARNATIONS];
static int incarnation_count;

// Writing down
// -----------------------------------------------------------------------------------

static void add(struct event event)
{
    if (event.incarnation == NO_INCARNATION)
        return;
    if (event_count == event_room) {
        event_room = event_room ? 2 * event_room : 1024;
        events = mem_resize(events, event_room, sizeof *events);
    }
    events[event_count++] = event;
}

static const char *last_component(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_watched(const char *path)
{
    size_t length = strlen(watched);
    return strncmp(path, watched, length) == 0 && path[length] == '/';
}

static int find(const char *path)
{
    for (int i = incarnation_count - 1; i >= 0; i--) {
        if (strcmp(incarnations[i].name, last_component(path)) == 0)
            return incarnations[i].is_deleted ? NO_INCARNATION : i;
    }
    return NO_INCARNATION;
}

static int incarnate(const char *path)
{
    if (incarnation_count == MAX_INCARNATIONS)
        abort();
    struct incarnation *new = &incarnations[incarnation_count];
    *new = (struct incarnation){.was_there = false};
    (void)snprintf(new->name, NAME_SIZE, "%s", last_component(path));
    return incarnation_count++;
}

int disk_note_open(const char *path)
{
    if (!is_watched(path))
        return NO_INCARNATION;
    int found = find(path);
    if (found != NO_INCARNATION)
        return found;
    found = incarnate(path);
    add((struct event){.kind = EVENT_CREATE, .incarnation = found});
    return found;
}

void disk_note_write(int incarnation, const void *bytes, size_t length, int64_t offset)
{
    if (incarnation == NO_INCARNATION)
        return;
    unsigned char *copy = mem_new(length, 1);
    memcpy(copy, bytes, length);
    add((struct event){.kind = EVENT_WRITE,
                       .incarnation = incarnation,
                       .offset = offset,
                       .length = length,
                       .bytes = copy});
}

void disk_note_truncate(int incarnation, int64_t size)
{
    add((struct event){.kind = EVENT_TRUNCATE, .incarnation = incarnation, .offset = size});
}

void disk_note_sync(int incarnation)
{
    add((struct event){.kind = EVENT_SYNC, .incarnation = incarnation});
}

void disk_note_delete(const char *path, bool is_folder_synced)
{
    int found = is_watched(path) ? find(path) : NO_INCARNATION;
    if (found == NO_INCARNATION)
        return;
    incarnations[found].is_deleted = true;
    add((struct event){
        .kind = EVENT_DELETE, .incarnation = found, .is_certain = is_folder_synced});
}

static void forget_all(void)
{
    for (size_t i = 0; i < event_count; i++)
        free(events[i].bytes);
    for (int i = 0; i < incarnation_count; i++)
        free(incarnations[i].base);
    event_count = 0;
    incarnation_count = 0;
}

static void take_file(const char *folder, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (!file)
        abort();
    struct incarnation *there = &incarnations[incarnate(name)];
    there->was_there = true;
    there->base = mem_new(MAX_BYTES, 1);
    there->base_length = fread(there->base, 1, MAX_BYTES, file);
    there->base = mem_resize(there->base, there->base_length, 1);
    (void)fclose(file);
}

void disk_begin(const char *folder)
{
    forget_all();
    (void)snprintf(watched, sizeof watched, "%s", folder);
    DIR *entries = opendir(folder);
    for (struct dirent *entry = entries ? readdir(entries) : NULL; entry;
         entry = readdir(entries)) {
        if (strncmp(entry->d_name, "modbridge.db", 12) == 0)
            take_file(folder, entry->d_name);
    }
    if (entries)
        (void)closedir(entries);
}

size_t disk_now(void)
{
    return event_count;
}

// Cutting
// ----------------------------------------------------------------------------------------

// One file after a cut: what was synced, and then of each sector as much as its fate lets
// through.
struct remains {
    unsigned char *bytes;
    int64_t size;
    int64_t next_size; // with all that is under way
    enum disk_fate fate;
    uint64_t salt;
    size_t pending; // of the writes and truncations under way
    size_t torn;    // DISK_IN_ORDER: the last one that arrives, in part
    size_t torn_sectors;
};

static uint64_t mixed(uint64_t salt, uint64_t number)
{
    uint64_t state = salt ^ ((number + 1) * 0x9E3779B97F4A7C15ULL);
    (void)random_next(&state);
    return random_next(&state);
}

// Whether what was the `index`th since the sync has arrived in a sector; SIZE_MAX is the size.
static bool arrives(const struct remains *file, size_t index, size_t sector, size_t nth_sector)
{
    switch (file->fate) {
    case DISK_ALL:
        return true;
    case DISK_NOTHING:
    case DISK_FATE_COUNT:
        return false;
    case DISK_IN_ORDER:
        return index < file->torn || (index == file->torn && nth_sector < file->torn_sectors);
    case DISK_SCATTERED:
    case DISK_GARBLED:
        break;
    }
    return index < mixed(file->salt, sector) % (file->pending + 1);
}

static void write_sector(const struct remains *file, const struct event *event, int64_t from,
                         int64_t to, size_t index)
{
    size_t at = (size_t)(from - event->offset);
    memcpy(file->bytes + from, event->bytes + at, (size_t)(to - from));
    uint64_t state = mixed(file->salt + index, (uint64_t)from) | 1;
    if (file->fate == DISK_GARBLED && random_below(&state, 8) == 0)
        random_bytes(&state, file->bytes + from, (size_t)(to - from));
}

static void apply_pending(struct remains *file, const struct event *event, size_t index)
{
    int64_t size = event->offset;
    if (event->kind == EVENT_WRITE) {
        int64_t end = event->offset + (int64_t)event->length;
        size = end > file->next_size ? end : file->next_size;
        int64_t from = event->offset;
        for (size_t nth = 0; from < end; nth++) {
            int64_t to = (from / SECTOR_BYTES + 1) * SECTOR_BYTES;
            to = to < end ? to : end;
            if (arrives(file, index, (size_t)(from / SECTOR_BYTES), nth))
                write_sector(file, event, from, to, index);
            from = to;
        }
    }
    file->next_size = size;
    if (!arrives(file, index, SIZE_MAX, 0))
        return;
    if (size < file->size)
        memset(file->bytes + size, 0, (size_t)(file->size - size));
    file->size = size;
}

static void apply_synced(struct remains *file, const struct event *event)
{
    if (event->kind == EVENT_WRITE) {
        int64_t end = event->offset + (int64_t)event->length;
        memcpy(file->bytes + event->offset, event->bytes, event->length);
        file->size = end > file->size ? end : file->size;
    } else {
        if (event->offset < file->size)
            memset(file->bytes + event->offset, 0, (size_t)(file->size - event->offset));
        file->size = event->offset;
    }
}

static bool is_change(const struct event *event, int incarnation)
{
    return event->incarnation == incarnation &&
           (event->kind == EVENT_WRITE || event->kind == EVENT_TRUNCATE);
}

// Where the last sync of a file before a cut is; 0: there is none.
static size_t end_of_synced(int incarnation, size_t at)
{
    while (at > 0 &&
           (events[at - 1].incarnation != incarnation || events[at - 1].kind != EVENT_SYNC))
        at--;
    return at;
}

static void write_out(const struct remains *file, const char *folder, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "we");
    if (!out || fwrite(file->bytes, 1, (size_t)file->size, out) != (size_t)file->size ||
        fclose(out) != 0)
        abort();
}

static void cut_file(int incarnation, size_t at, enum disk_fate fate, uint64_t *random,
                     const char *to)
{
    static unsigned char bytes[MAX_BYTES];
    const struct incarnation *cut = &incarnations[incarnation];
    struct remains file = {.bytes = bytes, .fate = fate, .salt = random_next(random)};
    file.size = (int64_t)cut->base_length;
    memset(bytes, 0, sizeof bytes);
    if (cut->base_length)
        memcpy(bytes, cut->base, cut->base_length);
    size_t synced = end_of_synced(incarnation, at);
    for (size_t i = 0; i < synced; i++) {
        if (is_change(&events[i], incarnation))
            apply_synced(&file, &events[i]);
    }
    for (size_t i = synced; i < at; i++)
        file.pending += is_change(&events[i], incarnation);
    file.torn = random_below(random, (uint32_t)file.pending + 1);
    file.torn_sectors = random_below(random, 9);
    file.next_size = file.size;
    size_t index = 0;
    for (size_t i = synced; i < at; i++) {
        if (is_change(&events[i], incarnation))
            apply_pending(&file, &events[i], index++);
    }
    write_out(&file, to, cut->name);
}

// Whether SQLite syncs the folder behind an event: behind the first sync of a new log or
// journal, and behind some deletions. Source: os_unix.c of SQLite, UNIXFILE_DIRSYNC.
static bool syncs_folder(size_t index)
{
    const struct event *event = &events[index];
    if (event->kind == EVENT_DELETE)
        return event->is_certain;
    const struct incarnation *synced = &incarnations[event->incarnation];
    return event->kind == EVENT_SYNC && !synced->was_there && strchr(synced->name, '-') &&
           end_of_synced(event->incarnation, index) == 0;
}

// Which incarnation a name stands for after a cut: the folder is as of any instant since it was
// synced.
static int find_survivor(const char *name, size_t at, size_t folder_synced, uint64_t *random)
{
    int survivor = NO_INCARNATION;
    for (int i = 0; i < incarnation_count; i++) {
        if (incarnations[i].was_there && strcmp(incarnations[i].name, name) == 0)
            survivor = i;
    }
    for (size_t i = 0; i < at; i++) {
        const struct event *event = &events[i];
        if (strcmp(incarnations[event->incarnation].name, name) != 0 ||
            (i >= folder_synced && random_below(random, 2)))
            continue;
        if (event->kind == EVENT_CREATE)
            survivor = event->incarnation;
        else if (event->kind == EVENT_DELETE && survivor == event->incarnation)
            survivor = NO_INCARNATION;
    }
    return survivor;
}

void disk_cut(size_t at, enum disk_fate fate, uint64_t *random, const char *to)
{
    size_t folder_synced = at;
    while (folder_synced > 0 && !syncs_folder(folder_synced - 1))
        folder_synced--;
    for (int i = 0; i < incarnation_count; i++) {
        bool is_first = true;
        for (int before = 0; before < i; before++)
            is_first &= strcmp(incarnations[before].name, incarnations[i].name) != 0;
        if (!is_first)
            continue;
        int survivor = find_survivor(incarnations[i].name, at, folder_synced, random);
        if (survivor != NO_INCARNATION)
            cut_file(survivor, at, fate, random, to);
    }
}
