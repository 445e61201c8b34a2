// SPDX-License-Identifier: MIT
// Commands while the site is exchanged: those that run on what changes end first, those that
// wait are understood anew.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/requests_state.h"
#include "registers/setter.h"

static const char gone[] = "the device was taken out of the site; nothing was written";

bool requests_is_held(const struct requests *requests, uint16_t device)
{
    return requests->is_held && requests->is_held[device];
}

void requests_suspend(struct requests *requests, const struct changes *changes)
{
    const struct site *site = changes->site; // it has at least as many places
    requests->is_held = mem_new(site->device_count, sizeof *requests->is_held);
    for (size_t i = 0; i < site->device_count; i++)
        requests->is_held[i] = change_stops(changes->devices[i]);
}

static bool is_under_way(enum phase phase)
{
    switch (phase) {
    case PHASE_RECORDING:
    case PHASE_NOTING:
    case PHASE_RUNNING:
    case PHASE_FAILING:
    case PHASE_REREADING:
        return true;
    case PHASE_JUDGING:
    case PHASE_WAITING:
    case PHASE_INTERRUPTED:
        break;
    }
    return false;
}

bool requests_are_on_bus(const struct requests *requests, int bus)
{
    for (const struct open_request *open = requests->first; open; open = open->next) {
        if (requests_device(requests, open->device)->bus == bus && is_under_way(open->phase))
            return true;
    }
    return false;
}

// What the journal has not judged yet is answered when it has.
static void refuse(struct requests *requests, struct open_request *open, const char *text)
{
    job_request_free(open->job);
    open->job = NULL;
    open->command = NULL;
    open->refusal = mem_copy_text(text);
    if (open->phase == PHASE_WAITING)
        requests_fail(requests, open, text);
}

void requests_leave(struct requests *requests, const struct changes *changes)
{
    struct open_request *next = NULL;
    for (struct open_request *open = requests->first; open; open = next) {
        next = open->next;
        if (changes->devices[open->device] != CHANGE_REMOVED)
            continue;
        if (open->phase == PHASE_INTERRUPTED)
            requests_leave_unfinished(requests, open);
        else // one that the journal has not judged yet is recorded behind its judgement
            requests_fail(requests, open, gone);
    }
}

// Its job is made of the map that is gone.
static void understand(struct requests *requests, struct open_request *open)
{
    struct command_request request;
    const struct device *device = requests_device(requests, open->device);
    (open->is_local ? command_parse_local : command_parse)(device, open->request,
                                                           strlen(open->request), &request);
    if (request.kind == COMMAND_ACCEPTED) {
        job_request_free(open->job);
        open->job = request.job;
        open->command = setter_is_made(request.job->command) ? NULL : request.job->command;
        open->has_secrets = recent_has_secrets(request.job->command);
        request.job = NULL;
    } else {
        char text[600];
        (void)snprintf(text, sizeof text,
                       "the map was exchanged before this command began: %s; nothing was "
                       "written",
                       request.error.text);
        refuse(requests, open, text);
    }
    command_request_done(&request);
}

static void renew(struct requests *requests, struct open_request *open, enum change change)
{
    if (change == CHANGE_KEPT) {
        if (open->interrupted)
            interrupted_move(open->interrupted, requests_device(requests, open->device));
    } else if (open->phase == PHASE_INTERRUPTED) {
        requests_renew_unfinished(requests, open);
    } else {
        understand(requests, open);
    }
}

void requests_reload(struct requests *requests, const struct changes *changes,
                     struct bus **buses)
{
    struct open_request *next = NULL;
    requests->buses = buses;
    for (struct open_request *open = requests->first; open; open = next) {
        next = open->next;
        renew(requests, open, changes->devices[open->device]);
    }
    requests_take_up(requests); // of devices that came in, as at the start
    free(requests->is_held);    // not before: one that is refused lets the next one go
    requests->is_held = NULL;
    for (size_t i = 0; i < changes->site->device_count; i++)
        requests_advance(requests, (uint16_t)i);
}
