// SPDX-License-Identifier: MIT
// The connections to the MQTT brokers, on a thread of their own. The outbox belongs to the main
// thread; what is here under way is forgotten when a connection is lost, and the outbox sends
// it again. Messages go out with QoS 1; sessions are clean: nothing is taken over from a time
// when the link was down.
//
// A connection goes through sessions: CONNECTED opens one and names it, DISCONNECTED closes it.
// Everything published in a session and not acknowledged when DISCONNECTED comes was not
// delivered, as far as anybody knows; what is published to a session that has ended is dropped
// without an event.
#ifndef CLOUD_UPLINK_H
#define CLOUD_UPLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mailbox.h"
#include "base/pulse.h"
#include "cloud/event.h"
#include "model/site.h"

struct uplink;

// A message to publish. The texts are heap.
struct uplink_publish {
    int connection;
    uint32_t session;
    int64_t row;
    char *topic;
    char *payload;
};

// Starts connecting to every cloud connection of the site, which must outlive the uplink.
// Events (struct uplink_event) are posted to `to_main` as sure messages. When it is full, they
// wait and the uplink takes no more work, except requests, which are dropped and logged: 25 for
// each connection and as many for requests are enough. ERROR_CONFIG for ids that cannot stand
// in a topic, ERROR_FAILED when the system is out of threads or descriptors; then NULL is
// returned.
struct uplink *uplink_start(const struct site *site, struct mailbox *to_main,
                            struct error *err);

// Hands a message over; at most PACING_MAX_IN_FLIGHT may be under way in a session. The uplink
// then owns the texts. False, with nothing done, when there is no room at the moment. Any
// thread.
bool uplink_publish(struct uplink *uplink, const struct uplink_publish *message);

// The signs of life of its thread.
struct pulse *uplink_pulse(struct uplink *uplink);

// Another site takes the place of the one before: each connection is in the place it had,
// places may have been added. It must live until UPLINK_RELOADED and then on, as long as the
// uplink or until the next one is taken over; the one before is not looked at any more then,
// and no event is of it.
struct uplink_site {
    const struct site *site;
    const bool *is_new; // by place: what is there, or nothing, is not what was there
};

// Hands it over; what it points to stays the caller's. False when there is no room at the
// moment. The main thread.
bool uplink_reload(struct uplink *uplink, const struct uplink_site *next);

// Ends the thread within `within_ms`: what was handed over is sent and acknowledgements are
// awaited while there is time, then the brokers are told good-bye. Events posted meanwhile stay
// in the mailbox. False when a thread hangs in the system's resolver: it and the uplink's
// memory are then left to the end of the process. `uplink` is gone either way. NULL is allowed.
bool uplink_stop(struct uplink *uplink, int64_t within_ms);

#endif
