// SPDX-License-Identifier: MIT
#include "sim/outlet.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time_units.h"

void outlet_init(struct outlet *outlet)
{
    *outlet = (struct outlet){.items = mem_new(OUTLET_SLOTS, sizeof *outlet->items)};
}

void outlet_done(struct outlet *outlet)
{
    free(outlet->items);
    *outlet = (struct outlet){0};
}

bool outlet_is_full(const struct outlet *outlet)
{
    return outlet->count == OUTLET_SLOTS;
}

void outlet_add(struct outlet *outlet, const struct outlet_item *item)
{
    assert(!outlet_is_full(outlet));
    size_t at = outlet->count;
    size_t first = outlet->has_begun ? 1 : 0; // what has begun is not overtaken
    while (at > first && outlet->items[at - 1].start_us > item->start_us)
        at--;
    memmove(&outlet->items[at + 1], &outlet->items[at], (outlet->count - at) * sizeof *item);
    outlet->items[at] = *item;
    outlet->count++;
}

static int64_t start_us(const struct outlet *outlet)
{
    int64_t start = outlet->items[0].start_us;
    return start > outlet->free_us ? start : outlet->free_us;
}

int64_t outlet_left_us(const struct outlet *outlet, size_t bytes)
{
    int64_t taken_ns = (int64_t)(outlet->sent + bytes) * outlet->items[0].byte_ns;
    return start_us(outlet) + (taken_ns + NS_PER_US - 1) / NS_PER_US;
}

const uint8_t *outlet_due(struct outlet *outlet, int64_t now_us, size_t *ret_length)
{
    if (!outlet->count || now_us < start_us(outlet))
        return NULL;
    const struct outlet_item *item = &outlet->items[0];
    size_t due = 0;
    while (outlet->sent + due < item->length && outlet_left_us(outlet, due + 1) <= now_us)
        due++;
    outlet->has_begun = true;
    *ret_length = due;
    // An item without bytes is due once: it only ends the connection.
    return *ret_length || !item->length ? item->bytes + outlet->sent : NULL;
}

bool outlet_sent(struct outlet *outlet, size_t length, enum outlet_end *ret_end)
{
    int64_t left_us = outlet_left_us(outlet, length);
    outlet->sent += length;
    if (outlet->sent < outlet->items[0].length)
        return false;
    *ret_end = outlet->items[0].end;
    outlet->free_us = left_us;
    outlet->count--;
    memmove(&outlet->items[0], &outlet->items[1], outlet->count * sizeof *outlet->items);
    outlet->sent = 0;
    outlet->has_begun = false;
    return true;
}

int64_t outlet_next_us(const struct outlet *outlet)
{
    if (!outlet->count)
        return OUTLET_IDLE;
    return outlet->items[0].length ? outlet_left_us(outlet, 1) : start_us(outlet);
}
