// SPDX-License-Identifier: MIT
#include "bus/agenda.h"

#include <stdlib.h>

#include "base/mem.h"

#define NOT_UNTIL_RECONNECT INT64_MAX

enum {
    NOT_FITTED_MS = 10 * 60 * 1000,
    REFUSED_MS = 30 * 1000, // four times as long with each refusal
    LONGEST_REFUSED_MS = 24 * 60 * 60 * 1000,
    BUSY_MS = 100,   // at least, before a busy unit is asked the same again
    RETRY_MS = 5000, // of what is read once per connection
    SKIP_MS = 1000,  // a condition of an entry that is read once, or without pause
};

void agenda_init(struct agenda *agenda, size_t unit_count)
{
    agenda->units = mem_new(unit_count, sizeof *agenda->units);
    agenda->unit_count = unit_count;
}

static void free_unit(struct agenda_unit *unit)
{
    free(unit->entries);
    free(unit->dated.entries);
    free(unit->turns.entries);
}

void agenda_done(struct agenda *agenda)
{
    for (size_t i = 0; i < agenda->unit_count; i++)
        free_unit(&agenda->units[i]);
    free(agenda->units);
    *agenda = (struct agenda){0};
}

// ---- a heap by at_ms ----

// Of one date the first of the plan comes first.
static bool comes_before(const struct agenda_entry *a, const struct agenda_entry *b)
{
    return a->at_ms < b->at_ms || (a->at_ms == b->at_ms && a < b);
}

static void sink(struct agenda_heap *heap, size_t place)
{
    struct agenda_entry *entry = heap->entries[place];
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count &&
            comes_before(heap->entries[child + 1], heap->entries[child]))
            child++;
        if (!comes_before(heap->entries[child], entry))
            break;
        heap->entries[place] = heap->entries[child];
        place = child;
    }
    heap->entries[place] = entry;
}

static void order(struct agenda_heap *heap)
{
    for (size_t i = heap->count / 2; i > 0; i--)
        sink(heap, i - 1);
}

static bool takes_turns(const struct agenda_entry *entry)
{
    return entry->block->every_ms == 0;
}

// Puts an entry whose at_ms grew into its place.
static void replace(struct agenda *agenda, const struct agenda_entry *entry)
{
    struct agenda_unit *unit = &agenda->units[entry->unit];
    struct agenda_heap *heap = takes_turns(entry) ? &unit->turns : &unit->dated;
    // Almost always the first: it was chosen because it is.
    for (size_t i = 0; i < heap->count; i++) {
        if (heap->entries[i] != entry)
            continue;
        sink(heap, i);
        return;
    }
}

// ---- plans ----

static void become_due(struct agenda_entry *entry, int64_t now_ms)
{
    entry->due_ms = now_ms;
    entry->at_ms = now_ms;
    entry->is_on_grid = false;
}

static int compare_numbers(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

// Zero for what keeps its dates in a new plan.
static int compare_blocks(const struct block *a, const struct block *b)
{
    const int orders[] = {
        compare_numbers(a->unit_id, b->unit_id),   compare_numbers(a->table, b->table),
        compare_numbers(a->model, b->model),       compare_numbers(a->address, b->address),
        compare_numbers(a->count, b->count),       compare_numbers(a->every_ms, b->every_ms),
        compare_numbers(a->optional, b->optional),
    };
    for (size_t i = 0; i < ARRAY_LENGTH(orders); i++) {
        if (orders[i])
            return orders[i];
    }
    return 0;
}

static int compare_entries(const void *left, const void *right)
{
    const struct agenda_entry *const *a = left;
    const struct agenda_entry *const *b = right;
    int order = compare_blocks((*a)->block, (*b)->block);
    // Of several that are alike the first comes first.
    return order ? order : (*a > *b) - (*a < *b);
}

// A unit's entries by what they ask for; the caller frees them.
static const struct agenda_entry **sort_entries(const struct agenda_unit *unit)
{
    const struct agenda_entry **sorted = mem_new(unit->count, sizeof(struct agenda_entry *));
    for (size_t i = 0; i < unit->count; i++)
        sorted[i] = &unit->entries[i];
    if (unit->count > 1)
        qsort(sorted, unit->count, sizeof(struct agenda_entry *), compare_entries);
    return sorted;
}

static const struct agenda_entry *find_alike(const struct agenda_entry *const *sorted,
                                             size_t count, const struct block *block)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_blocks(sorted[middle]->block, block) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && compare_blocks(sorted[low]->block, block) == 0 ? sorted[low] : NULL;
}

