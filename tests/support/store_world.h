// SPDX-License-Identifier: MIT
// A state folder of a test's own, a store on it, and the events it posts. Include after
// cmocka.h.
#ifndef TESTS_SUPPORT_STORE_WORLD_H
#define TESTS_SUPPORT_STORE_WORLD_H

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mailbox.h"
#include "cloud/store.h"

enum { WORLD_PATIENCE_MS = 60000 };

struct store_world {
    char folder[64];
    struct site site;
    struct mailbox *events;
    struct store *store;
    struct error err;
    char told[1000]; // texts of STORE_CHANGED
    struct store_stats stats;
};

static inline void world_init(struct store_world *world)
{
    *world = (struct store_world){
        .folder = "/tmp/modbridge-store-XXXXXX",
        .events = mailbox_new(sizeof(struct store_event), 0, STORE_EVENT_SLOTS),
    };
    assert_non_null(mkdtemp(world->folder));
    world->site = (struct site){
        .state_path = world->folder,
        .outbox = {.max_bytes = 16000000, .max_age_ms = 86400000LL, .replay = true},
    };
}

static inline void world_path(const struct store_world *world, const char *name, char *ret_path)
{
    (void)snprintf(ret_path, 400, "%s/%s", world->folder, name);
}

static inline void world_done(struct store_world *world)
{
    DIR *folder = opendir(world->folder);
    for (struct dirent *entry = folder ? readdir(folder) : NULL; entry;
         entry = readdir(folder)) {
        char path[400];
        world_path(world, entry->d_name, path);
        (void)unlink(path);
    }
    if (folder)
        (void)closedir(folder);
    (void)rmdir(world->folder);
    mailbox_free(world->events);
}

static inline void world_note_event(struct store_world *world, const struct store_event *event)
{
    world->stats = event->stats;
    if (event->kind == STORE_CHANGED)
        (void)snprintf(world->told + strlen(world->told),
                       sizeof world->told - strlen(world->told), "%s\n", event->changed.text);
}

// Takes events until `ticket` is settled; returns whether it is saved.
static inline bool world_await(struct store_world *world, uint64_t ticket)
{
    struct store_event event;
    for (int turn = 0; turn < WORLD_PATIENCE_MS / 100; turn++) {
        store_pump(world->store);
        while (mailbox_take(world->events, &event)) {
            world_note_event(world, &event);
            if (event.kind == STORE_SETTLED && event.settled.last >= ticket)
                return event.settled.is_saved;
        }
        struct pollfd wake = {.fd = mailbox_descriptor(world->events), .events = POLLIN};
        (void)poll(&wake, 1, 100);
    }
    fail_msg("the store never settled order %llu", (unsigned long long)ticket);
    return false;
}

static inline void world_open(struct store_world *world)
{
    world->store = store_open(&world->site, world->events, &world->err);
    if (!world->store)
        fail_msg("%s", world->err.text);
}

static inline void world_start(struct store_world *world)
{
    world_open(world);
    assert_int_equal(store_start(world->store, &world->err), 0);
}

static inline void world_stop(struct store_world *world)
{
    assert_true(store_stop(world->store, WORLD_PATIENCE_MS));
    world->store = NULL;
    struct store_event event;
    while (mailbox_take(world->events, &event))
        world_note_event(world, &event);
}

// The notes of a kind as "device.key=text device.key=text ".
struct world_notes {
    char text[2000];
    size_t count;
};

static inline void world_take_note(void *context, const struct note *note)
{
    struct world_notes *notes = context;
    size_t used = strlen(notes->text);
    (void)snprintf(notes->text + used, sizeof notes->text - used, "%s.%s=%s ", note->device,
                   note->key, note->text);
    notes->count++;
}

static inline struct world_notes world_notes(struct store_world *world, const char *kind)
{
    struct world_notes notes = {.count = 0};
    store_load_notes(world->store, kind, world_take_note, &notes);
    return notes;
}

#endif
