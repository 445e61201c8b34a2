// SPDX-License-Identifier: MIT
// What a unit is known to refuse, and the plan that follows: the rest in few requests, each
// refusal by itself so that it is noticed when it is granted again. Pure. One owner.
#ifndef BUS_REFUSED_H
#define BUS_REFUSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/message.h"
#include "registers/block.h"

enum { MAX_REFUSED_PLANS = 64 };

struct refused_item {
    struct refusal refusal;
    int64_t since_ms;
};

struct refused {
    struct refused_item *items; // by unit id, table and address
    size_t count;
    struct refusal *refusals; // the same, as a plan wants them
    unsigned plans;           // that were made
};

// Frees what was learned; it may be used again.
void refused_done(struct refused *refused);

// Adds a refusal; false when its request is known already.
bool refused_add(struct refused *refused, const struct refused_item *item);

// The refusal that a block asks for by itself, or NULL.
const struct refused_item *refused_find(const struct refused *refused,
                                        const struct block *block);

// The length that is known to be refused where this one is, or NULL.
const struct refused_item *refused_find_length(const struct refused *refused,
                                               const struct refusal *like);

// Forgets what has the request of this one.
void refused_remove(struct refused *refused, const struct refusal *refusal);

// Forgets all that is refused.
void refused_forget(struct refused *refused);

// Whether what is refused has changed so often that what is granted again is to stay a request
// of its own: it costs time on the line, but a plan, once made, lives as long as the process.
bool refused_is_restless(const struct refused *refused);

// The requests for a unit: what `planning` asks for without what is refused, then one for each
// refusal: a range with the shortest period of its entries, but from one second to half a
// minute, the others without entries. They live in the arena. *planning knows the refusals from
// here on, as long as they do not change.
const struct plan *refused_plan(struct refused *refused, struct arena *arena,
                                struct plan_request *planning);

#endif