static void place_entry(struct agenda_entry *entry, double place);

void agenda_set_plan(struct agenda *agenda, uint16_t unit, const struct plan *plan,
                     int64_t now_ms)
{
    struct agenda_unit *old = &agenda->units[unit];
    struct agenda_unit now = {
        .entries = mem_new(plan->block_count, sizeof *now.entries),
        .count = plan->block_count,
        .dated = {mem_new(plan->block_count, sizeof(struct agenda_entry *)), 0},
        .turns = {mem_new(plan->block_count, sizeof(struct agenda_entry *)), 0},
        .missed = old->missed,
        .place = old->place,
    };
    const struct agenda_entry **sorted = sort_entries(old);
    for (size_t i = 0; i < plan->block_count; i++) {
        struct agenda_entry *entry = &now.entries[i];
        const struct agenda_entry *alike = find_alike(sorted, old->count, &plan->blocks[i]);
        if (alike)
            *entry = *alike;
        else
            become_due(entry, now_ms);
        entry->block = &plan->blocks[i];
        entry->unit = unit;
        place_entry(entry, now.place);
        struct agenda_heap *heap = takes_turns(entry) ? &now.turns : &now.dated;
        heap->entries[heap->count++] = entry;
    }
    order(&now.dated);
    order(&now.turns);
    free(sorted);
    free_unit(old);
    *old = now;
}

// ---- places on the grid ----

// Units that share their shortest period meet at one place of it whatever the longer ones are:
// the place within a second, and which second.
static void place_entry(struct agenda_entry *entry, double place)
{
    enum { WHOLE_MS = 1000 };
    int64_t period_ms = entry->block->every_ms;
    if (period_ms <= 0)
        return;
    int64_t wholes = period_ms / WHOLE_MS;
    if (wholes == 0)
        entry->phase_ms = (int64_t)(place * (double)period_ms);
    else
        entry->phase_ms =
            (int64_t)(place * (double)wholes) * WHOLE_MS + (int64_t)(place * (double)WHOLE_MS);
}

void agenda_spread(struct agenda *agenda, double offset)
{
    size_t blocks = 0;
    size_t before = 0;
    for (size_t i = 0; i < agenda->unit_count; i++)
        blocks += agenda->units[i].count;
    for (size_t i = 0; i < agenda->unit_count; i++) {
        struct agenda_unit *unit = &agenda->units[i];
        double place = offset + (blocks ? (double)before / (double)blocks : 0);
        unit->place = place - (double)(int64_t)place;
        before += unit->count;
        for (size_t k = 0; k < unit->count; k++)
            place_entry(&unit->entries[k], unit->place);
    }
}

// ---- dates ----

struct agenda_entry *agenda_first(const struct agenda *agenda, uint16_t unit, bool dated)
{
    const struct agenda_unit *whose = &agenda->units[unit];
    const struct agenda_heap *heap = dated ? &whose->dated : &whose->turns;
    return heap->count ? heap->entries[0] : NULL;
}

void agenda_put_off(struct agenda *agenda, struct agenda_entry *entry, int64_t until_ms)
{
    if (until_ms <= entry->at_ms)
        return;
    entry->at_ms = until_ms;
    replace(agenda, entry);
}

// The first date of the grid far enough ahead that the block is not asked twice in a row.
static int64_t first_date(const struct agenda_entry *entry, int64_t now_ms)
{
    int64_t period_ms = entry->block->every_ms;
    int64_t ahead_ms = now_ms + period_ms / 4 - entry->phase_ms;
    int64_t passed = ahead_ms / period_ms - (ahead_ms % period_ms < 0);
    return (passed + 1) * period_ms + entry->phase_ms;
}

// The next date on the grid of the period; dates that passed meanwhile are missed.
static void next_date(struct agenda *agenda, struct agenda_entry *entry, int64_t now_ms)
{
    int64_t period_ms = entry->block->every_ms;
    if (!entry->is_on_grid) {
        entry->due_ms = first_date(entry, now_ms);
        entry->is_on_grid = true;
        return;
    }
    int64_t late_ms = now_ms - entry->due_ms;
    int64_t passed = late_ms > 0 ? late_ms / period_ms : 0;
    entry->missed += (uint64_t)passed;
    agenda->units[entry->unit].missed += (uint64_t)passed;
    entry->due_ms += (passed + 1) * period_ms;
}

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t pause_after_refusal(const struct agenda_entry *entry)
{
    int64_t pause_ms = REFUSED_MS;
    for (uint32_t i = 1; i < entry->refusals && pause_ms < LONGEST_REFUSED_MS; i++)
        pause_ms *= 4;
    if (pause_ms > LONGEST_REFUSED_MS)
        pause_ms = LONGEST_REFUSED_MS;
    return longer(entry->block->every_ms, pause_ms);
}

