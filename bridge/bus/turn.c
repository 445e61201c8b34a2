// SPDX-License-Identifier: MIT
#include "bus/turn.h"

enum { UNDATED_SHARE = 20 }; // one request in so many needs no date

static void sooner(int64_t *until_ms, int64_t at_ms)
{
    if (at_ms < *until_ms)
        *until_ms = at_ms;
}

static bool others_live(const struct turn *turn)
{
    for (size_t i = 0; i < turn->agenda->unit_count; i++) {
        if (turn->units[i].health->state == HEALTH_ONLINE)
            return true;
    }
    return false;
}

// The dead unit whose turn it is; notes when the next one comes.
static bool choose_probe(const struct turn *turn, int64_t now_ms, struct turn_choice *choice)
{
    const struct turn_unit *chosen = NULL;
    int64_t from_ms = probing_from_ms(&turn->probing, others_live(turn));
    for (size_t i = 0; i < turn->agenda->unit_count; i++) {
        const struct turn_unit *unit = &turn->units[i];
        if (!health_is_dead(unit->health) || !unit->can_be_probed || unit->in_command)
            continue;
        int64_t at_ms = unit->health->retry_at_ms;
        if (from_ms > at_ms)
            at_ms = from_ms;
        if (unit->free_ms > at_ms)
            at_ms = unit->free_ms;
        sooner(&choice->until_ms, at_ms);
        if (at_ms > now_ms)
            continue;
        if (!chosen || unit->health->retry_at_ms < chosen->health->retry_at_ms)
            chosen = unit;
    }
    if (!chosen)
        return false;
    choice->kind = TURN_PROBE;
    choice->unit = (uint16_t)(chosen - turn->units);
    return true;
}

// Whether a unit may be asked anything but a probe; notes when it may be.
static bool may_poll(const struct turn_unit *unit, int64_t now_ms, int64_t *until_ms)
{
    if (health_is_dead(unit->health) || unit->in_command)
        return false;
    if (unit->free_ms > now_ms)
        sooner(until_ms, unit->free_ms);
    return unit->free_ms <= now_ms;
}

// The unit's first entry that may be asked now; what a late answer forbids is put off.
static struct agenda_entry *first_allowed(struct turn *turn, uint16_t unit, bool dated,
                                          int64_t now_ms)
{
    for (;;) {
        struct agenda_entry *entry = agenda_first(turn->agenda, unit, dated);
        if (!entry || entry->at_ms > now_ms || !turn->late)
            return entry;
        const struct block *block = entry->block;
        uint8_t unit_id =
            block->unit_id == NO_INDEX ? turn->units[unit].unit_id : (uint8_t)block->unit_id;
        int64_t until_us = late_until_us(turn->late, unit_id, pdu_read_function(block->table),
                                         block->count, now_ms * 1000);
        if (until_us == 0)
            return entry;
        agenda_put_off(turn->agenda, entry, until_us / 1000 + 1);
    }
}

// The earliest date, or the longest wait, of all units.
static struct agenda_entry *choose_entry(struct turn *turn, bool dated, int64_t now_ms,
                                         int64_t *until_ms)
{
    struct agenda_entry *chosen = NULL;
    for (size_t i = 0; i < turn->agenda->unit_count; i++) {
        struct agenda_entry *entry = first_allowed(turn, (uint16_t)i, dated, now_ms);
        if (!entry || entry->due_ms == INT64_MAX)
            continue;
        int64_t pause_ms = INT64_MAX;
        if (!may_poll(&turn->units[i], now_ms, &pause_ms)) {
            sooner(until_ms, pause_ms);
            continue;
        }
        sooner(until_ms, entry->at_ms);
        if (entry->at_ms > now_ms)
            continue;
        if (!chosen || entry->due_ms < chosen->due_ms ||
            (entry->due_ms == chosen->due_ms &&
             turn->units[i].served < turn->units[chosen->unit].served))
            chosen = entry;
    }
    return chosen;
}

