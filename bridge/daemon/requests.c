// SPDX-License-Identifier: MIT
#include "daemon/requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cloud/command.h"
#include "daemon/interrupted.h"

enum phase {
    PHASE_JUDGING,     // the journal looks its id up and records it
    PHASE_WAITING,     // for the command before it
    PHASE_RECORDING,   // the journal says "executing", on disk soon
    PHASE_NOTING,      // what ends its holds is on disk soon
    PHASE_RUNNING,     // the bus has it
    PHASE_INTERRUPTED, // of an earlier run of the program: waits for its device
    PHASE_REREADING,   // ... and is being looked at
};

struct open_request {
    struct open_request *next;
    enum phase phase;
    uint64_t serial;
    uint64_t ticket; // of the store's order it waits for
    uint16_t device;
    bool began_executing;    // recorded as executing from the start
    int64_t until_ms;        // interrupted: when to wait no longer
    struct job_request *job; // until the bus has it
    struct interrupted *interrupted;
    char key[JOURNAL_KEY_SIZE]; // of the device
    char id[COMMAND_ID_SIZE];
    char digest[JOURNAL_DIGEST_SIZE];
};

static const char not_recorded[] =
    "the command cannot be recorded, because the disk does not take data; nothing was written";
static const char not_noted[] =
    "the disk does not take what must be written when the hold is over; nothing was written";
static const char stopped[] = "stopped: modbridge is ending; nothing was written";

// The list
// -------------------------------------------------------------------------------------

static struct open_request *add(struct requests *requests, uint16_t device, const char *id)
{
    struct open_request *open = mem_new(1, sizeof *open);
    open->serial = ++requests->serial;
    open->device = device;
    journal_key(&requests->site->devices[device], open->key);
    (void)snprintf(open->id, sizeof open->id, "%s", id);
    struct open_request **link = &requests->first;
    while (*link)
        link = &(*link)->next;
    *link = open;
    return open;
}

static void open_free(struct open_request *open)
{
    job_request_free(open->job);
    interrupted_free(open->interrupted);
    free(open);
}

static void drop(struct requests *requests, struct open_request *open)
{
    struct open_request **link = &requests->first;
    while (*link != open)
        link = &(*link)->next;
    *link = open->next;
    open_free(open);
}

static struct open_request *first_of(const struct requests *requests, uint16_t device)
{
    struct open_request *open = requests->first;
    while (open && open->device != device)
        open = open->next;
    return open;
}

static size_t count_of(const struct requests *requests, uint16_t device, enum phase phase)
{
    size_t count = 0;
    for (const struct open_request *open = requests->first; open; open = open->next)
        count += open->device == device && open->phase == phase;
    return count;
}

static struct journal_command journal_view(const struct open_request *open,
                                           enum journal_state state)
{
    return (struct journal_command){
        .device = open->key, .id = open->id, .digest = open->digest, .state = state};
}

// Responses
// ------------------------------------------------------------------------------------

static const struct device *device_of(const struct requests *requests, uint16_t device)
{
    return &requests->site->devices[device];
}

static void respond(struct requests *requests, uint16_t device, char *response)
{
    outgoing_put(requests->outgoing, device_of(requests, device), TOPIC_RESPONSES, response, 0);
}

static void advance(struct requests *requests, uint16_t device);

// The last word on a command: recorded under its id and sent. The next one of the device may
// go.
static void finish(struct requests *requests, struct open_request *open, char *response)
{
    uint16_t device = open->device;
    open_holds_settle(requests->holds, open->serial);
    struct journal_command command = journal_view(open, JOURNAL_DONE);
    outgoing_respond_finally(requests->outgoing, device_of(requests, device), &command,
                             response);
    drop(requests, open);
    advance(requests, device);
}

static void fail(struct requests *requests, struct open_request *open, const char *text)
{
    finish(requests, open, command_response_error(open->id, text));
}

// A response that no record stands behind: the command is refused, its id is not used up.
static void refuse(struct requests *requests, struct open_request *open, const char *text)
{
    uint16_t device = open->device;
    respond(requests, device, command_response_error(open->id, text));
    drop(requests, open);
    advance(requests, device);
}

// Towards the bus
// ------------------------------------------------------------------------------

static bool post(struct requests *requests, const struct open_request *open,
                 struct job_request *job)
{
    job->serial = open->serial;
    job->device = open->device;
    return bus_post_job(requests->buses[device_of(requests, open->device)->bus], job);
}

static void hand_over(struct requests *requests, struct open_request *open)
{
    char text[160];
    (void)snprintf(text, sizeof text, "executing %s", open->job->command->key);
    if (!post(requests, open, open->job)) {
        fail(requests, open, "busy: too many commands wait for this bus; nothing was written");
        return;
    }
    open->job = NULL;
    open->phase = PHASE_RUNNING;
    respond(requests, open->device, command_response_log(open->id, text));
}

