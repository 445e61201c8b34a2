// SPDX-License-Identifier: MIT
// What a unit is known to refuse, and the plan that follows: the rest in few requests, each
// refused range by itself so that it is noticed when it is granted again. Pure. One owner.
#ifndef BUS_REFUSED_H
#define BUS_REFUSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/message.h"
#include "registers/block.h"

enum { MAX_REFUSED_PLANS = 64 };

struct refused_range {
    struct span span;
    uint8_t exception;
    int64_t since_ms;
};

struct refused {
    struct refused_range *ranges;
    struct span *spans; // the same, as a plan wants them
    size_t count;
    uint16_t register_limit; // what one request is granted at most; 0: what the map says
    uint16_t bit_limit;
    struct modbus_settings modbus; // of the plan, with these limits
    unsigned plans;                // that were made
};

void refused_done(struct refused *refused);

// Adds a range; false when it is known already.
bool refused_add(struct refused *refused, const struct refused_range *range);

// The range that a block asks for by itself, or NULL.
const struct refused_range *refused_find(const struct refused *refused,
                                         const struct block *block);

// At most so many registers (or bits, by the table) are granted together.
void refused_limit(struct refused *refused, enum table table, uint16_t count);

void refused_remove(struct refused *refused, const struct span *span);

// Forgets all that is refused.
void refused_forget(struct refused *refused);

// Whether what is refused has changed so often that what is granted again is to stay a request
// of its own: it costs time on the line, but a plan, once made, lives as long as the process.
bool refused_is_restless(const struct refused *refused);

// The requests for a unit: what `planning` asks for without what is refused, then one for each
// refused range, with the shortest period of its entries, but from one second to half a minute.
// They live in the arena.
const struct plan *refused_plan(struct refused *refused, struct arena *arena,
                                const struct plan_request *planning);

#endif