static bool choose_search(const struct turn *turn, int64_t now_ms, struct turn_choice *choice)
{
    for (size_t i = 0; i < turn->agenda->unit_count; i++) {
        const struct turn_unit *unit = &turn->units[i];
        if (!unit->searches || unit->health->state != HEALTH_ONLINE || unit->in_command)
            continue;
        int64_t at_ms = unit->search_ms > unit->free_ms ? unit->search_ms : unit->free_ms;
        sooner(&choice->until_ms, at_ms);
        if (at_ms > now_ms)
            continue;
        choice->kind = TURN_SEARCH;
        choice->unit = (uint16_t)i;
        return true;
    }
    return false;
}

static bool choose_dated(struct turn *turn, int64_t now_ms, struct turn_choice *choice)
{
    struct agenda_entry *entry = choose_entry(turn, true, now_ms, &choice->until_ms);
    if (!entry)
        return false;
    turn->dated_in_row++;
    choice->kind = TURN_POLL;
    choice->unit = entry->unit;
    choice->entry = entry;
    return true;
}

static bool choose_undated(struct turn *turn, int64_t now_ms, struct turn_choice *choice)
{
    if (choose_search(turn, now_ms, choice)) {
        turn->dated_in_row = 0;
        return true;
    }
    struct agenda_entry *entry = choose_entry(turn, false, now_ms, &choice->until_ms);
    if (!entry)
        return false;
    turn->dated_in_row = 0;
    choice->kind = TURN_POLL;
    choice->unit = entry->unit;
    choice->entry = entry;
    return true;
}

static bool choose_request(struct turn *turn, int64_t now_ms, struct turn_choice *choice)
{
    if (choose_probe(turn, now_ms, choice))
        return true;
    if (turn->dated_in_row + 1 >= UNDATED_SHARE && choose_undated(turn, now_ms, choice))
        return true;
    return choose_dated(turn, now_ms, choice) || choose_undated(turn, now_ms, choice);
}

// Between two moves of a command a hold that is due gets one: of another unit, since that of
// the command's own is not due meanwhile.
static bool is_turn_of_hold(const struct turn *turn, int64_t now_ms)
{
    if (turn->hold_ms > now_ms)
        return false;
    return turn->job_ms > now_ms || (turn->job_has_begun && turn->job_was_last);
}

// A guest whose rest is not over goes where it is through before anything else wants the bus.
static bool guest_fits(const struct turn *turn, int64_t now_ms, struct turn_choice *choice)
{
    if (turn->guest_ms == INT64_MAX)
        return false;
    if (turn->guest_ms <= now_ms && choice->until_ms - now_ms >= turn->guest_cost_ms)
        return true;
    bool rests = turn->guest_rest_ms > turn->guest_ms;
    sooner(&choice->until_ms, rests ? turn->guest_rest_ms : turn->guest_ms);
    return false;
}

static void choose_among_requests(struct turn *turn, int64_t now_ms, struct turn_choice *choice)
{
    bool is_guests_turn = turn->guest_ms <= now_ms && turn->guest_rest_ms <= now_ms;
    if (!is_guests_turn && choose_request(turn, now_ms, choice))
        turn->units[choice->unit].served = turn->count;
    else if (is_guests_turn || guest_fits(turn, now_ms, choice))
        choice->kind = TURN_GUEST;
}

struct turn_choice turn_choose(struct turn *turn, int64_t now_ms)
{
    struct turn_choice choice = {.kind = TURN_WAIT, .until_ms = turn->job_ms};
    sooner(&choice.until_ms, turn->hold_ms);
    turn->count++;
    // First: while it is opened orders are taken, while a command waits for it none are.
    if (!turn->is_open && !turn->is_stopping && turn->open_at_ms <= now_ms) {
        choice.kind = TURN_OPEN;
        return choice;
    }
    if (choice.until_ms <= now_ms) {
        choice.kind = is_turn_of_hold(turn, now_ms) ? TURN_HOLD : TURN_JOB;
        turn->job_was_last = choice.kind == TURN_JOB;
        return choice;
    }
    if (turn->is_stopping)
        return choice;
    if (!turn->is_open) {
        sooner(&choice.until_ms, turn->open_at_ms);
        return choice;
    }
    choose_among_requests(turn, now_ms, &choice);
    return choice;
}
