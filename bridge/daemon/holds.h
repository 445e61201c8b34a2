// SPDX-License-Identifier: MIT
// The open holds of all devices: what must be written when the process ends before it could. A
// note is on disk before the first frame of a hold can leave, and goes when the hold has ended
// or never began. What an earlier life of the process has left is handed to the buses at start.
// The main thread owns it.
#ifndef DAEMON_HOLDS_H
#define DAEMON_HOLDS_H

#include <stdint.h>

#include "bus/bus.h"
#include "cloud/store.h"
#include "daemon/changes.h"
#include "model/message.h"
#include "model/site.h"

struct open_hold;

struct open_holds {
    const struct site *site;
    struct store *store;    // NULL: nothing outlives the process
    struct open_hold *rows; // list
    uint64_t left_over;     // how many came from before the start
};

// Loads what was left; before store_start. `store` may be NULL.
void open_holds_init(struct open_holds *holds, const struct site *site, struct store *store);
void open_holds_done(struct open_holds *holds);

// Hands what was left to the buses (as the site's; NULL: there is none), says so, and says what
// cannot be written any more: its entries are gone from the map, or are other registers now.
void open_holds_resume(struct open_holds *holds, struct bus **buses);

// The site was exchanged (holds->site is the new one), and the buses of devices that are not
// kept have ended: what they could not end is left over. open_holds_resume is to follow.
void open_holds_reload(struct open_holds *holds, const struct changes *changes);

// A command is about to be handed to its bus: notes what ends the holds it may begin. Returns
// the ticket that is settled when the notes are on disk; 0: nothing to wait for. `id` is the
// request's.
uint64_t open_holds_expect(struct open_holds *holds, const char *id,
                           const struct job_request *request);

// What a bus says of a hold.
void open_holds_take(struct open_holds *holds, const struct hold_change *change);

// A command has ended: the holds it has not begun are forgotten.
void open_holds_settle(struct open_holds *holds, uint64_t serial);

// The buses have stopped: says which holds are left to the next start.
void open_holds_leave(const struct open_holds *holds);

#endif
