// SPDX-License-Identifier: MIT
// Which tries of the running commands a crash would leave open, as notes of the store, named by
// the journal's key of the device and the id of the command.
#include <stdlib.h>

#include "daemon/requests_state.h"

const char requests_note_kind[] = "try";

enum { AGAIN_MS = 20 }; // a bus that takes no more at the moment

uint64_t requests_keep_tries(struct requests *requests, struct open_request *open,
                             const struct open_tries *tries)
{
    if (tries->count == 0) {
        open->has_note = false;
        return store_delete_note(requests->store, requests_note_kind, open->key, open->id,
                                 true);
    }
    if (!open->form[0])
        try_note_form(requests_device(requests, open->device)->map, open->command, open->form);
    char *text = try_note_text(open->form, tries);
    struct note note = {requests_note_kind, open->key, open->id, text};
    open->has_note = true;
    uint64_t ticket = store_put_note(requests->store, &note, true);
    free(text);
    return ticket;
}

static void tell(struct requests *requests, struct open_request *open)
{
    struct bus *bus = requests->buses[requests_device(requests, open->device)->bus];
    open->note = !bus || bus_post_noted(bus, &open->noted) ? NOTE_IDLE : NOTE_STORED;
}

void requests_note(struct requests *requests, const struct job_noted *wanted,
                   const struct open_tries *tries)
{
    struct open_request *open = requests_find_serial(requests, wanted->serial);
    if (!open)
        return;
    open->noted = *wanted;
    open->noted.is_kept = true;
    if (!requests->store) { // nothing outlives the process
        tell(requests, open);
        return;
    }
    open->note = NOTE_STORING;
    open->note_ticket = requests_keep_tries(requests, open, tries);
}

void requests_settle_tries(struct requests *requests, uint64_t first, uint64_t last,
                           bool is_saved)
{
    struct open_request *next = NULL;
    for (struct open_request *open = requests->first; open; open = next) {
        next = open->next;
        if (open->note_ticket < first || open->note_ticket > last)
            continue;
        if (open->phase == PHASE_FAILING) {
            requests_undo(requests, open, is_saved);
        } else if (open->note == NOTE_STORING) {
            open->noted.is_kept = is_saved;
            tell(requests, open);
        }
    }
}

int64_t requests_tell_noted(struct requests *requests, int64_t now_ms)
{
    int64_t next_ms = INT64_MAX;
    for (struct open_request *open = requests->first; open; open = open->next) {
        if (open->note == NOTE_STORED)
            tell(requests, open);
        if (open->note == NOTE_STORED)
            next_ms = now_ms + AGAIN_MS;
    }
    return next_ms;
}
