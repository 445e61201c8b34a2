// SPDX-License-Identifier: MIT
// The guests of one bus: requests of other masters and of tools, which wait for a place between
// the bus's own transactions, and whose turn it is. Pure bookkeeping: time is an argument. One
// owner.
//
// They get a quarter of the bus's time while the bus has dates to keep: after a guest the bus
// is left to others three times as long as that took, and then the next one comes before what
// is due. All the rest of the time is theirs as far as nothing comes late by it: a guest goes
// when what it is expected to take fits in before the next date. A unit id that was silent last
// time is expected to be silent again.
#ifndef BUS_GUESTS_H
#define BUS_GUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/guest.h"

enum {
    MAX_GUESTS = 32, // that wait; further ones are turned away
    GUEST_REST_FACTOR = 3,
    UNIT_IDS = 256,
};

struct guests {
    struct guest *waiting[MAX_GUESTS]; // oldest first
    size_t count;
    int64_t rest_until_ms; // before that, only in time that nobody wants
    int64_t *cost_ms;      // UNIT_IDS, of the last request to each; 0: none yet. NULL: no guest
                           // was asked yet, as on most buses for ever
    uint64_t ended[GUEST_END_COUNT];
};

// Frees what it holds, guests that still wait included; all zero is allowed.
void guests_done(struct guests *guests);

// Takes ownership of a guest; false, and nothing is done, when too many wait.
bool guests_add(struct guests *guests, struct guest *guest);

// Takes a guest out of those that wait; the caller owns it.
struct guest *guests_take(struct guests *guests, size_t index);

// Puts one back that was taken from there.
void guests_put_back(struct guests *guests, size_t index, struct guest *guest);

// The place of a guest among those that wait; MAX_GUESTS when it is not there.
size_t guests_find(const struct guests *guests, const struct mailbox *answers, uint64_t ticket);

// When a guest may be asked as far as its unit and the line go; INT64_MAX: not before something
// else happens.
struct guests_asking {
    void *context;
    int64_t (*from_ms)(void *context, const struct guest *guest);
};

// The guest that comes first: of those that may be asked now the one that came first, else the
// one that may be asked soonest, from *ret_from_ms on. MAX_GUESTS when none waits.
size_t guests_next(const struct guests *guests, const struct guests_asking *asking,
                   int64_t now_ms, int64_t *ret_from_ms);

// What a request to a unit id is expected to take, when `fresh_ms` is expected of one that was
// not asked before.
int64_t guests_cost_ms(const struct guests *guests, uint8_t unit_id, int64_t fresh_ms);

// A guest was asked, from `began_ms` to `ended_ms`.
void guests_note(struct guests *guests, uint8_t unit_id, int64_t began_ms, int64_t ended_ms);

// When the first of those that wait is not waited for any more; INT64_MAX: none waits.
int64_t guests_until_ms(const struct guests *guests);

#endif
