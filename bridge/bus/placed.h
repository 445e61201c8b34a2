// SPDX-License-Identifier: MIT
// Requests that must reach the device of the map and no other, at the address they get when
// they are sent: one that counts from a SunSpec model of the map has it by the chain that was
// walked over this very connection. The owner of the line calls it.
#ifndef BUS_PLACED_H
#define BUS_PLACED_H

#include "bus/line.h"
#include "wire/pdu.h"

// line_transact of a request that counts from `model` (as of a point). Who the unit is is
// settled first (bus/identity) unless that was done over the open connection: equipment that
// was away may come back as another device or with another chain, where a write would go
// astray, and what is read back would say nothing of what was written. FAULT_IDENTITY, and
// nothing is sent, when it is another device or the registers are not there; another fault when
// it is silent; FAULT_EXCEPTION with the code in `ret_answer` when it does not say now who it
// is. line->was_sent is about this request.
enum fault placed_transact(struct line *line, struct unit *unit, const struct request *request,
                           uint8_t model, struct answer *ret_answer);

#endif
