// SPDX-License-Identifier: MIT
// One read of a block of a unit: sent once, stored into the unit's image. The owner of the line
// calls it.
#ifndef BUS_POLL_H
#define BUS_POLL_H

#include "bus/agenda.h"
#include "bus/line.h"

// The request that reads a block of a unit.
struct request poll_request(const struct unit *unit, const struct block *block);

// Reads a block of the unit's plan (or any block of its map) and writes what came of it into
// `ret_reading` (device, block, times, words or fault). A busy unit (AGENDA_LATER) changes
// nothing that is known of the registers. A gateway's word that the unit behind it is silent is
// that silence: FAULT_TIMEOUT. Health is left to the caller.
enum agenda_outcome poll_block(struct line *line, struct unit *unit, const struct block *block,
                               struct reading *ret_reading);

#endif
