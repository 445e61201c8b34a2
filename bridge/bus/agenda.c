// SPDX-License-Identifier: MIT
#include "bus/agenda.h"

#include <stdlib.h>

#include "base/mem.h"

#define NOT_UNTIL_RECONNECT INT64_MAX

enum {
    NOT_FITTED_MS = 10 * 60 * 1000,
    REFUSED_MS = 30 * 1000,
    CONNECT_RETRY_MS = 5 * 1000,
    SKIP_MS = 1000, // a condition of an entry that is read once, or without pause
};

void agenda_init(struct agenda *agenda, size_t capacity)
{
    agenda->entries = mem_new(capacity, sizeof *agenda->entries);
    agenda->count = 0;
}

void agenda_done(struct agenda *agenda)
{
    free(agenda->entries);
    *agenda = (struct agenda){0};
}

void agenda_add(struct agenda *agenda, uint16_t unit, const struct plan *plan, int64_t first_ms)
{
    for (size_t i = 0; i < plan->block_count; i++) {
        agenda->entries[agenda->count++] = (struct agenda_entry){
            .block = &plan->blocks[i],
            .unit = unit,
            .due_ms = first_ms,
        };
    }
}

struct agenda_entry *agenda_next(const struct agenda *agenda,
                                 bool (*may_ask)(const void *context, uint16_t unit),
                                 const void *context)
{
    struct agenda_entry *next = NULL;
    for (size_t i = 0; i < agenda->count; i++) {
        struct agenda_entry *entry = &agenda->entries[i];
        if (entry->due_ms == NOT_UNTIL_RECONNECT || !may_ask(context, entry->unit))
            continue;
        if (!next || entry->due_ms < next->due_ms)
            next = entry;
    }
    return next;
}

// The next date on the grid of the period; dates that passed meanwhile are missed.
static void next_period(struct agenda_entry *entry, int64_t period_ms, int64_t now_ms)
{
    if (period_ms <= 0) {
        entry->due_ms = now_ms;
        return;
    }
    int64_t late_ms = now_ms - entry->due_ms;
    int64_t passed = late_ms > 0 ? late_ms / period_ms : 0;
    entry->missed += (uint64_t)passed;
    entry->due_ms += (passed + 1) * period_ms;
}

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void agenda_settle(struct agenda_entry *entry, enum agenda_outcome outcome, int64_t now_ms)
{
    int64_t period_ms = entry->block->every_ms;
    bool once = period_ms == EVERY_CONNECT;
    switch (outcome) {
    case AGENDA_READ:
        if (once)
            entry->due_ms = NOT_UNTIL_RECONNECT;
        else
            next_period(entry, period_ms, now_ms);
        return;
    case AGENDA_SKIPPED:
        entry->due_ms = now_ms + longer(once ? 0 : period_ms, SKIP_MS);
        return;
    case AGENDA_NOT_FITTED:
        entry->due_ms = now_ms + NOT_FITTED_MS;
        return;
    case AGENDA_REFUSED:
        entry->due_ms = now_ms + longer(once ? 0 : period_ms, REFUSED_MS);
        return;
    case AGENDA_FAILED:
        if (once)
            entry->due_ms = now_ms + CONNECT_RETRY_MS;
        else
            next_period(entry, longer(period_ms, SKIP_MS / 10), now_ms);
        return;
    }
}

void agenda_reconnected(struct agenda *agenda, uint16_t unit, int64_t now_ms)
{
    for (size_t i = 0; i < agenda->count; i++) {
        struct agenda_entry *entry = &agenda->entries[i];
        bool waits = entry->block->every_ms == EVERY_CONNECT || entry->block->optional;
        if (entry->unit == unit && waits)
            entry->due_ms = now_ms;
    }
}
