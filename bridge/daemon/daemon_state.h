// SPDX-License-Identifier: MIT
// The running daemon, shared by the files daemon/daemon*.c, daemon/inbox*.c and
// daemon/control_table.c: what it has, and the stations of its life. The main thread calls
// everything here.
#ifndef DAEMON_DAEMON_STATE_H
#define DAEMON_DAEMON_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mailbox.h"
#include "base/service_manager.h"
#include "bus/bus.h"
#include "cloud/store.h"
#include "daemon/control.h"
#include "daemon/control_place.h"
#include "daemon/daemon.h"
#include "daemon/doors.h"
#include "daemon/feed.h"
#include "daemon/generation.h"
#include "daemon/guest_desk.h"
#include "daemon/holds.h"
#include "daemon/learned.h"
#include "daemon/local_commands.h"
#include "daemon/outgoing.h"
#include "daemon/reload.h"
#include "daemon/report.h"
#include "daemon/requests.h"
#include "daemon/status.h"
#include "daemon/watch.h"
#include "daemon/wear.h"
#include "model/site.h"

// What the service manager knows.
struct service {
    struct service_manager manager;
    struct watch watch;
    bool is_ready;    // it was told
    char status[160]; // as it was told last
};

struct daemon {
    struct site current;     // of the present generation: what a reload exchanges
    const struct site *site; // it, for all who look at it
    struct generations generations;
    struct reload reload;
    bool is_dry;
    struct bus **buses;         // as the site's; NULL: none runs in that place
    struct generation **pinned; // by each of them
    size_t buses_running;
    struct feed *feeds; // one per device
    struct outgoing outgoing;
    struct open_holds holds;
    struct requests requests;
    struct report report;
    struct control_place place;
    struct control *control;
    struct guest_desk desk;
    struct doors doors;
    struct status status;
    struct local_commands local;
    struct mailbox *from_buses;
    struct mailbox *from_uplink;
    struct mailbox *from_store;
    struct store *store; // NULL with --dry
    struct learned learned;
    struct wear wear;
    struct service service;
    int signals;
};

// ---- daemon_start.c ----

// Makes everything and starts the threads. -1 with err: threads that run already are left.
int daemon_start(struct daemon *daemon, const struct daemon_options *options,
                 struct error *err);

// Starts the bus in a place of a generation's site.
int daemon_start_bus(struct daemon *daemon, struct generation *generation, size_t place,
                     struct error *err);

// Gives back what daemon_start has made; every thread has ended.
void daemon_finish(struct daemon *daemon);

// ---- daemon_turn.c ----

// Sleeps until something happens or is due, then deals with it. False when a signal asks to
// stop.
bool daemon_turn(struct daemon *daemon);

// Only takes what comes from the other threads, until that is over or time is.
void daemon_drain_until(struct daemon *daemon, bool (*is_over)(const struct daemon *),
                        int64_t within_ms);

// Publishes what is due of the devices.
void daemon_publish_due(struct daemon *daemon);

// ---- daemon_stop.c ----

// Stops everything in order. True when every thread has ended, so that memory can be given
// back.
bool daemon_stop(struct daemon *daemon);

// ---- daemon_service.c ----

// Finds the service manager, before threads run.
void daemon_service_find(struct daemon *daemon);

// When it is time: looks at the threads and tells the service manager that the bridge is ready,
// how it does, and that all of them move. A thread that hangs is logged by its name, and the
// manager is left without that sign until it moves again.
void daemon_service_turn(struct daemon *daemon);

// Tells the service manager that the program ends.
void daemon_service_stopping(const struct daemon *daemon);

// A reload begins; it is over, or waits for a command and is not to be waited for.
void daemon_service_reloading(const struct daemon *daemon);
void daemon_service_reloaded(const struct daemon *daemon);

// ---- inbox.c ----

// Takes what lies in the mailboxes and hands on what came of it.
void inbox_drain(struct daemon *daemon);

// Where a feed's messages go.
struct feed_outlet inbox_outlet(struct daemon *daemon);

// ---- inbox_buses.c, inbox_uplink.c ----

// A message of a bus; what it owns is taken.
void inbox_take_bus(struct daemon *daemon, const struct message *message);

// An event of the uplink; what it owns is taken.
void inbox_take_uplink(struct daemon *daemon, struct uplink_event *event);

#endif
