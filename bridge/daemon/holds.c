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
    char *device; // name in the site
    char key[KEY_SIZE];
    char *text; // of a note that was left over
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

static void load(void *context, const struct note *note)
{
    struct open_holds *holds = context;
    for (const struct open_hold *row = holds->rows; row; row = row->next) {
        if (strcmp(row->device, note->device) == 0 && strcmp(row->key, note->key) == 0)
            return;
    }
    struct open_hold *row = add(holds, note->device, note->key);
    row->text = mem_copy_text(note->text);
    row->is_begun = true;
    // Counted from the top: commands are counted from the bottom.
    row->serial = UINT64_MAX - holds->left_over++;
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
static bool resume(const struct open_holds *holds, struct bus **buses,
                   const struct open_hold *row)
{
    int index = site_find_device(holds->site, row->device);
    if (index == NO_INDEX) {
        log_line(LOG_LEVEL_WARNING, row->device,
                 "a hold from before the start has not ended, but the site has no such device: "
                 "its end is kept until it has");
        return true;
    }
    const struct device *device = &holds->site->devices[index];
    struct error err = {0};
    struct hold_end *end = hold_note_read(device->map, (uint16_t)index, row->text, &err);
    if (!end) {
        log_line(LOG_LEVEL_WARNING, row->device,
                 "a hold from before the start has not ended, and its end is not written: %s; "
                 "look at what the device holds",
                 err.text);
        return false;
    }
    end->serial = row->serial;
    if (bus_post_hold_end(buses[device->bus], end)) {
        log_line(LOG_LEVEL_NOTICE, row->device,
                 "a hold from before the start has not ended: its end is written when the "
                 "device answers");
        return true;
    }
    hold_end_free(end);
    log_line(LOG_LEVEL_WARNING, row->device,
             "a hold from before the start has not ended; there are too many of them: its end "
             "is left to the next start");
    return true;
}

void open_holds_resume(struct open_holds *holds, struct bus **buses)
{
    struct open_hold **link = &holds->rows;
    while (*link) {
        if (resume(holds, buses, *link))
            link = &(*link)->next;
        else
            drop(holds, link);
    }
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
    if (!holds->store)
        return;
    struct hold_end *end = hold_end_new(request, step);
    char *text = hold_note_text(device->map, end);
    struct note note = {.kind = kind, .device = device->name, .key = key, .text = text};
    expecting->ticket = store_put_note(holds->store, &note, true);
    free(text);
    hold_end_free(end);
}

uint64_t open_holds_expect(struct open_holds *holds, const char *id,
                           const struct job_request *request)
{
    struct expecting expecting = {.holds = holds, .id = id, .request = request};
    hold_each_step(request->command, expect_step, &expecting);
    return expecting.ticket;
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
