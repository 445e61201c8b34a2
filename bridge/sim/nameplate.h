// SPDX-License-Identifier: MIT
// What a simulated device says of itself when it is asked for its identification (function 43):
// vendor and model of its map, or what the map's simulation section says. Pure, any thread.
#ifndef SIM_NAMEPLATE_H
#define SIM_NAMEPLATE_H

#include "model/map.h"
#include "wire/pdu.h"

// Answers a parsed request for the identification; a device that has none, or whose map says
// so, does not know the function.
void nameplate_answer(const struct map *map, const struct request *request,
                      struct answer *ret_answer);

#endif
