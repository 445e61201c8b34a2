// SPDX-License-Identifier: MIT
#include "bus/holds.h"

#include <stdlib.h>

#include "base/mem.h"

void holds_init(struct holds *holds, size_t unit_count)
{
    *holds = (struct holds){.lists = mem_new(unit_count, sizeof(struct hold *)),
                            .unit_count = unit_count};
}

void holds_done(struct holds *holds)
{
    for (size_t i = 0; i < holds->unit_count; i++) {
        while (holds->lists[i]) {
            struct hold *hold = holds->lists[i];
            holds->lists[i] = hold->next;
            hold_free(hold);
        }
    }
    free(holds->lists);
    *holds = (struct holds){0};
}

// Behind those that are there: what is due at the same time is dealt with in order.
void holds_add(struct holds *holds, size_t unit, struct hold *hold)
{
    struct hold **link = &holds->lists[unit];
    while (*link)
        link = &(*link)->next;
    *link = hold;
    hold->next = NULL;
}

void holds_take(struct holds *holds, size_t unit, struct hold *hold)
{
    struct hold **link = &holds->lists[unit];
    while (*link && *link != hold)
        link = &(*link)->next;
    if (*link)
        *link = hold->next;
    hold->next = NULL;
}

struct hold *holds_find_end(const struct holds *holds, size_t unit, int64_t now_ms)
{
    struct hold *found = NULL;
    for (struct hold *hold = holds->lists[unit]; hold; hold = hold->next) {
        if (hold_wants(hold, now_ms) != HOLD_WANTS_END)
            continue;
        if (!found || hold->due_ms < found->due_ms)
            found = hold;
    }
    return found;
}

struct hold *holds_find_ending(const struct holds *holds, size_t unit)
{
    struct hold *hold = holds->lists[unit];
    while (hold && !hold->is_being_over)
        hold = hold->next;
    return hold;
}

static bool is_frame(const struct hold *hold)
{
    return !hold->is_over && hold->due_ms < hold->until_ms;
}

// When a hold is due, as far as its unit and the share of the bus allow; INT64_MAX: not before
// its unit changes.
static int64_t possible_ms(const struct holds *holds, const struct hold *hold,
                           enum holds_access access, int64_t now_ms)
{
    if (hold->is_being_over || access == HOLDS_TAKEN)
        return INT64_MAX;
    bool wants_frame = is_frame(hold) && now_ms < hold->until_ms;
    if (access == HOLDS_AWAY)
        return wants_frame && !hold->is_failing ? hold->due_ms : hold_give_up_ms(hold);
    if (!wants_frame)
        return access == HOLDS_FREE ? hold->due_ms : INT64_MAX;
    int64_t frame_ms =
        hold->due_ms < holds->rest_until_ms ? holds->rest_until_ms : hold->due_ms;
    // The rest is from frames, not from ends.
    return frame_ms < hold->until_ms ? frame_ms : hold->until_ms;
}

struct hold *holds_next(const struct holds *holds, const struct holds_asking *asking,
                        int64_t now_ms, size_t *ret_unit)
{
    struct hold *next = NULL;
    for (size_t i = 0; i < holds->unit_count; i++) {
        if (!holds->lists[i])
            continue;
        enum holds_access access = asking->access(asking->context, i);
        for (struct hold *hold = holds->lists[i]; hold; hold = hold->next) {
            if (possible_ms(holds, hold, access, now_ms) > now_ms ||
                (next && next->due_ms <= hold->due_ms))
                continue;
            next = hold;
            *ret_unit = i;
        }
    }
    return next;
}

int64_t holds_next_ms(const struct holds *holds, const struct holds_asking *asking,
                      int64_t now_ms)
{
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < holds->unit_count; i++) {
        if (!holds->lists[i])
            continue;
        enum holds_access access = asking->access(asking->context, i);
        for (const struct hold *hold = holds->lists[i]; hold; hold = hold->next) {
            int64_t at_ms = possible_ms(holds, hold, access, now_ms);
            next_ms = at_ms < next_ms ? at_ms : next_ms;
        }
    }
    return next_ms;
}

bool holds_has_end(const struct holds *holds, const struct holds_asking *asking,
                   int64_t until_ms)
{
    for (size_t i = 0; i < holds->unit_count; i++) {
        if (!holds->lists[i] || asking->access(asking->context, i) == HOLDS_AWAY)
            continue;
        for (const struct hold *hold = holds->lists[i]; hold; hold = hold->next) {
            if (hold->is_over && hold->due_ms < until_ms)
                return true;
        }
    }
    return false;
}

void holds_note_cost(struct holds *holds, int64_t cost_ms, int64_t now_ms)
{
    holds->rest_until_ms = now_ms + HOLDS_REST_FACTOR * cost_ms;
}

void holds_finish_all(struct holds *holds, int64_t now_ms)
{
    for (size_t i = 0; i < holds->unit_count; i++) {
        for (struct hold *hold = holds->lists[i]; hold; hold = hold->next)
            hold_finish(hold, now_ms);
    }
}
