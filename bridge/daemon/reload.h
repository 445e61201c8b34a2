// SPDX-License-Identifier: MIT
// Exchanges the site while the bridge runs (docs/decisions/0016-reload.md): the files are read
// on a thread of their own, and when nothing is wrong with them, what changes is brought to an
// end, main takes the new site over in one moment, and what is new begins. What stays is not
// touched. The main thread owns it.
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/uplink.h"
#include "daemon/control.h"
#include "daemon/generation.h"
#include "daemon/loading.h"

struct daemon;

enum reload_phase {
    RELOAD_IDLE,
    RELOAD_LOADING,    // the files are read
    RELOAD_DRAINING,   // buses that change end: commands that run are waited for
    RELOAD_EXCHANGING, // the uplink takes the new site over
};

// A bus that is to end.
struct reload_bus {
    bool is_awaited; // a command runs on it
    bool is_asked;
    bool is_interrupted;
    int64_t asked_ms;
};

// Somebody waits for the outcome.
struct reload_waiter {
    bool waits;
    bool is_for_next; // asked while another reload was going on: the one after that
    struct control_ticket ticket;
};

struct reload {
    const struct generation_source *source;
    enum reload_phase phase;
    bool is_wanted; // once more, when this one is over
    struct loading loading;
    struct generation *next;
    char *findings;           // of its files: warnings
    struct reload_bus *buses; // by place
    bool *is_new;             // by place: connections that begin anew, or end
    bool is_handed;           // the uplink has the new site
    bool is_announced;        // the service manager knows that a reload goes on
    struct reload_waiter waiters[CONTROL_MAX_CLIENTS]; // by client
};

// `source` must outlive it.
void reload_init(struct reload *reload, const struct generation_source *source);
void reload_done(struct reload *reload);

// The program stops: nothing is exchanged any more. False when the thread that reads the files
// hangs.
bool reload_stop(struct reload *reload, int64_t within_ms);

// Asks for a reload; while one is going on, for another one after it.
void reload_want(struct daemon *daemon);

// The same, for somebody who is told what came of it.
void reload_take_request(struct daemon *daemon, const struct control_request *request,
                         struct control_ticket ticket);

// A bus has ended; the uplink has taken the new site over.
void reload_bus_stopped(struct daemon *daemon, uint16_t bus);
void reload_uplink_ready(struct daemon *daemon);

// Does what can be done now. Returns when it wants to be called again; INT64_MAX: when
// something happens.
int64_t reload_turn(struct daemon *daemon, int64_t now_ms);

#endif
