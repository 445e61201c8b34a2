// SPDX-License-Identifier: MIT
// One MQTT connection: its attempts, its sessions and the messages under way in them. Owned by
// the uplink's thread, which calls everything here and never blocks; only the lookup of a name
// runs on a thread of its own, because the resolver may block for half a minute
// (docs/decisions/0011-connecting.md).
#ifndef CLOUD_CONNECTION_H
#define CLOUD_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mailbox.h"
#include "cloud/event.h"
#include "cloud/uplink.h"
#include "model/site.h"

struct connection;

enum { CONNECTION_MAX_LOOKUPS = 8 }; // names looked up at once, each on a thread

// What all connections of an uplink share.
struct connection_hub {
    const struct site *site;
    struct event_queue events;
    struct mailbox *arrivals;  // of struct connection *: its lookup is over; room for as many
                               // as there may be
    int lookup_count;          // lookups that run
    int stop_descriptor;       // readable once lookups are to be given up
    bool is_dropping_requests; // main has no room for them; to log it once
    int *subscriptions;        // per device of the site: message id of its SUBSCRIBE
};

// The connection `index` of the site, down; it is due at once. Its sessions are counted from
// `session` on. The caller owns it; `hub` must outlive it.
struct connection *connection_new(struct connection_hub *hub, int index, uint32_t session);

// Closes it without a word and frees it. No lookup may be running.
void connection_free(struct connection *connection);

// Does what time asks for: a new attempt, an end to waiting in vain, the end of a session that
// broke. Returns when it wants to be called again at the latest, INT64_MAX for whenever.
int64_t connection_turn(struct connection *connection, int64_t now_ms, bool may_connect);

// Takes over after a lookup, when it came through hub->arrivals.
void connection_arrive(struct connection *connection, int64_t now_ms);

// Ends one that was retired, when its lookup came through hub->arrivals.
void connection_bury(struct connection *connection);

// The wall clock was set: what failed because of it is tried again soon.
void connection_clock_was_set(struct connection *connection, int64_t now_ms);

// The socket to poll and for what (POLLIN, POLLOUT); -1 when there is none.
int connection_socket(const struct connection *connection, short *ret_events);

// Reads and writes; callbacks run inside. `events` is what poll() said.
void connection_serve(struct connection *connection, short events);

// Publishes, or posts UPLINK_REFUSED; a message for a session that is over is forgotten. The
// texts stay the caller's.
void connection_publish(struct connection *connection, const struct uplink_publish *message,
                        int64_t now_ms);

// Whether a lookup is running, and whether messages wait for their acknowledgement.
bool connection_is_looking_up(const struct connection *connection);
bool connection_is_busy(const struct connection *connection);

// Says good-bye to the broker: the socket is gone once that has been served.
void connection_close(struct connection *connection);

// The site is another one, in which this connection is the same (hub->site has it already):
// asks for the commands of devices that are new, and not for those that are gone any more.
void connection_adopt(struct connection *connection, const struct site *before);

// The connection is to go: says good-bye to the broker, as far as that needs no waiting, and
// UPLINK_DISCONNECTED with the reason, if it was up. It can be freed then, unless it is being
// looked up. Returns the number of its last session.
uint32_t connection_retire(struct connection *connection, const char *reason);

#endif