// What must be written whatever happens to the process is on disk before the command begins.
static void start(struct requests *requests, struct open_request *open)
{
    open->job->serial = open->serial;
    open->job->device = open->device;
    open->ticket = open_holds_expect(requests->holds, open->id, open->job);
    open->phase = PHASE_NOTING;
    if (open->ticket == 0)
        hand_over(requests, open);
}

static void reread(struct requests *requests, struct open_request *open)
{
    struct job_request *job =
        open->interrupted ? interrupted_take_job(open->interrupted) : NULL;
    open->phase = PHASE_REREADING;
    if (job && post(requests, open, job))
        return;
    job_request_free(job);
    char *text = interrupted_text(NULL);
    fail(requests, open, text);
    free(text);
}

// Lets the first command of a device go on, if it only waited for its turn.
static void advance(struct requests *requests, uint16_t device)
{
    struct open_request *open = first_of(requests, device);
    if (!open || open->phase != PHASE_WAITING || requests->is_stopping)
        return;
    struct journal_command command = journal_view(open, JOURNAL_EXECUTING);
    open->phase = PHASE_RECORDING;
    open->ticket = store_advance_command(requests->store, &command);
}

// From the cloud
// -------------------------------------------------------------------------------

static void begin(struct requests *requests, uint16_t device, struct command_request *request,
                  const char *payload, size_t length)
{
    bool is_idle = !first_of(requests, device);
    struct open_request *open = add(requests, device, request->id);
    open->began_executing = is_idle;
    open->job = request->job;
    request->job = NULL;
    journal_digest(request->fingerprint, open->digest);
    struct journal_command command =
        journal_view(open, is_idle ? JOURNAL_EXECUTING : JOURNAL_RECEIVED);
    char *text = mem_new(length + 1, 1);
    memcpy(text, payload, length);
    command.request = text;
    open->ticket = store_begin_command(requests->store, &command);
    free(text);
}

static void notice_refused(struct requests *requests, const struct device *about,
                           const char *why)
{
    char text[560];
    (void)snprintf(text, sizeof text, "a command was refused: %s", why);
    outgoing_notice(requests->outgoing, about, SEVERITY_WARNING, text);
}

void requests_take(struct requests *requests, uint16_t device, const char *payload,
                   size_t length)
{
    const struct device *about = device_of(requests, device);
    struct command_request request;
    command_parse(about, payload, length, &request);
    switch (request.kind) {
    case COMMAND_ACCEPTED:
        begin(requests, device, &request, payload, length);
        break;
    case COMMAND_REFUSED:
        respond(requests, device, command_response_error(request.id, request.error.text));
        notice_refused(requests, about, request.error.text);
        break;
    case COMMAND_UNUSABLE:
        log_line(LOG_LEVEL_WARNING, about->name, "a command request cannot be answered: %s",
                 request.error.text);
        notice_refused(requests, about, request.error.text);
        break;
    }
    command_request_done(&request);
}

static void take_new(struct requests *requests, struct open_request *open)
{
    if (requests->is_stopping) {
        fail(requests, open, stopped);
    } else if (count_of(requests, open->device, PHASE_WAITING) >= MAX_WAITING_JOBS) {
        fail(requests, open,
             "busy: too many commands wait for this device; nothing was written");
    } else if (open->began_executing) {
        start(requests, open);
    } else {
        open->phase = PHASE_WAITING;
        advance(requests, open->device);
    }
}

static void take_verdict(struct requests *requests, struct open_request *open,
                         enum journal_verdict verdict, const char *response)
{
    uint16_t device = open->device;
    switch (verdict) {
    case JOURNAL_NEW:
        take_new(requests, open);
        return;
    case JOURNAL_RUNNING:
        drop(requests, open);
        advance(requests, device);
        return;
    case JOURNAL_ANSWERED:
        respond(requests, device, mem_copy_text(response));
        drop(requests, open);
        advance(requests, device);
        return;
    case JOURNAL_CONFLICT:
        refuse(requests, open,
               "this id was used for another command or other arguments; nothing was written");
        return;
    case JOURNAL_DAMAGED:
        refuse(requests, open,
               "this id was used before and its record is damaged; nothing was written");
        return;
    case JOURNAL_FAILED:
        refuse(requests, open, not_recorded);
        return;
    }
}

// From the store
// -------------------------------------------------------------------------------

static struct open_request *find_ticket(const struct requests *requests, enum phase phase,
                                        uint64_t first, uint64_t last)
{
    struct open_request *open = requests->first;
    while (open && (open->phase != phase || open->ticket < first || open->ticket > last))
        open = open->next;
    return open;
}

static void take_settled(struct requests *requests, struct open_request *open, bool is_saved)
{
    bool is_noting = open->phase == PHASE_NOTING;
    if (!is_saved)
        fail(requests, open, is_noting ? not_noted : not_recorded);
    else if (requests->is_stopping)
        fail(requests, open, stopped);
    else if (is_noting)
        hand_over(requests, open);
    else
        start(requests, open);
}

