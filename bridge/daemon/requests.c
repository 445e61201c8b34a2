// SPDX-License-Identifier: MIT
#include "daemon/requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/requests_state.h"
#include "registers/setter.h"

static const char not_recorded[] =
    "the command cannot be recorded, because the disk does not take data; nothing was written";
static const char not_noted[] =
    "the disk does not take what must be written when the hold is over; nothing was written";
static const char stopped[] = "stopped: modbridge is ending; nothing was written";

static struct journal_command journal_view(const struct open_request *open,
                                           enum journal_state state)
{
    return (struct journal_command){
        .device = open->key, .id = open->id, .digest = open->digest, .state = state};
}

// Responses
// ------------------------------------------------------------------------------------

static void respond(struct requests *requests, uint16_t device, char *response)
{
    outgoing_put(requests->outgoing, requests_device(requests, device), TOPIC_RESPONSES,
                 response, 0);
}

// A response to one that goes on, or was one before.
static void respond_to(struct requests *requests, const struct open_request *open,
                       char *response)
{
    if (open->is_local)
        free(response);
    else
        respond(requests, open->device, response);
}

// The last word on a command: an error of this text, or (NULL) completed. `result` is NULL when
// no bus had it.
static void finish(struct requests *requests, struct open_request *open, const char *error,
                   const struct job_result *result)
{
    uint16_t device = open->device;
    struct recent_instant now = requests_now();
    char *response = error ? command_response_error(open->id, error)
                           : command_response_result(open->id, result);
    char *values = error || open->has_secrets ? NULL : recent_values(result);
    const char *said = values ? values : "";
    recent_finish(&requests->recent, open->recent, error ? RECENT_ERROR : RECENT_COMPLETED,
                  error ? error : said, &now);
    free(values);
    open_holds_settle(requests->holds, open->serial);
    if (open->is_local)
        requests_answer_local(requests, open, response, error, result);
    requests_respond_finally(requests, open, response);
    requests_drop(requests, open);
    requests_advance(requests, device);
}

void requests_fail(struct requests *requests, struct open_request *open, const char *text)
{
    finish(requests, open, text, NULL);
}

void requests_refuse(struct requests *requests, struct open_request *open, const char *text)
{
    uint16_t device = open->device;
    struct recent_instant now = requests_now();
    char *response = command_response_error(open->id, text);
    recent_finish(&requests->recent, open->recent, RECENT_ERROR, text, &now);
    if (open->is_local)
        requests_answer_local(requests, open, response, text, NULL);
    respond_to(requests, open, response);
    requests_drop(requests, open);
    requests_advance(requests, device);
}

// Towards the bus
// ------------------------------------------------------------------------------

bool requests_post(struct requests *requests, const struct open_request *open,
                   struct job_request *job)
{
    job->serial = open->serial;
    job->device = open->device;
    struct bus *bus = requests->buses[requests_device(requests, open->device)->bus];
    return bus && bus_post_job(bus, job);
}

