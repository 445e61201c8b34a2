// SPDX-License-Identifier: MIT
// The way out: messages go into the outbox and from there, a few at a time, to the uplink; a
// row leaves the outbox when the broker has acknowledged it. With --dry they are printed
// instead, one JSON object a line. The main thread owns it.
#ifndef DAEMON_OUTGOING_H
#define DAEMON_OUTGOING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mailbox.h"
#include "cloud/outbox.h"
#include "cloud/topic.h"
#include "cloud/uplink.h"
#include "model/site.h"
#include "model/status.h"

struct outgoing {
    const struct site *site;
    struct outbox *outbox;
    struct uplink *uplink; // NULL with --dry, or when the site has no cloud
    uint32_t *sessions;    // per cloud connection; 0: not connected
    bool is_dry;
};

// Starts the uplink, unless `is_dry`. Its events (struct uplink_event) come to `to_main`.
int outgoing_init(struct outgoing *outgoing, const struct site *site, bool is_dry,
                  struct mailbox *to_main, struct error *err);

// Gives what is in flight up to `within_ms` to be acknowledged and disconnects. False when the
// uplink's thread hangs: then it is left alone, the process is about to end.
bool outgoing_stop(struct outgoing *outgoing, int64_t within_ms);
void outgoing_done(struct outgoing *outgoing);

// Keeps a message of a device until it is acknowledged; takes ownership of `payload`. Messages
// of a device without cloud are dropped (printed with --dry, under the device's name).
void outgoing_put(struct outgoing *outgoing, const struct device *device, enum topic_kind kind,
                  char *payload);

// Hands rows to the uplink as far as its connections take them.
void outgoing_pump(struct outgoing *outgoing);

// What the uplink reported about rows and connections.
void outgoing_connected(struct outgoing *outgoing, int connection, uint32_t session);
void outgoing_disconnected(struct outgoing *outgoing, int connection);
void outgoing_acked(struct outgoing *outgoing, int64_t row);
void outgoing_refused(struct outgoing *outgoing, int64_t row, bool is_hopeless);

// How much waits for the cloud.
struct outbox_status outgoing_status(const struct outgoing *outgoing);

// Whether anything waits to be sent or acknowledged on a connection that is up.
bool outgoing_is_busy(const struct outgoing *outgoing);

#endif
