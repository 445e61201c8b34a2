// SPDX-License-Identifier: MIT
// Commands that an earlier run of the program has left unfinished: nobody knows what became of
// those it executed, so that their devices are looked at before they are answered.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/requests_state.h"

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

void requests_take_unfinished(void *context, const struct journal_command *command)
{
    struct requests *requests = context;
    int device = find_device(requests->site, command->device);
    if (device == NO_INDEX)
        return; // nobody to answer; should the device come back, so does this
    struct open_request *open = requests_add(requests, (uint16_t)device, command->id);
    (void)snprintf(open->digest, sizeof open->digest, "%s", command->digest);
    open->phase = PHASE_INTERRUPTED;
    if (command->state == JOURNAL_RECEIVED)
        return;
    open->began_executing = true;
    open->until_ms = clock_monotonic_ms() + REQUESTS_REREAD_MS;
    open->interrupted =
        interrupted_new(requests_device(requests, open->device), command->request);
}

static void answer(struct requests *requests, struct open_request *open,
                   const struct job_result *result)
{
    if (!open->began_executing) {
        requests_fail(
            requests, open,
            "interrupted: modbridge ended before it began this command; nothing was written");
        return;
    }
    char *text = interrupted_text(result);
    requests_fail(requests, open, text);
    free(text);
}

static void reread(struct requests *requests, struct open_request *open)
{
    struct job_request *job =
        open->interrupted ? interrupted_take_job(open->interrupted) : NULL;
    open->phase = PHASE_REREADING;
    if (job && requests_post(requests, open, job))
        return;
    job_request_free(job);
    answer(requests, open, NULL);
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
            answer(requests, open, NULL);
        else if (open->until_ms < next_ms)
            next_ms = open->until_ms;
    }
    return next_ms;
}

void requests_finish_reread(struct requests *requests, struct open_request *open,
                            const struct job_result *result)
{
    answer(requests, open, result);
}

void requests_stop_unfinished(struct requests *requests, struct open_request *open)
{
    answer(requests, open, NULL);
}
