// SPDX-License-Identifier: MIT
// What must be read together and what may be asked for, derived once more from the rules of
// docs/maps.md, and the least cost over all sets of requests whatsoever. For small maps only:
// it tries every set.
#ifndef SUPPORT_PLAN_ORACLE_H
#define SUPPORT_PLAN_ORACLE_H

#include "registers/block.h"

enum {
    ROOM = 20, // addresses used
    MOST_POINTS = 6,
    MOST_SPANS = 2,
    MOST_DUTIES = 10,
};

// A map, its settings, and the plan to be judged.
struct oracle_world {
    struct point points[MOST_POINTS];
    struct span unreadable[MOST_SPANS];
    struct span blocks[MOST_SPANS];
    struct span holes[MOST_SPANS];
    struct refusal refusals[MOST_SPANS];
    struct modbus_settings modbus;
    struct map map;
    struct plan_request request;
    struct arena *arena;
    const struct plan *plan;
};

// Addresses that one request has to bring for a value, with the entries it brings.
struct duty {
    int value;
    int from;
    int to;
    unsigned brings; // a bit per entry
};

// The entries that may share requests.
struct group {
    const struct oracle_world *world;
    const struct point *like;
    int exact; // index of the exact request, or NO_INDEX
    struct duty duties[MOST_DUTIES * 2];
    size_t duty_count;
    bool wanted[ROOM + 4];
};

// A value whose words are in one place has one part.
size_t oracle_part_count(const struct point *point);

// The addresses [from, to) of a part.
int oracle_part_from(const struct point *point, size_t part);

int oracle_part_to(const struct point *point, size_t part);

// Whether an entry is read of itself, and nothing of it was refused.
bool oracle_is_polled(const struct oracle_world *world, const struct point *point);

// The first exact request that holds [from, to), or NO_INDEX.
int oracle_exact_of(const struct oracle_world *world, enum table table, int from, int to);

// Whether a part of an entry belongs into requests of the group.
bool oracle_is_part_of(const struct group *group, const struct point *point, size_t part);

// The duties of a group, of which world, like and exact are set.
void oracle_fill_group(struct group *group);

// Whether one request of the group may be [from, to); `also` are wanted besides (bits of
// entries).
bool oracle_may_ask(const struct group *group, int from, int to, unsigned also);

// The duties that a request [from, to) does, as bits; 0 when it may not be asked.
unsigned oracle_done_by(const struct group *group, int from, int to);

// In nanoseconds, as the plan counts.
int64_t oracle_cost_of(const struct group *group, int from, int to);

// The cheapest of all sets of requests that do every duty of the group.
int64_t oracle_least_cost(const struct group *group);

#endif
