// SPDX-License-Identifier: MIT
// Requests whose address counts from a SunSpec model of the map: they get it when they are
// sent, by the chain that was walked over this very connection. The owner of the line calls it.
#ifndef BUS_PLACED_H
#define BUS_PLACED_H

#include "bus/line.h"
#include "wire/pdu.h"

// line_transact of a request that counts from `model` (as of a point). Where the map walks a
// chain, it is walked first unless that was done over the open connection: equipment that was
// away may come back with another chain, and a write must not go astray. FAULT_IDENTITY, and
// nothing is sent, when the registers are not there. line->was_sent is about this request.
enum fault placed_transact(struct line *line, struct unit *unit, const struct request *request,
                           uint8_t model, struct answer *ret_answer);

#endif
