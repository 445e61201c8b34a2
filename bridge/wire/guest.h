// SPDX-License-Identifier: MIT
// A request of somebody who is not part of the plan - another master, a command-line tool - on
// its way to a bus and back. It names raw addresses and means what the equipment makes of it.
// Plain data on the heap; owned by whoever holds the pointer (free), which moves with it.
#ifndef WIRE_GUEST_H
#define WIRE_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mailbox.h"
#include "wire/pdu.h"

// What the bus has done with it.
enum guest_end {
    GUEST_ASKED,   // it was sent, once: see `fault`
    GUEST_LINK,    // the link is not open: FAULT_LINK
    GUEST_AWAY,    // the unit is known not to answer, and was not asked: FAULT_TIMEOUT
    GUEST_BUSY,    // too many wait, or its time was over before its turn came
    GUEST_CACHED,  // answered from what was read within its period
    GUEST_STOPPED, // it was withdrawn, or the bus ends
    GUEST_END_COUNT,
};

struct guest {
    uint64_t ticket;         // names it among those of its sender
    struct mailbox *answers; // of struct guest *: where it comes back to; its sender keeps room
                             // for all that are under way
    struct request request;
    int64_t timeout_ms; // to wait for the unit at most; 0: as long as the map allows
    int64_t until_ms;   // when its sender waits no longer
    bool may_be_cached; // what was read within its period will do

    // What came of it; the bus writes it.
    enum guest_end end;
    enum fault fault;
    struct answer answer; // with FAULT_NONE and FAULT_EXCEPTION
    bool was_sent;        // a byte left: a write may have been carried out
    int64_t response_us;  // with an answer
    char text[240];       // what went wrong, for people, or ""
};

#endif
