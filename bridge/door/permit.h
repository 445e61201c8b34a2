// SPDX-License-Identifier: MIT
// What other masters may ask of a shared bus: everything that reads, and the writes that the
// site lists. Pure, any thread.
#ifndef DOOR_PERMIT_H
#define DOOR_PERMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/site.h"
#include "wire/pdu.h"

// 0 when the request may go to the bus, else the exception to answer with. 1: a write to a unit
// of which nothing may be written; 2: a write outside what may be written of it; 10: unit 0 of
// a serial line, which is everybody at once and answers nobody.
uint8_t permit_judge(const struct share_settings *share, bool is_serial,
                     const struct request *request);

#endif
