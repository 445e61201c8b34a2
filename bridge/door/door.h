// SPDX-License-Identifier: MIT
// The door of a shared bus: a Modbus TCP server through which other masters reach its
// equipment. A thread of its own serves it, so that whatever its callers do nothing else waits
// for them; what they may ask goes to the bus as guests (wire/guest.h) and comes back to the
// door. Everything is bounded: callers, what each may have under way, its pace and its silence.
#ifndef DOOR_DOOR_H
#define DOOR_DOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mailbox.h"
#include "model/site.h"
#include "model/status.h"
#include "wire/guest.h"

enum {
    DOOR_MAX_CALLERS = 16,
    DOOR_EVICT_MS = 10 * 1000, // silent for so long, a caller makes way for a new one
};

struct door;

// What a door needs of its owner; called by the door's thread.
struct door_owner {
    void *bus;
    // Hands a guest to the bus; ownership moves on true, false when it takes none now.
    bool (*ask)(void *bus, struct guest *guest);
    void (*withdraw)(void *bus, const struct mailbox *answers, uint64_t ticket);
    void *main;
    // Something has changed; at most once a second.
    void (*report)(void *main, const struct share_status *status);
};

// Listens and starts the thread. `bus` is the bus's index in the site; its settings (with a
// share) must outlive the door. NULL with err.
struct door *door_start(const struct bus_settings *settings, uint16_t bus,
                        const struct door_owner *owner, struct error *err);

// Ends the thread and closes everything. The bus may still give guests back until it has ended:
// the door is freed after that.
void door_stop(struct door *door);
void door_free(struct door *door);

#endif