void requests_stored(struct requests *requests, const struct store_event *event)
{
    struct open_request *open = NULL;
    switch (event->kind) {
    case STORE_JUDGED:
        open = find_ticket(requests, PHASE_JUDGING, event->judged.ticket, event->judged.ticket);
        if (open)
            take_verdict(requests, open, event->judged.verdict, event->judged.response);
        return;
    case STORE_SETTLED:
        while ((open = find_ticket(requests, PHASE_RECORDING, event->settled.first,
                                   event->settled.last)) ||
               (open = find_ticket(requests, PHASE_NOTING, event->settled.first,
                                   event->settled.last)))
            take_settled(requests, open, event->settled.is_saved);
        return;
    case STORE_LOADED:
    case STORE_CHANGED:
        return;
    }
}

// Of an earlier run
// ----------------------------------------------------------------------------

static int find_device(const struct site *site, const char *key)
{
    char candidate[JOURNAL_KEY_SIZE];
    for (size_t i = 0; i < site->device_count; i++) {
        journal_key(&site->devices[i], candidate);
        if (site->devices[i].cloud != NO_INDEX && strcmp(candidate, key) == 0)
            return (int)i;
    }
    return NO_INDEX;
}

static void take_unfinished(void *context, const struct journal_command *command)
{
    struct requests *requests = context;
    int device = find_device(requests->site, command->device);
    if (device == NO_INDEX)
        return; // nobody to answer; should the device come back, so does this
    struct open_request *open = add(requests, (uint16_t)device, command->id);
    (void)snprintf(open->digest, sizeof open->digest, "%s", command->digest);
    open->phase = PHASE_INTERRUPTED;
    if (command->state == JOURNAL_RECEIVED)
        return;
    open->began_executing = true;
    open->until_ms = clock_monotonic_ms() + REQUESTS_REREAD_MS;
    open->interrupted = interrupted_new(device_of(requests, open->device), command->request);
}

void requests_init(struct requests *requests, const struct site *site, struct bus **buses,
                   struct outgoing *outgoing, struct open_holds *holds, struct store *store)
{
    *requests = (struct requests){
        .site = site, .buses = buses, .outgoing = outgoing, .holds = holds, .store = store};
    if (store)
        store_load_commands(store, take_unfinished, requests);
}

void requests_done(struct requests *requests)
{
    while (requests->first) {
        struct open_request *next = requests->first->next;
        open_free(requests->first);
        requests->first = next;
    }
}

static void answer_interrupted(struct requests *requests, struct open_request *open)
{
    if (!open->began_executing) {
        fail(requests, open,
             "interrupted: modbridge ended before it began this command; nothing was written");
        return;
    }
    char *text = interrupted_text(NULL);
    fail(requests, open, text);
    free(text);
}

void requests_device_online(struct requests *requests, uint16_t device)
{
    struct open_request *next = NULL;
    for (struct open_request *open = requests->first; open; open = next) {
        next = open->next;
        if (open->device == device && open->phase == PHASE_INTERRUPTED && open->began_executing)
            reread(requests, open);
    }
}

int64_t requests_turn(struct requests *requests, int64_t now_ms)
{
    int64_t next_ms = INT64_MAX;
    struct open_request *next = NULL;
    for (struct open_request *open = requests->first; open; open = next) {
        next = open->next;
        if (open->phase != PHASE_INTERRUPTED)
            continue;
        if (open->until_ms <= now_ms)
            answer_interrupted(requests, open);
        else if (open->until_ms < next_ms)
            next_ms = open->until_ms;
    }
    return next_ms;
}

void requests_stop(struct requests *requests)
{
    requests->is_stopping = true;
    struct open_request *next = NULL;
    for (struct open_request *open = requests->first; open; open = next) {
        next = open->next;
        if (open->phase == PHASE_WAITING)
            fail(requests, open, "stopped: modbridge is ending; nothing was written");
        else if (open->phase == PHASE_INTERRUPTED)
            answer_interrupted(requests, open);
    }
}

// From the bus
// ---------------------------------------------------------------------------------

static struct open_request *find_serial(const struct requests *requests, uint64_t serial)
{
    struct open_request *open = requests->first;
    while (open && open->serial != serial)
        open = open->next;
    return open;
}

void requests_log(struct requests *requests, uint64_t serial, const char *text)
{
    const struct open_request *open = find_serial(requests, serial);
    if (open)
        respond(requests, open->device, command_response_log(open->id, text));
}

void requests_finish(struct requests *requests, struct job_result *result)
{
    struct open_request *open = find_serial(requests, result->serial);
    if (open && open->phase == PHASE_REREADING) {
        char *text = interrupted_text(result);
        fail(requests, open, text);
        free(text);
    } else if (open) {
        finish(requests, open, command_response_result(open->id, result));
    }
    job_result_free(result);
}
