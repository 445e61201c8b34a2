// SPDX-License-Identifier: MIT
#include "bus/direction.h"

#include <stddef.h>

// Preferred first: a driver releases the line as the last bit leaves, a process later.
enum direction direction_choose(enum rs485 wanted, struct direction_means means)
{
    bool may_use_mode = wanted == RS485_KERNEL || wanted == RS485_ON;
    bool may_use_rts = wanted == RS485_RTS || wanted == RS485_ON;
    if (wanted == RS485_OFF)
        return DIRECTION_ADAPTER;
    if (may_use_mode && means.has_mode)
        return DIRECTION_DRIVER;
    if (may_use_rts && means.has_rts)
        return DIRECTION_RTS;
    return DIRECTION_IMPOSSIBLE;
}

const char *direction_advice(enum rs485 wanted, struct direction_means means)
{
    if (direction_choose(wanted, means) != DIRECTION_IMPOSSIBLE)
        return NULL;
    if (wanted == RS485_KERNEL && means.has_rts)
        return "its driver has no RS-485 mode: write rs485: off when the adapter switches "
               "direction by itself, as most do, else rs485: rts";
    if (wanted == RS485_KERNEL)
        return "its driver has no RS-485 mode, and it has no RTS line either: write rs485: off";
    if (wanted == RS485_RTS)
        return "it has no RTS line to switch direction with: write rs485: off when the adapter "
               "switches by itself, else rs485: on";
    return "nothing can switch its direction, neither its driver nor an RTS line: write rs485: "
           "off";
}
