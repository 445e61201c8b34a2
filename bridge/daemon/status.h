// SPDX-License-Identifier: MIT
// Answers the request "status": gathers what every bus, the outbox and the cloud connections
// say. A bus that hangs is not waited for: what it said last is shown, marked as stale. The
// main thread owns it.
#ifndef DAEMON_STATUS_H
#define DAEMON_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mailbox.h"
#include "bus/bus.h"
#include "cloud/event.h"
#include "cloud/store.h"
#include "daemon/board.h"
#include "daemon/changes.h"
#include "daemon/control.h"
#include "daemon/doors.h"
#include "daemon/generation.h"
#include "daemon/outgoing.h"
#include "daemon/wear.h"
#include "model/site.h"
#include "model/status.h"

enum { STATUS_PATIENCE_MS = 1000 }; // for buses to answer

// A client that waits for the buses.
struct status_waiter {
    bool waits;
    struct control_ticket ticket;
    int64_t until_ms;
};

// What it asks, borrowed.
struct status_sources {
    const struct site *site;
    struct bus **buses; // as the site's
    const struct outgoing *outgoing;
    const struct recent *recent;
    const struct doors *doors;
    const struct wear *wear;
    struct mailbox *from_buses; // for what it displaced
    struct control *control;
    const struct generations *generations;
    bool is_dry;
};

struct status {
    struct status_sources sources;
    char *path; // of the site file
    int64_t began_ms;
    struct board board;
    struct cloud_status *clouds; // as the site's
    size_t cloud_count;
    struct store_stats store;
    struct status_waiter waiters[CONTROL_MAX_CLIENTS]; // by client
};

// `began_ms`: when the daemon was started.
void status_init(struct status *status, const struct status_sources *sources, int64_t began_ms);
void status_done(struct status *status);

// A bus has ended: what it was asked is not answered any more.
void status_bus_ended(struct status *status, size_t bus);

// The site was exchanged (sources.site is the new one), and there are other buses.
void status_reload(struct status *status, const struct changes *changes, struct bus **buses);

// Somebody asks; answered from status_turn.
void status_take_request(struct status *status, struct control_ticket ticket);

// A bus answered; takes ownership.
void status_take_bus(struct status *status, struct bus_status *answer);

// What the store last said of itself.
void status_take_store(struct status *status, const struct store_stats *stats);

// A cloud connection was made, or lost, or could not be made.
void status_connected(struct status *status, int connection, int64_t now_ms);
void status_disconnected(struct status *status, const struct uplink_event *event,
                         int64_t now_ms);

// When status_turn has something to do; INT64_MAX: when a bus answers.
int64_t status_next_ms(const struct status *status);

// Answers clients when all buses have answered or have had their time.
void status_turn(struct status *status, int64_t now_ms);

#endif
