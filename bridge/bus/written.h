// SPDX-License-Identifier: MIT
// What a write request has done, as far as its sender can know. Pure, any thread.
#ifndef BUS_WRITTEN_H
#define BUS_WRITTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "model/map.h"
#include "model/message.h"
#include "wire/pdu.h"

// Whether it has certainly had no effect: no byte of it left, or the equipment says so.
bool written_is_void(bool was_sent, enum fault fault, const struct answer *answer);

// Whether it writes words of an entry of the device whose unit id is `unit_id`. `model`: what
// its address counts from, as of a point.
bool written_touches(const struct map *map, int unit_id, const struct request *request,
                     uint8_t model, int point);

#endif
