// SPDX-License-Identifier: MIT
// Commands that were left unfinished, by the journal's key of their device: what concerns a
// device that is not in the site waits here until it is.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/requests_state.h"

static struct left_command *add(struct requests *requests, const char *key, const char *id)
{
    struct left_command *left = mem_new(1, sizeof *left);
    left->key = mem_copy_text(key);
    left->id = mem_copy_text(id);
    struct left_command **link = &requests->left;
    while (*link) // in the order they came
        link = &(*link)->next;
    *link = left;
    return left;
}

static char *copy(const char *text)
{
    return text ? mem_copy_text(text) : NULL;
}

static void take_command(void *context, const struct journal_command *command)
{
    struct left_command *left = add(context, command->device, command->id);
    left->digest = copy(command->digest);
    left->request = copy(command->request);
    left->began_executing = command->state != JOURNAL_RECEIVED;
}

static void take_note(void *context, const struct note *note)
{
    const struct requests *requests = context;
    for (struct left_command *left = requests->left; left; left = left->next) {
        if (strcmp(left->key, note->device) != 0 || strcmp(left->id, note->key) != 0 ||
            !left->began_executing)
            continue;
        if (!left->tries)
            left->tries = copy(note->text);
        return;
    }
    add(context, note->device, note->key)->tries = copy(note->text);
}

void requests_load_left(struct requests *requests)
{
    store_load_commands(requests->store, take_command, requests);
    store_load_notes(requests->store, requests_note_kind, take_note, requests);
}

void requests_leave_behind(struct requests *requests, struct open_request *open)
{
    struct left_command *left = add(requests, open->key, open->id);
    left->digest = copy(open->digest);
    left->request = copy(open->request);
    left->began_executing = true;
    left->tries = try_note_text(open->form, &open->left);
    recent_forget(&requests->recent, open->recent);
    requests_drop(requests, open);
}

void requests_left_forget(struct left_command **link)
{
    struct left_command *left = *link;
    *link = left->next;
    free(left->key);
    free(left->id);
    free(left->digest);
    free(left->request);
    free(left->tries);
    free(left);
}
