// SPDX-License-Identifier: MIT
#include "daemon/holds.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "bus/hold_end.h"
#include "cloud/command.h"
#include "daemon/hold_note.h"

enum { KEY_SIZE = COMMAND_ID_SIZE + 16 };

static const char kind[] = "hold";

struct open_hold {
    struct open_hold *next;
    uint64_t serial;
    const struct step *step; // NULL: left over
    bool is_begun;
    bool is_handed;    // left over, and a bus has its end
    bool is_away;      // left over, and it was said that the site has no such device
    const char *since; // left over: before what it began
    char *device;      // name in the site
    char key[KEY_SIZE];
    char *text; // of its note
};

static struct open_hold *add(struct open_holds *holds, const char *device, const char *key)
{
    struct open_hold *row = mem_new(1, sizeof *row);
    row->device = mem_copy_text(device);
    (void)snprintf(row->key, sizeof row->key, "%s", key);
    struct open_hold **link = &holds->rows;
    while (*link) // behind the others: what was left is ended in its order
        link = &(*link)->next;
    *link = row;
    return row;
}

static void forget(struct open_hold **link)
{
    struct open_hold *row = *link;
    *link = row->next;
    free(row->device);
    free(row->text);
    free(row);
}

// Forgets the row and its note.
static void drop(struct open_holds *holds, struct open_hold **link)
{
    if (holds->store)
        (void)store_delete_note(holds->store, kind, (*link)->device, (*link)->key, true);
    forget(link);
}

// Nobody keeps it any more; its end is still to be written.
static void leave_over(struct open_holds *holds, struct open_hold *row, const char *since)
{
    row->step = NULL;
    row->is_begun = true;
    row->is_handed = false;
    row->since = since;
    // Counted from the top: commands are counted from the bottom.
    row->serial = UINT64_MAX - holds->left_over++;
}

static void load(void *context, const struct note *note)
{
    struct open_holds *holds = context;
    for (const struct open_hold *row = holds->rows; row; row = row->next) {
        if (strcmp(row->device, note->device) == 0 && strcmp(row->key, note->key) == 0)
            return;
    }
    struct open_hold *row = add(holds, note->device, note->key);
    row->text = mem_copy_text(note->text);
    leave_over(holds, row, "the start");
}

void open_holds_init(struct open_holds *holds, const struct site *site, struct store *store)
{
    *holds = (struct open_holds){.site = site, .store = store};
    if (store)
        store_load_notes(store, kind, load, holds);
}

void open_holds_done(struct open_holds *holds)
{
    while (holds->rows)
        forget(&holds->rows);
}

// Hands one end to its bus. False when it can never be written: then it is to be forgotten.
static bool resume(const struct open_holds *holds, struct bus **buses, struct open_hold *row)
{
    int index = site_find_device(holds->site, row->device);
    bool is_news = !row->is_away;
    row->is_away = index == NO_INDEX;
    if (row->is_away) {
        if (is_news)
            log_line(LOG_LEVEL_WARNING, row->device,
                     "a hold from before %s has not ended, but the site has no such device: "
                     "its end is kept until it has",
                     row->since);
        return true;
    }
    const struct device *device = &holds->site->devices[index];
    struct error err = {0};
    struct hold_end *end = hold_note_read(device->map, (uint16_t)index, row->text, &err);
    if (!end) {
        log_line(LOG_LEVEL_WARNING, row->device,
                 "a hold from before %s has not ended, and its end is not written: %s; "
                 "look at what the device holds",
                 row->since, err.text);
        return false;
    }
    end->serial = row->serial;
    row->is_handed = buses[device->bus] && bus_post_hold_end(buses[device->bus], end);
    if (row->is_handed) {
        log_line(LOG_LEVEL_NOTICE, row->device,
                 "a hold from before %s has not ended: its end is written when the "
                 "device answers",
                 row->since);
        return true;
    }
    hold_end_free(end);
    log_line(LOG_LEVEL_WARNING, row->device,
             "a hold from before %s has not ended; there are too many of them: its end "
             "is left to the next start",
             row->since);
    return true;
}

