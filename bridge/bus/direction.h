// SPDX-License-Identifier: MIT
// Who switches an RS-485 transceiver between sending and receiving. Pure.
#ifndef BUS_DIRECTION_H
#define BUS_DIRECTION_H

#include <stdbool.h>

#include "model/site.h"

enum direction {
    DIRECTION_ADAPTER,    // it does so by itself
    DIRECTION_DRIVER,     // the port's driver: TIOCSRS485
    DIRECTION_RTS,        // the bus, with the RTS line around each frame
    DIRECTION_IMPOSSIBLE, // what the site wants the port cannot do
};

// What a port was found to have.
struct direction_means {
    bool has_mode; // its driver took the RS-485 mode
    bool has_rts;  // it has modem lines
};

// Who switches the transceiver, by what is wanted and what there is.
enum direction direction_choose(enum rs485 wanted, struct direction_means means);

// For the installer: why it is impossible, and what to write instead. Follows the port's name.
const char *direction_advice(enum rs485 wanted, struct direction_means means);

#endif
