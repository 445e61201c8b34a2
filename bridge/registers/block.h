// SPDX-License-Identifier: MIT
// Which requests to make: the reads that take the least time on the line, for each place,
// period and condition. They never touch an address that is not listed (unless merge_gap allows
// it), is unreadable or is write-only. A value of several words is never torn over two
// requests, nor one from its scale where they may share one (registers/tie.h). What a faster
// request reads anyway comes with it. Pure; a plan is const, any thread.
#ifndef REGISTERS_BLOCK_H
#define REGISTERS_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/map.h"
#include "model/wire_cost.h"

// One read request and the entries it brings.
struct block {
    enum table table;
    int unit_id;   // or NO_INDEX: the device's
    uint8_t model; // as of its entries: what `address` counts from (image_place)
    uint16_t address;
    uint16_t count;             // registers or bits
    int64_t every_ms;           // as point->every_ms
    const struct formula *when; // all its entries have this condition; or NULL
    bool optional;              // a refusal means "not fitted"
    const uint16_t *points;     // indexes of the entries inside, ascending addresses
    size_t point_count;
};

struct plan {
    const struct block *blocks;
    size_t block_count;
};

// What a plan is made of. Everything pointed to must outlive the call, and the map the plan.
struct plan_request {
    const struct map *map;
    const struct modbus_settings *modbus; // of the device: the map's, overridden by the site
    struct wire_cost cost;                // wire_cost_of (wire/cost.h)
    const struct refusal *refusals; // what was learned: no request is made that is refused
    size_t refusal_count;
};

// The requests for all entries that are polled (every_ms is not EVERY_NEED), but for those that
// lie in a refused range, if only in part.
const struct plan *block_plan(struct arena *arena, const struct plan_request *request);

// The requests that read the given entries now, whatever their period; entries without words or
// that cannot be read are left out. What lies in a refused range is asked by itself: it may be
// granted by now.
const struct plan *block_plan_for(struct arena *arena, const struct plan_request *request,
                                  const int *points, size_t point_count);

// The registers or bits one read of this table may hold for this device.
uint16_t block_limit(const struct modbus_settings *modbus, enum table table);

#endif
