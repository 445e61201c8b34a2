// SPDX-License-Identifier: MIT
#include "cloud/ledger.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct entry {
    int device;
    int64_t begun_ms;
    char *id;
    char *fingerprint;
    char *response; // NULL while running
};

// Entries in the order they began. A few commands an hour, judged once each: a list that is
// searched from its end is enough.
struct ledger {
    struct ledger_limits limits;
    struct entry *entries;
    size_t count;
    size_t room;
    size_t bytes;
};

const struct ledger_limits ledger_default_limits = {
    .max_entries = 10000,
    .max_bytes = 16000000,
    .max_age_ms = 30LL * 86400 * 1000,
};

struct ledger *ledger_new(const struct ledger_limits *limits)
{
    struct ledger *ledger = mem_new(1, sizeof *ledger);
    ledger->limits = *limits;
    return ledger;
}

static size_t entry_bytes(const struct entry *entry)
{
    return strlen(entry->id) + strlen(entry->fingerprint) +
           (entry->response ? strlen(entry->response) : 0);
}

static void entry_done(struct entry *entry)
{
    free(entry->id);
    free(entry->fingerprint);
    free(entry->response);
}

void ledger_free(struct ledger *ledger)
{
    if (!ledger)
        return;
    for (size_t i = 0; i < ledger->count; i++)
        entry_done(&ledger->entries[i]);
    free(ledger->entries);
    free(ledger);
}

static struct entry *find(struct ledger *ledger, int device, const char *id)
{
    for (size_t i = ledger->count; i-- > 0;) {
        struct entry *entry = &ledger->entries[i];
        if (entry->device == device && strcmp(entry->id, id) == 0)
            return entry;
    }
    return NULL;
}

static void drop(struct ledger *ledger, size_t index)
{
    ledger->bytes -= entry_bytes(&ledger->entries[index]);
    entry_done(&ledger->entries[index]);
    ledger->count--;
    memmove(&ledger->entries[index], &ledger->entries[index + 1],
            (ledger->count - index) * sizeof *ledger->entries);
}

static bool drop_oldest_answered(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++) {
        if (ledger->entries[i].response) {
            drop(ledger, i);
            return true;
        }
    }
    return false;
}

static void drop_aged(struct ledger *ledger, int64_t now_ms)
{
    size_t i = 0;
    while (i < ledger->count &&
           now_ms - ledger->entries[i].begun_ms > ledger->limits.max_age_ms) {
        if (ledger->entries[i].response)
            drop(ledger, i);
        else
            i++;
    }
}

static bool make_room(struct ledger *ledger, size_t bytes)
{
    while (ledger->count >= ledger->limits.max_entries ||
           ledger->bytes + bytes > ledger->limits.max_bytes) {
        if (!drop_oldest_answered(ledger))
            return false;
    }
    return true;
}

static void append(struct ledger *ledger, const struct entry *entry)
{
    if (ledger->count == ledger->room) {
        ledger->room = ledger->room ? ledger->room * 2 : 16;
        ledger->entries = mem_resize(ledger->entries, ledger->room, sizeof *ledger->entries);
    }
    ledger->entries[ledger->count++] = *entry;
    ledger->bytes += entry_bytes(entry);
}

static enum ledger_verdict judge(const struct entry *entry, const char *fingerprint,
                                 const char **ret_response)
{
    if (strcmp(entry->fingerprint, fingerprint) != 0)
        return LEDGER_CONFLICT;
    if (!entry->response)
        return LEDGER_RUNNING;
    *ret_response = entry->response;
    return LEDGER_ANSWERED;
}

enum ledger_verdict ledger_begin(struct ledger *ledger, const struct ledger_command *command,
                                 int64_t now_ms, const char **ret_response)
{
    drop_aged(ledger, now_ms);
    const struct entry *known = find(ledger, command->device, command->id);
    if (known)
        return judge(known, command->fingerprint, ret_response);
    if (!make_room(ledger, strlen(command->id) + strlen(command->fingerprint)))
        return LEDGER_FULL;
    struct entry entry = {
        .device = command->device,
        .begun_ms = now_ms,
        .id = mem_copy_text(command->id),
        .fingerprint = mem_copy_text(command->fingerprint),
    };
    append(ledger, &entry);
    return LEDGER_NEW;
}

void ledger_finish(struct ledger *ledger, int device, const char *id, const char *response)
{
    struct entry *entry = find(ledger, device, id);
    if (!entry || entry->response)
        return;
    entry->response = mem_copy_text(response);
    ledger->bytes += strlen(response);
}

size_t ledger_count(const struct ledger *ledger)
{
    return ledger->count;
}
