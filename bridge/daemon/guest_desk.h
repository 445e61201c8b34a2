// SPDX-License-Identifier: MIT
// The requests "transact" and "buses" of the control socket: tools ask the equipment through
// the daemon, as guests of its buses (bus/guests.h). A tool that goes away before its answer
// came is not asked for any more. The main thread owns it.
#ifndef DAEMON_GUEST_DESK_H
#define DAEMON_GUEST_DESK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mailbox.h"
#include "daemon/control.h"

struct daemon;

enum { GUEST_PATIENCE_MS = 20 * 1000 }; // in which a bus must have had time for it

// A guest under way. It stays so until the bus has given it back.
struct guest_visit {
    bool is_open;
    bool is_withdrawn;
    uint16_t bus;
    uint64_t number; // the guest's ticket
    struct control_ticket ticket;
};

struct guest_desk {
    struct mailbox *answers; // of struct guest *
    struct guest_visit visits[CONTROL_MAX_CLIENTS];
    uint64_t number;
};

// -1 with errno when the system has no more descriptors.
int guest_desk_init(struct guest_desk *desk);

// When every bus has ended.
void guest_desk_done(struct guest_desk *desk);

// A bus has ended: whom it has not answered is refused.
void guest_desk_leave(struct daemon *daemon, uint16_t bus);

// Passes on what the buses have given back, and withdraws the guests of clients that are gone.
void guest_desk_turn(struct daemon *daemon, int64_t now_ms);

// Rows of daemon/control_table.
void transact_take_request(void *context, const struct control_request *request,
                           struct control_ticket ticket);
void buses_take_request(void *context, const struct control_request *request,
                        struct control_ticket ticket);

#endif
