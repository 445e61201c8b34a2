// SPDX-License-Identifier: MIT
// Walks the chain of SunSpec models of a unit, once per connection, before anything else is
// asked of it: its map's addresses begin at models. The owner of the line calls it.
#ifndef BUS_MODELS_H
#define BUS_MODELS_H

#include <stddef.h>

#include "bus/line.h"
#include "registers/sunspec.h"
#include "wire/pdu.h"

// Reads the chain and sets the models of the unit's image. FAULT_NONE also when some models of
// the map are not there. FAULT_IDENTITY without marker or with a broken chain; `ret_text` says
// which. FAULT_EXCEPTION when it is not to be had now (busy); a gateway's word that the unit
// does not answer is FAULT_TIMEOUT. Other faults as they are. `ret_text` is "" unless something
// is said.
enum fault models_walk(struct line *line, struct unit *unit, char *ret_text, size_t size);

// Reads the chain alone, with the marker at one of `bases`, and leaves it in `ret_walk`, with
// the text of what went wrong. Faults as of models_walk.
enum fault models_read_chain(struct line *line, struct unit *unit, const uint16_t *bases,
                             size_t base_count, struct sunspec_walk *ret_walk);

// Makes the address of a request that counts from a model of the map (`model` as of a point)
// that of the unit. False, and nothing to be sent, when the registers are not there.
bool models_resolve(const struct unit *unit, uint8_t model, struct request *request);

#endif
