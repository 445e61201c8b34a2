// SPDX-License-Identifier: MIT
// Final responses until they are on disk: one that a disk in trouble did not take is recorded
// again, so that the command is not answered a second time as interrupted after a restart.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/requests_state.h"

enum { AGAIN_MS = 5000 };

struct final_response {
    struct final_response *next;
    bool has_note; // of open tries, to be forgotten
    bool is_refused;
    uint64_t ticket;
    int64_t again_ms; // refused
    int64_t row;      // of the outbox; 0: none
    char key[JOURNAL_KEY_SIZE];
    char id[COMMAND_ID_SIZE];
    char digest[JOURNAL_DIGEST_SIZE];
    char *response;
};

static struct journal_command view(const struct final_response *final)
{
    return (struct journal_command){.device = final->key,
                                    .id = final->id,
                                    .digest = final->digest,
                                    .state = JOURNAL_DONE,
                                    .response = final->response};
}

// In the same commit as the response, which follows at once.
static void forget_tries(const struct requests *requests, const struct final_response *final)
{
    if (final->has_note)
        (void)store_delete_note(requests->store, requests_note_kind, final->key, final->id,
                                true);
}

void requests_respond_finally(struct requests *requests, const struct open_request *open,
                              char *response)
{
    if (!requests->store) { // nothing outlives the process
        free(response);
        return;
    }
    struct final_response *final = mem_new(1, sizeof *final);
    final->next = requests->finals;
    final->has_note = open->has_note;
    final->response = mem_copy_text(response);
    (void)snprintf(final->key, sizeof final->key, "%s", open->key);
    (void)snprintf(final->id, sizeof final->id, "%s", open->id);
    (void)snprintf(final->digest, sizeof final->digest, "%s", open->digest);
    requests->finals = final;
    forget_tries(requests, final);
    struct journal_command command = view(final);
    if (open->is_local) {
        final->ticket = store_finish_command(requests->store, &command, NULL);
        free(response);
        return;
    }
    final->ticket =
        outgoing_respond_finally(requests->outgoing, requests_device(requests, open->device),
                                 &command, response, &final->row);
}

static void drop(struct final_response **link)
{
    struct final_response *final = *link;
    *link = final->next;
    free(final->response);
    free(final);
}

void requests_settle_finals(struct requests *requests, uint64_t first, uint64_t last,
                            bool is_saved, int64_t now_ms)
{
    struct final_response **link = &requests->finals;
    while (*link) {
        struct final_response *final = *link;
        bool is_meant = !final->is_refused && final->ticket >= first && final->ticket <= last;
        if (is_meant && is_saved) {
            drop(link);
            continue;
        }
        if (is_meant) {
            final->is_refused = true;
            final->again_ms = now_ms + AGAIN_MS;
        }
        link = &final->next;
    }
}

void requests_record_finals(struct requests *requests, int64_t now_ms)
{
    for (struct final_response *final = requests->finals; final; final = final->next) {
        if (!final->is_refused || now_ms < final->again_ms)
            continue;
        struct journal_command command = view(final);
        final->is_refused = false;
        forget_tries(requests, final);
        final->ticket = outgoing_record_again(requests->outgoing, &command, final->row);
    }
}

static bool is_of(const struct final_response *final, const struct open_request *open)
{
    return strcmp(final->key, open->key) == 0 && strcmp(final->id, open->id) == 0 &&
           strcmp(final->digest, open->digest) == 0;
}

const char *requests_find_final(const struct requests *requests,
                                const struct open_request *open)
{
    const struct final_response *final = requests->finals;
    while (final && !is_of(final, open))
        final = final->next;
    return final ? final->response : NULL;
}

int64_t requests_finals_next_ms(const struct requests *requests)
{
    int64_t next_ms = INT64_MAX;
    for (const struct final_response *final = requests->finals; final; final = final->next) {
        if (final->is_refused && final->again_ms < next_ms)
            next_ms = final->again_ms;
    }
    return next_ms;
}

void requests_finals_done(struct requests *requests)
{
    while (requests->finals)
        drop(&requests->finals);
}