void open_holds_resume(struct open_holds *holds, struct bus **buses)
{
    struct open_hold **link = &holds->rows;
    while (*link) {
        struct open_hold *row = *link;
        if (row->step || row->is_handed || resume(holds, buses, row))
            link = &row->next;
        else
            drop(holds, link);
    }
}

void open_holds_reload(struct open_holds *holds, const struct changes *changes)
{
    struct open_hold **link = &holds->rows;
    while (*link) {
        struct open_hold *row = *link;
        int device = site_find_device(holds->site, row->device);
        if (device != NO_INDEX && changes->devices[device] == CHANGE_KEPT) {
            link = &row->next;
            continue;
        }
        if (!row->is_begun) {
            drop(holds, link);
            continue;
        }
        leave_over(holds, row, row->step ? "the reload" : row->since);
        link = &row->next;
    }
}

static uint64_t keep_note(const struct open_holds *holds, const struct open_hold *row)
{
    struct note note = {
        .kind = kind, .device = row->device, .key = row->key, .text = row->text};
    return holds->store ? store_put_note(holds->store, &note, true) : 0;
}

struct expecting {
    struct open_holds *holds;
    const char *id;
    const struct job_request *request;
    unsigned count;
    uint64_t ticket;
};

static void expect_step(void *context, const struct step *step)
{
    struct expecting *expecting = context;
    struct open_holds *holds = expecting->holds;
    const struct job_request *request = expecting->request;
    const struct device *device = &holds->site->devices[request->device];
    char key[KEY_SIZE];
    (void)snprintf(key, sizeof key, "%s/%u", expecting->id, ++expecting->count);
    struct open_hold *row = add(holds, device->name, key);
    row->serial = request->serial;
    row->step = step;
    struct hold_end *end = hold_end_new(request, step);
    row->text = hold_note_text(device->map, end);
    hold_end_free(end);
    expecting->ticket = keep_note(holds, row);
}

uint64_t open_holds_expect(struct open_holds *holds, const char *id,
                           const struct job_request *request)
{
    struct expecting expecting = {.holds = holds, .id = id, .request = request};
    hold_each_step(request->command, expect_step, &expecting);
    return expecting.ticket;
}

// What a newer command wrote is not to be written over after a crash.
static void narrow(const struct open_holds *holds, struct open_hold *row,
                   const struct hold_change *change)
{
    const struct map *map = holds->site->devices[change->device].map;
    char *text = hold_note_narrow(map, row->text, change->points, change->count);
    if (!text)
        return;
    free(row->text);
    row->text = text;
    (void)keep_note(holds, row);
}

void open_holds_take(struct open_holds *holds, const struct hold_change *change)
{
    struct open_hold **link = &holds->rows;
    while (*link && ((*link)->serial != change->serial || (*link)->step != change->step))
        link = &(*link)->next;
    if (!*link)
        return;
    if (change->event == HOLD_BEGUN)
        (*link)->is_begun = true;
    else if (change->event == HOLD_NARROWED)
        narrow(holds, *link, change);
    else if (change->event == HOLD_OVER || change->event == HOLD_REPLACED ||
             change->event == HOLD_GIVEN_UP)
        drop(holds, link);
}

void open_holds_settle(struct open_holds *holds, uint64_t serial)
{
    struct open_hold **link = &holds->rows;
    while (*link) {
        if ((*link)->serial == serial && !(*link)->is_begun)
            drop(holds, link);
        else
            link = &(*link)->next;
    }
}

void open_holds_leave(const struct open_holds *holds)
{
    for (const struct open_hold *row = holds->rows; row; row = row->next) {
        if (row->is_begun)
            log_line(LOG_LEVEL_WARNING, row->device,
                     "the end of a hold could not be written: it is %s",
                     holds->store ? "written at the next start" : "not written");
    }
}