static void hand_over(struct requests *requests, struct open_request *open)
{
    char text[160];
    (void)snprintf(text, sizeof text, "executing %s", open->job->command->key);
    if (!requests_post(requests, open, open->job)) {
        requests_fail(requests, open,
                      "busy: too many commands wait for this bus; nothing was written");
        return;
    }
    open->job = NULL;
    open->phase = PHASE_RUNNING;
    struct recent_instant now = requests_now();
    recent_start(&requests->recent, open->recent, &now);
    respond_to(requests, open, command_response_log(open->id, text));
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

void requests_start_unrecorded(struct requests *requests)
{
    struct open_request *open = NULL;
    while (!requests->store && !requests->is_stopping &&
           (open = requests_find_ticket(requests, PHASE_RECORDING, 0, 0)))
        start(requests, open);
}

void requests_advance(struct requests *requests, uint16_t device)
{
    struct open_request *open = requests_first_of(requests, device);
    if (!open || open->phase != PHASE_WAITING || requests->is_stopping ||
        requests_is_held(requests, device))
        return;
    struct journal_command command = journal_view(open, JOURNAL_EXECUTING);
    open->phase = PHASE_RECORDING;
    if (requests->store)
        open->ticket = store_advance_command(requests->store, &command);
}

// From the cloud
// -------------------------------------------------------------------------------

static void add_to_recent(struct requests *requests, struct open_request *open)
{
    char *arguments = recent_arguments(open->job);
    struct recent_subject subject = {
        .origin = open->is_local ? RECENT_LOCAL : RECENT_CLOUD,
        .id = open->id,
        .device = requests_device(requests, open->device)->name,
        .name = open->job->command->key,
        .arguments = arguments,
    };
    open->recent = recent_add(&requests->recent, &subject, &open->received);
    free(arguments);
}

void requests_note_refused(struct requests *requests, uint16_t device, bool is_local,
                           const struct command_request *request)
{
    struct recent_instant now = requests_now();
    struct recent_subject subject = {is_local ? RECENT_LOCAL : RECENT_CLOUD, request->id,
                                     requests_device(requests, device)->name, request->name,
                                     NULL};
    uint64_t number = recent_add(&requests->recent, &subject, &now);
    recent_finish(&requests->recent, number, RECENT_ERROR, request->error.text, &now);
}

static void take_new(struct requests *requests, struct open_request *open);

// Asks the journal whether it is new; without one it is.
static void ask_journal(struct requests *requests, struct open_request *open,
                        const char *payload, size_t length)
{
    open->request = mem_new(length + 1, 1);
    memcpy(open->request, payload, length);
    if (!requests->store) {
        take_new(requests, open);
        return;
    }
    struct journal_command command =
        journal_view(open, open->began_executing ? JOURNAL_EXECUTING : JOURNAL_RECEIVED);
    command.request = open->request;
    open->ticket = store_begin_command(requests->store, &command);
}

void requests_begin(struct requests *requests, uint16_t device, uint64_t client,
                    struct command_request *request, const char *payload, size_t length)
{
    bool is_idle = !requests_first_of(requests, device) && !requests_is_held(requests, device);
    struct open_request *open = requests_add(requests, device, client != 0, request->id);
    const struct command *command = request->job->command;
    open->client = client;
    open->began_executing = is_idle;
    open->job = request->job;
    open->command = setter_is_made(command) ? NULL : command; // it goes with its job
    open->has_secrets = recent_has_secrets(command);
    request->job = NULL;
    add_to_recent(requests, open);
    journal_digest(request->fingerprint, open->digest);
    ask_journal(requests, open, payload, length);
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
    const struct device *about = requests_device(requests, device);
    struct command_request request;
    command_parse(about, payload, length, &request);
    switch (request.kind) {
    case COMMAND_ACCEPTED:
        requests_begin(requests, device, 0, &request, payload, length);
        break;
    case COMMAND_REFUSED:
        respond(requests, device, command_response_error(request.id, request.error.text));
        notice_refused(requests, about, request.error.text);
        requests_note_refused(requests, device, false, &request);
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
        requests_fail(requests, open, stopped);
    } else if (open->refusal) {
        requests_fail(requests, open, open->refusal);
    } else if (requests_count_of(requests, open->device, PHASE_WAITING) >= MAX_WAITING_JOBS) {
        requests_fail(requests, open,
                      "busy: too many commands wait for this device; nothing was written");
    } else if (open->began_executing && !requests_is_held(requests, open->device)) {
        start(requests, open);
    } else {
        open->phase = PHASE_WAITING;
        requests_advance(requests, open->device);
    }
}

// A repetition; `response` is what was answered, NULL: nothing yet.
static void repeat(struct requests *requests, struct open_request *open, const char *response)
{
    uint16_t device = open->device;
    if (response)
        respond_to(requests, open, mem_copy_text(response));
    recent_forget(&requests->recent, open->recent);
    requests_drop(requests, open);
    requests_advance(requests, device);
}

// The same command came again: when only the disk does not know yet that it is done, it is
// answered again.
static void take_running(struct requests *requests, struct open_request *open)
{
    const char *response = requests_find_final(requests, open);
    repeat(requests, open, response);
}

static void take_verdict(struct requests *requests, struct open_request *open,
                         enum journal_verdict verdict, const char *response)
{
    switch (verdict) {
    case JOURNAL_NEW:
        take_new(requests, open);
        return;
    case JOURNAL_RUNNING:
        take_running(requests, open);
        return;
    case JOURNAL_ANSWERED:
        repeat(requests, open, response);
        return;
    case JOURNAL_CONFLICT:
        requests_refuse(
            requests, open,
            "this id was used for another command or other arguments; nothing was written");
        return;
    case JOURNAL_DAMAGED:
        requests_refuse(
            requests, open,
            "this id was used before and its record is damaged; nothing was written");
        return;
    case JOURNAL_FAILED:
        requests_refuse(requests, open, not_recorded);
        return;
    }
}

// From the store
// -------------------------------------------------------------------------------

static void take_settled(struct requests *requests, struct open_request *open, bool is_saved)
{
    bool is_noting = open->phase == PHASE_NOTING;
    if (!is_saved)
        requests_fail(requests, open, is_noting ? not_noted : not_recorded);
    else if (requests->is_stopping)
        requests_fail(requests, open, stopped);
    else if (is_noting)
        hand_over(requests, open);
    else
        start(requests, open);
}

void requests_stored(struct requests *requests, const struct store_event *event)
{
    struct open_request *open = NULL;
    int64_t now_ms = clock_monotonic_ms();
    if (event->kind == STORE_CHANGED && event->stats.health != STORE_FAILING)
        requests_record_finals(requests, INT64_MAX); // the disk is well again, or has room left
    switch (event->kind) {
    case STORE_JUDGED:
        open = requests_find_ticket(requests, PHASE_JUDGING, event->judged.ticket,
                                    event->judged.ticket);
        if (open)
            take_verdict(requests, open, event->judged.verdict, event->judged.response);
        return;
    case STORE_SETTLED:
        while ((open = requests_find_ticket(requests, PHASE_RECORDING, event->settled.first,
                                            event->settled.last)) ||
               (open = requests_find_ticket(requests, PHASE_NOTING, event->settled.first,
                                            event->settled.last)))
            take_settled(requests, open, event->settled.is_saved);
        requests_settle_tries(requests, event->settled.first, event->settled.last,
                              event->settled.is_saved);
        requests_settle_finals(requests, event->settled.first, event->settled.last,
                               event->settled.is_saved, now_ms);
        return;
    case STORE_LOADED:
    case STORE_CHANGED:
        return;
    }
}

// Life
// -----------------------------------------------------------------------------------------

void requests_init(struct requests *requests, const struct site *site, struct bus **buses,
                   struct outgoing *outgoing, struct open_holds *holds, struct store *store)
{
    *requests = (struct requests){
        .site = site, .buses = buses, .outgoing = outgoing, .holds = holds, .store = store};
    if (store)
        requests_load_left(requests);
    requests_take_up(requests);
}

void requests_done(struct requests *requests)
{
    while (requests->first)
        requests_drop(requests, requests->first);
    while (requests->left)
        requests_left_forget(&requests->left);
    requests_finals_done(requests);
    free(requests->is_held);
    recent_done(&requests->recent);
}

void requests_stop(struct requests *requests)
{
    requests->is_stopping = true;
    struct open_request *next = NULL;
    for (struct open_request *open = requests->first; open; open = next) {
        next = open->next;
        if (open->phase == PHASE_WAITING)
            requests_fail(requests, open, "stopped: modbridge is ending; nothing was written");
        else if (open->phase == PHASE_INTERRUPTED || open->phase == PHASE_FAILING)
            requests_stop_unfinished(requests, open);
    }
}

// From the bus
// ---------------------------------------------------------------------------------

void requests_log(struct requests *requests, uint64_t serial, const char *text)
{
    const struct open_request *open = requests_find_serial(requests, serial);
    if (!open)
        return;
    recent_log(&requests->recent, open->recent, text, clock_monotonic_ms());
    respond_to(requests, open, command_response_log(open->id, text));
    if (open->client != 0)
        requests->local.log(requests->local.context, open->client, text);
}

void requests_finish(struct requests *requests, struct job_result *result)
{
    struct open_request *open = requests_find_serial(requests, result->serial);
    if (open && open->phase == PHASE_REREADING)
        requests_finish_reread(requests, open, result);
    else if (open)
        finish(requests, open, result->outcome == JOB_ERROR ? result->message : NULL, result);
    job_result_free(result);
}
