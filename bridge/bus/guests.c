// SPDX-License-Identifier: MIT
#include "bus/guests.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void guests_done(struct guests *guests)
{
    while (guests->count > 0)
        free(guests_take(guests, guests->count - 1));
    free(guests->cost_ms);
    *guests = (struct guests){0};
}

bool guests_add(struct guests *guests, struct guest *guest)
{
    if (guests->count == MAX_GUESTS)
        return false;
    guests->waiting[guests->count++] = guest;
    return true;
}

struct guest *guests_take(struct guests *guests, size_t index)
{
    struct guest *guest = guests->waiting[index];
    guests->count--;
    memmove(&guests->waiting[index], &guests->waiting[index + 1],
            (guests->count - index) * sizeof(struct guest *));
    return guest;
}

void guests_put_back(struct guests *guests, size_t index, struct guest *guest)
{
    memmove(&guests->waiting[index + 1], &guests->waiting[index],
            (guests->count - index) * sizeof(struct guest *));
    guests->waiting[index] = guest;
    guests->count++;
}

size_t guests_find(const struct guests *guests, const struct mailbox *answers, uint64_t ticket)
{
    for (size_t i = 0; i < guests->count; i++) {
        if (guests->waiting[i]->answers == answers && guests->waiting[i]->ticket == ticket)
            return i;
    }
    return MAX_GUESTS;
}

size_t guests_next(const struct guests *guests, const struct guests_asking *asking,
                   int64_t now_ms, int64_t *ret_from_ms)
{
    size_t next = MAX_GUESTS;
    *ret_from_ms = INT64_MAX;
    for (size_t i = 0; i < guests->count; i++) {
        int64_t from_ms = asking->from_ms(asking->context, guests->waiting[i]);
        if (next < MAX_GUESTS && from_ms >= *ret_from_ms)
            continue;
        next = i;
        *ret_from_ms = from_ms;
        if (from_ms <= now_ms)
            break;
    }
    return next;
}

int64_t guests_cost_ms(const struct guests *guests, uint8_t unit_id, int64_t fresh_ms)
{
    int64_t cost_ms = guests->cost_ms ? guests->cost_ms[unit_id] : 0;
    return cost_ms ? cost_ms : fresh_ms;
}

void guests_note(struct guests *guests, uint8_t unit_id, int64_t began_ms, int64_t ended_ms)
{
    int64_t cost_ms = ended_ms - began_ms;
    if (!guests->cost_ms)
        guests->cost_ms = mem_new(UNIT_IDS, sizeof *guests->cost_ms);
    guests->cost_ms[unit_id] = cost_ms > 0 ? cost_ms : 1;
    guests->rest_until_ms = ended_ms + cost_ms * GUEST_REST_FACTOR;
}

int64_t guests_until_ms(const struct guests *guests)
{
    int64_t until_ms = INT64_MAX;
    for (size_t i = 0; i < guests->count; i++) {
        if (guests->waiting[i]->until_ms < until_ms)
            until_ms = guests->waiting[i]->until_ms;
    }
    return until_ms;
}
