// SPDX-License-Identifier: MIT
// Commands that an earlier run of the program has left unfinished: nobody knows what became of
// those it executed. on_failure of tries that were open runs once, the device is looked at, and
// then they are answered.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/requests_state.h"

enum {
    AGAIN_MS = 5000, // until what could not be begun is tried again
    TEXT_SIZE = 600,
};

// Says in the log and in that of the device what becomes of an open try.
static void say(struct requests *requests, const struct open_request *open, bool is_trouble,
                const char *what)
{
    const struct device *device = requests_device(requests, open->device);
    char text[TEXT_SIZE];
    (void)snprintf(text, sizeof text, "command %s%s%s was interrupted inside try: %s%s",
                   open->command ? open->command->key : "",
                   open->command ? " with id " : "with id ", open->id, what,
                   is_trouble ? "; look at what the device holds" : "");
    log_line(is_trouble ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, device->name, "%s", text);
    outgoing_notice(requests->outgoing, device, is_trouble ? SEVERITY_WARNING : SEVERITY_INFO,
                    text);
}

// What became of the open tries, for the answer and the logs.
static void conclude(struct requests *requests, struct open_request *open, bool is_trouble,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));

static void conclude(struct requests *requests, struct open_request *open, bool is_trouble,
                     const char *format, ...)
{
    char text[TEXT_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    free(open->undone);
    open->undone = mem_copy_text(text);
    say(requests, open, is_trouble, text);
}

// Taking up
// -----------------------------------------------------------------------------------------

// The device that a record is of, and whether its command came from the gateway itself.
static int find_device(const struct site *site, const char *key, bool *ret_is_local)
{
    char candidate[JOURNAL_KEY_SIZE];
    for (size_t i = 0; i < site->device_count; i++) {
        journal_local_key(&site->devices[i], candidate);
        *ret_is_local = strcmp(candidate, key) == 0;
        if (*ret_is_local)
            return (int)i;
        journal_key(&site->devices[i], candidate);
        if (site->devices[i].cloud != NO_INDEX && strcmp(candidate, key) == 0)
            return (int)i;
    }
    return NO_INDEX;
}

static void understand(const struct requests *requests, struct open_request *open)
{
    open->interrupted =
        interrupted_new(requests_device(requests, open->device), open->request, open->is_local);
    open->command = open->interrupted && open->began_executing
                        ? interrupted_command(open->interrupted)
                        : NULL;
}

static void add_to_recent(struct requests *requests, struct open_request *open)
{
    const struct job_request *job =
        open->interrupted ? interrupted_request(open->interrupted) : NULL;
    char *arguments = job ? recent_arguments(job) : NULL;
    struct recent_subject subject = {
        .origin = open->is_local ? RECENT_LOCAL : RECENT_CLOUD,
        .id = open->id,
        .device = requests_device(requests, open->device)->name,
        .name = job ? job->command->key : "",
        .arguments = arguments,
    };
    open->has_secrets = job && recent_has_secrets(job->command);
    open->recent = recent_add(&requests->recent, &subject, &open->received);
    recent_log(&requests->recent, open->recent, "interrupted by the end of modbridge",
               open->received.monotonic_ms);
    free(arguments);
}

static int read_note(const struct requests *requests, struct open_request *open,
                     const char *text, struct error *err)
{
    const struct map *map = requests_device(requests, open->device)->map;
    if (!open->command)
        return error_set(err, ERROR_FAILED, "the map has changed");
    try_note_form(map, open->command, open->form);
    return try_note_read(text, open->form, &open->left, err);
}

static void take_tries(struct requests *requests, struct open_request *open, const char *text)
{
    struct error err = {0};
    open->has_note = true;
    if (read_note(requests, open, text, &err) != 0) {
        open->left.count = 0;
        conclude(requests, open, true, "on_failure was not run: %s", err.text);
    } else if (interrupted_undo(open->interrupted, &open->left) == 0) {
        conclude(requests, open, true, "on_failure had begun before and is not run twice");
    } else {
        open->until_ms = clock_monotonic_ms() + REQUESTS_UNDO_MS;
        say(requests, open, false, "on_failure is run when the device answers");
    }
}

static void take_command(struct requests *requests, uint16_t device, bool is_local,
                         struct left_command *left)
{
    struct open_request *open = requests_add(requests, device, is_local, left->id);
    (void)snprintf(open->digest, sizeof open->digest, "%s", left->digest);
    open->phase = PHASE_INTERRUPTED;
    open->request = left->request;
    left->request = NULL;
    open->began_executing = left->began_executing;
    understand(requests, open);
    add_to_recent(requests, open);
    if (open->began_executing)
        open->until_ms = clock_monotonic_ms() + REQUESTS_REREAD_MS;
    if (left->tries)
        take_tries(requests, open, left->tries);
}

static void warn_of_lost(const struct requests *requests, uint16_t device,
                         const struct left_command *left)
{
    log_line(LOG_LEVEL_WARNING, requests_device(requests, device)->name,
             "command with id %s was interrupted inside try and its record is lost: on_failure "
             "was not run; look at what the device holds",
             left->id);
    (void)store_delete_note(requests->store, requests_note_kind, left->key, left->id, true);
}

void requests_take_up(struct requests *requests)
{
    struct open_request *others = requests->first;
    struct left_command **link = &requests->left;
    requests->first = NULL;
    while (*link) {
        struct left_command *left = *link;
        bool is_local = false;
        int device = find_device(requests->site, left->key, &is_local);
        if (device == NO_INDEX) { // nobody to answer; should the device come back, so does this
            link = &left->next;
            continue;
        }
        if (left->digest)
            take_command(requests, (uint16_t)device, is_local, left);
        else
            warn_of_lost(requests, (uint16_t)device, left);
        requests_left_forget(link);
    }
    struct open_request **end = &requests->first;
    while (*end)
        end = &(*end)->next;
    *end = others;
}

// Life
// ------------------------------------------------------------------------------------------

static void answer(struct requests *requests, struct open_request *open,
                   const struct job_result *result)
{
    if (!open->began_executing) {
        requests_fail(
            requests, open,
            "interrupted: modbridge ended before it began this command; nothing was written");
        return;
    }
    char *text = interrupted_text(result, open->undone);
    requests_fail(requests, open, text);
    free(text);
}

// Whether something is still to be undone.
static bool is_open(const struct open_request *open)
{
    return open->left.count > 0 && !open->undone;
}

// on_failure has not begun after all.
static void put_off(struct requests *requests, struct open_request *open)
{
    (void)requests_keep_tries(requests, open, &open->left);
    open->phase = PHASE_INTERRUPTED;
    open->again_ms = clock_monotonic_ms() + AGAIN_MS;
}

// Hands its job to the bus: what is to be undone, and what is to be read.
static void look(struct requests *requests, struct open_request *open)
{
    struct job_request *job = open->interrupted ? interrupted_job(open->interrupted) : NULL;
    open->phase = PHASE_REREADING;
    if (job && requests_post(requests, open, job))
        return;
    job_request_free(job);
    if (is_open(open))
        put_off(requests, open);
    else
        answer(requests, open, NULL);
}

// on_failure begins once: before it does, that is on disk.
static void begin_undo(struct requests *requests, struct open_request *open)
{
    struct open_tries begun = open->left;
    for (size_t i = 0; i < begun.count; i++)
        begun.tries[i].has_failed = true;
    open->phase = PHASE_FAILING;
    open->note_ticket = requests_keep_tries(requests, open, &begun);
}

void requests_undo(struct requests *requests, struct open_request *open, bool is_saved)
{
    if (requests->is_stopping)
        requests_stop_unfinished(requests, open);
    else if (is_saved)
        look(requests, open);
    else
        put_off(requests, open);
}

static void advance(struct requests *requests, struct open_request *open)
{
    if (is_open(open))
        begin_undo(requests, open);
    else
        look(requests, open);
}

void requests_device_health(struct requests *requests, uint16_t device, bool is_online)
{
    struct open_request *next = NULL;
    for (struct open_request *open = requests->first; open; open = next) {
        next = open->next;
        if (open->device != device)
            continue;
        open->is_online = is_online;
        if (is_online && open->phase == PHASE_INTERRUPTED && open->began_executing &&
            !requests_is_held(requests, device))
            advance(requests, open);
    }
}

static void give_up(struct requests *requests, struct open_request *open)
{
    if (is_open(open))
        conclude(requests, open, true, "on_failure was not run: %s within 10 min",
                 open->is_online ? "it could not be begun" : "the device did not answer");
    answer(requests, open, NULL);
}

int64_t requests_turn(struct requests *requests, int64_t now_ms)
{
    requests_start_unrecorded(requests);
    int64_t next_ms = requests_tell_noted(requests, now_ms);
    requests_record_finals(requests, now_ms);
    int64_t finals_ms = requests_finals_next_ms(requests);
    next_ms = finals_ms < next_ms ? finals_ms : next_ms;
    struct open_request *next = NULL;
    for (struct open_request *open = requests->first; open; open = next) {
        next = open->next;
        if (open->phase != PHASE_INTERRUPTED || requests->is_stopping ||
            requests_is_held(requests, open->device))
            continue;
        bool is_to_begin = open->is_online && is_open(open);
        int64_t due_ms = open->until_ms;
        if (is_to_begin && open->again_ms < due_ms)
            due_ms = open->again_ms;
        if (due_ms > now_ms)
            next_ms = due_ms < next_ms ? due_ms : next_ms;
        else if (open->until_ms <= now_ms)
            give_up(requests, open);
        else
            begin_undo(requests, open);
    }
    return next_ms;
}

// Whether some on_failure ran already, or began to, before the restart.
static bool has_failed_before(const struct open_request *open)
{
    for (size_t i = 0; i < open->left.count; i++) {
        if (open->left.tries[i].has_failed)
            return true;
    }
    return false;
}

// Whether on_failure has not begun after all, so that it may yet.
static bool is_untouched(const struct job_result *result)
{
    return !result->anything_written && (result->outcome == JOB_ERROR ||
                                         (result->message[0] && result->fault != FAULT_NONE));
}

void requests_finish_reread(struct requests *requests, struct open_request *open,
                            const struct job_result *result)
{
    if (!is_open(open)) {
        answer(requests, open, result);
        return;
    }
    if (is_untouched(result)) {
        put_off(requests, open);
        if (requests->is_stopping)
            requests_stop_unfinished(requests, open);
        return;
    }
    conclude(requests, open, result->message[0], "on_failure was run after the restart%s%s%s",
             result->message[0] ? " and failed: " : "", result->message,
             has_failed_before(open) ? " (one that had begun before is not run twice)" : "");
    answer(requests, open, result);
}

void requests_stop_unfinished(struct requests *requests, struct open_request *open)
{
    if (!is_open(open)) {
        answer(requests, open, NULL);
        return;
    }
    if (open->phase != PHASE_INTERRUPTED)
        put_off(requests, open);
    say(requests, open, false, "on_failure is left to the next start");
    requests_drop(requests, open);
}

void requests_leave_unfinished(struct requests *requests, struct open_request *open)
{
    if (!is_open(open)) {
        answer(requests, open, NULL);
        return;
    }
    say(requests, open, false, "on_failure is left until the device is in the site again");
    requests_leave_behind(requests, open);
}

void requests_renew_unfinished(struct requests *requests, struct open_request *open)
{
    char form[FORM_SIZE] = "";
    open->is_online = false;
    interrupted_free(open->interrupted);
    understand(requests, open);
    if (!is_open(open))
        return;
    if (open->command)
        try_note_form(requests_device(requests, open->device)->map, open->command, form);
    if (!open->command || strcmp(form, open->form) != 0)
        conclude(requests, open, true, "on_failure was not run: the map has changed");
    else
        (void)interrupted_undo(open->interrupted, &open->left);
}
