// SPDX-License-Identifier: MIT
// What a link knows of its line, for link.c, which opens and closes it, and link_exchange.c,
// which asks and listens. One thread, the bus's.
#ifndef BUS_LINK_STATE_H
#define BUS_LINK_STATE_H

#include "base/time_units.h"
#include "bus/link.h"
#include "bus/link_port.h"
#include "bus/relay.h"
#include "wire/frame.h"

struct link {
    const struct bus_settings *settings;
    enum framing framing;
    struct port port;
    const struct relay *relay; // in place of the port; NULL: none
    uint16_t transaction;
    int64_t silence_us;   // between frames
    int64_t last_byte_us; // when the line was last busy
    bool is_disturbed;    // the serial line must be quiet for long before the next request
    bool echoes;          // the adapter hears itself
    bool answer_came;     // in the last transaction, if only garbled
    struct late late;
    uint8_t bytes[2 * MAX_FRAME]; // received and not yet judged
    size_t length;
    struct link_counters counters;
    struct link_note note;
};

#endif
