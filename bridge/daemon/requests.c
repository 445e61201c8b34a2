// SPDX-License-Identifier: MIT
#include "daemon/requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "cloud/command.h"

struct open_request {
    struct open_request *next;
    uint64_t serial;
    uint16_t device;
    char id[COMMAND_ID_SIZE];
    struct job_request *job; // until it goes to its bus
    uint64_t ticket;         // ... of the store's order it waits for
};

void requests_init(struct requests *requests, const struct site *site, struct bus **buses,
                   struct outgoing *outgoing, struct open_holds *holds)
{
    *requests = (struct requests){
        .site = site,
        .buses = buses,
        .outgoing = outgoing,
        .holds = holds,
        .ledger = ledger_new(&ledger_default_limits),
    };
}

void requests_done(struct requests *requests)
{
    while (requests->open) {
        struct open_request *next = requests->open->next;
        job_request_free(requests->open->job);
        free(requests->open);
        requests->open = next;
    }
    ledger_free(requests->ledger);
}

static void respond(struct requests *requests, uint16_t device, char *response)
{
    outgoing_put(requests->outgoing, &requests->site->devices[device], TOPIC_RESPONSES,
                 response);
}

// The last word on a command: remembered for its id, then sent.
static void respond_finally(struct requests *requests, uint16_t device, const char *id,
                            char *response)
{
    ledger_finish(requests->ledger, device, id, response);
    respond(requests, device, response);
}

// Nothing of the command was done.
static void refuse(struct requests *requests, struct open_request *open, const char *why)
{
    open_holds_settle(requests->holds, open->serial);
    respond_finally(requests, open->device, open->id, command_response_error(open->id, why));
    struct open_request **link = &requests->open;
    while (*link != open)
        link = &(*link)->next;
    *link = open->next;
    job_request_free(open->job);
    free(open);
}

static void hand_over(struct requests *requests, struct open_request *open)
{
    char text[160];
    (void)snprintf(text, sizeof text, "executing %s", open->job->command->key);
    struct bus *bus = requests->buses[requests->site->devices[open->device].bus];
    if (!bus_post_job(bus, open->job)) {
        refuse(requests, open,
               "busy: too many commands wait for this bus; nothing was written");
        return;
    }
    open->job = NULL;
    respond(requests, open->device, command_response_log(open->id, text));
}

// What must be written whatever happens to the process is on disk before the command begins.
static void begin(struct requests *requests, uint16_t device, struct command_request *request)
{
    struct open_request *open = mem_new(1, sizeof *open);
    open->serial = ++requests->serial;
    open->device = device;
    (void)snprintf(open->id, sizeof open->id, "%s", request->id);
    open->job = request->job;
    open->job->serial = open->serial;
    open->job->device = device;
    request->job = NULL;
    open->next = requests->open;
    requests->open = open;
    if (requests->is_stopping) {
        refuse(requests, open, "stopped; nothing was written");
        return;
    }
    open->ticket = open_holds_expect(requests->holds, open->id, open->job);
    if (open->ticket == 0)
        hand_over(requests, open);
}

void requests_stored(struct requests *requests, const struct store_event *event)
{
    struct open_request *next = NULL;
    for (struct open_request *open = requests->open; open; open = next) {
        next = open->next;
        if (event->kind != STORE_SETTLED || !open->job || open->ticket < event->settled.first ||
            open->ticket > event->settled.last)
            continue;
        if (event->settled.is_saved)
            hand_over(requests, open);
        else
            refuse(requests, open,
                   "the disk does not take what must be written when the hold is over; nothing "
                   "was written");
    }
}

void requests_stop(struct requests *requests)
{
    struct open_request *next = NULL;
    requests->is_stopping = true;
    for (struct open_request *open = requests->open; open; open = next) {
        next = open->next;
        if (open->job)
            refuse(requests, open, "stopped; nothing was written");
    }
}

static void judge(struct requests *requests, uint16_t device, struct command_request *request,
                  int64_t now_ms)
{
    struct ledger_command command = {device, request->id, request->fingerprint};
    const char *stored = NULL;
    switch (ledger_begin(requests->ledger, &command, now_ms, &stored)) {
    case LEDGER_NEW:
        begin(requests, device, request);
        return;
    case LEDGER_RUNNING:
        return;
    case LEDGER_ANSWERED:
        respond(requests, device, mem_copy_text(stored));
        return;
    case LEDGER_CONFLICT:
        respond(requests, device,
                command_response_error(request->id, "this id was used for another command or "
                                                    "other arguments; nothing was written"));
        return;
    case LEDGER_FULL:
        respond(requests, device,
                command_response_error(request->id, "busy: too many commands are running; "
                                                    "nothing was written"));
        return;
    }
}

void requests_take(struct requests *requests, uint16_t device, const char *payload,
                   size_t length, int64_t now_ms)
{
    const struct device *about = &requests->site->devices[device];
    struct command_request request;
    command_parse(about, payload, length, &request);
    switch (request.kind) {
    case COMMAND_ACCEPTED:
        judge(requests, device, &request, now_ms);
        break;
    case COMMAND_REFUSED:
        respond(requests, device, command_response_error(request.id, request.error.text));
        break;
    case COMMAND_UNUSABLE:
        log_line(LOG_LEVEL_WARNING, about->name, "a command request cannot be answered: %s",
                 request.error.text);
        break;
    }
    command_request_done(&request);
}

static struct open_request **find_open(struct requests *requests, uint64_t serial)
{
    struct open_request **link = &requests->open;
    while (*link && (*link)->serial != serial)
        link = &(*link)->next;
    return link;
}

void requests_log(struct requests *requests, uint64_t serial, const char *text)
{
    const struct open_request *open = *find_open(requests, serial);
    if (open)
        respond(requests, open->device, command_response_log(open->id, text));
}

void requests_finish(struct requests *requests, struct job_result *result)
{
    struct open_request **link = find_open(requests, result->serial);
    struct open_request *open = *link;
    open_holds_settle(requests->holds, result->serial);
    if (open) {
        respond_finally(requests, open->device, open->id,
                        command_response_result(open->id, result));
        *link = open->next;
        free(open);
    }
    job_result_free(result);
}
