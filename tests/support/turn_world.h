// SPDX-License-Identifier: MIT
// What a turn is chosen from: units with their health and blocks, and an agenda. Time is a
// number of the test; nothing sleeps.
#ifndef SUPPORT_TURN_WORLD_H
#define SUPPORT_TURN_WORLD_H

#include "bus/turn.h"

enum { MAX_UNITS = 8, MAX_BLOCKS = 6 };

struct turn_world {
    struct health health[MAX_UNITS];
    struct turn_unit units[MAX_UNITS];
    struct block blocks[MAX_UNITS][MAX_BLOCKS];
    struct plan plans[MAX_UNITS];
    struct agenda agenda;
    struct late late;
    struct turn turn;
};

// `units` of unknown health, without blocks, on a link that is open, with nothing but polls to
// do. Free it with turn_world_free.
struct turn_world *turn_world_new(size_t units);

// One more block of holding registers of the unit; blocks of a unit differ in address and
// count.
void turn_world_add(struct turn_world *world, size_t unit, int64_t every_ms);

// Puts the blocks on the agenda, due from now_ms on.
void turn_world_begin(struct turn_world *world, int64_t now_ms);

void turn_world_free(struct turn_world *world);

// Two units that are online, a block each, every second, from 1000 ms on.
struct turn_world *turn_world_pair(void);

// The unit is offline; it may be probed from retry_at_ms on.
void turn_world_kill(struct turn_world *world, size_t unit, int64_t retry_at_ms);

#endif
