// SPDX-License-Identifier: MIT
// The doors of the buses that are shared (door/door.h), and what is known of their callers. The
// main thread owns it.
#ifndef DAEMON_DOORS_H
#define DAEMON_DOORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/mailbox.h"
#include "bus/bus.h"
#include "model/site.h"
#include "model/status.h"

struct open_door;

struct doors {
    struct mailbox *from_buses; // where doors report to
    struct open_door *items;    // by the bus's place
    size_t count;
};

// No doors yet; what the buses answer comes through `from_buses`.
void doors_init(struct doors *doors, struct mailbox *from_buses);

// Every door is closed and every bus has ended.
void doors_done(struct doors *doors);

// Opens the door of a bus that has just started, if it is shared. A place where it cannot be
// opened is logged: bridging goes on without it.
void doors_open(struct doors *doors, uint16_t place, const struct bus_settings *settings,
                struct bus *bus);

// Closes it, before its bus is asked to end: its callers are gone. What the bus still gives
// back is kept until doors_forget, after it has ended.
void doors_close(struct doors *doors, uint16_t place);
void doors_forget(struct doors *doors, uint16_t place);

// What a door has to say. A line is logged when refusals begin after a time without.
void doors_take(struct doors *doors, const struct share_status *status,
                const struct bus_settings *settings, int64_t now_ms);

// The last word of a bus's door; NULL: it has none.
const struct share_status *doors_status(const struct doors *doors, size_t place);

#endif