// A pause of its own, after which it is due as it stands.
static void pause_until(struct agenda_entry *entry, int64_t until_ms)
{
    entry->due_ms = until_ms;
    entry->is_on_grid = false;
}

static void set_date(struct agenda *agenda, struct agenda_entry *entry,
                     enum agenda_outcome outcome, int64_t now_ms)
{
    int64_t period_ms = entry->block->every_ms;
    switch (outcome) {
    case AGENDA_READ:
    case AGENDA_LATER:
    case AGENDA_FAILED:
        if (period_ms > 0)
            next_date(agenda, entry, now_ms);
        else if (outcome != AGENDA_READ)
            pause_until(entry, now_ms + (period_ms == 0 ? BUSY_MS : RETRY_MS));
        else
            entry->due_ms = period_ms == EVERY_CONNECT ? NOT_UNTIL_RECONNECT : now_ms;
        return;
    case AGENDA_SKIPPED:
        pause_until(entry, now_ms + longer(period_ms, SKIP_MS));
        return;
    case AGENDA_NOT_FITTED:
        pause_until(entry, now_ms + NOT_FITTED_MS);
        return;
    case AGENDA_REFUSED:
        pause_until(entry, now_ms + pause_after_refusal(entry));
        return;
    case AGENDA_SILENT:
        return;
    }
}

void agenda_settle(struct agenda *agenda, struct agenda_entry *entry,
                   enum agenda_outcome outcome, int64_t now_ms)
{
    if (outcome != AGENDA_SILENT) {
        entry->refusals = outcome == AGENDA_REFUSED ? entry->refusals + 1 : 0;
        entry->laters = outcome == AGENDA_LATER ? entry->laters + 1 : 0;
    }
    set_date(agenda, entry, outcome, now_ms);
    entry->at_ms = longer(entry->due_ms, now_ms);
    replace(agenda, entry);
}

static void become_due_where(struct agenda *agenda, uint16_t unit, int64_t now_ms,
                             bool (*is_meant)(const struct agenda_entry *entry))
{
    struct agenda_unit *whose = &agenda->units[unit];
    for (size_t i = 0; i < whose->count; i++) {
        if (is_meant(&whose->entries[i]))
            become_due(&whose->entries[i], now_ms);
    }
    order(&whose->dated);
    order(&whose->turns);
}

static bool waits_for_connection(const struct agenda_entry *entry)
{
    return entry->block->every_ms == EVERY_CONNECT || entry->block->optional;
}

static bool is_not_refused(const struct agenda_entry *entry)
{
    return entry->refusals == 0;
}

void agenda_ask_again(struct agenda *agenda, uint16_t unit, const struct block *block,
                      int64_t at_ms)
{
    struct agenda_unit *whose = &agenda->units[unit];
    for (size_t i = 0; i < whose->count; i++) {
        if (compare_blocks(whose->entries[i].block, block) == 0) // perhaps of a former plan
            become_due(&whose->entries[i], at_ms);
    }
    order(&whose->dated);
    order(&whose->turns);
}

void agenda_reconnected(struct agenda *agenda, uint16_t unit, int64_t now_ms)
{
    become_due_where(agenda, unit, now_ms, waits_for_connection);
}

void agenda_restart(struct agenda *agenda, uint16_t unit, int64_t now_ms)
{
    become_due_where(agenda, unit, now_ms, is_not_refused);
}

static bool meets(const struct block *block, const struct span *span)
{
    return block->table == span->table && block->model == span->model &&
           block->address < span->address + span->count &&
           span->address < block->address + block->count;
}

void agenda_hasten(struct agenda *agenda, uint16_t unit, const struct span *span,
                   int64_t now_ms)
{
    struct agenda_unit *whose = &agenda->units[unit];
    for (size_t i = 0; i < whose->count; i++) {
        struct agenda_entry *entry = &whose->entries[i];
        if (meets(entry->block, span) && is_not_refused(entry))
            become_due(entry, now_ms);
    }
    order(&whose->dated);
    order(&whose->turns);
}
