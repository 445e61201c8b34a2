// SPDX-License-Identifier: MIT
// The way out: messages go into the outbox, from there to the store and, a few at a time, to
// the uplink; a row leaves both when the broker has acknowledged it. With --dry they are
// printed instead, one JSON object a line. The main thread owns it.
#ifndef DAEMON_OUTGOING_H
#define DAEMON_OUTGOING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mailbox.h"
#include "cloud/bucket.h"
#include "cloud/outbox.h"
#include "cloud/replay.h"
#include "cloud/stamp.h"
#include "cloud/store.h"
#include "cloud/topic.h"
#include "cloud/uplink.h"
#include "daemon/changes.h"
#include "model/command.h"
#include "model/site.h"
#include "model/status.h"

// Lines of a device's log in the cloud.
struct outgoing_notices {
    struct bucket bucket;
    unsigned left_out; // since the last one
};

struct outgoing {
    const struct site *site;
    struct outbox *outbox;
    struct uplink *uplink; // NULL with --dry, or when the site has no cloud
    struct store *store;   // borrowed; NULL with --dry
    struct store_stats stored;
    struct stamp_clock clock;
    uint32_t *sessions;               // per cloud connection; 0: not connected
    struct replay *replays;           // per cloud connection
    struct outgoing_notices *notices; // per device
    size_t cloud_count;
    size_t device_count;
    bool is_dry;
    bool is_ending; // there is no time to wait for the others of a second
};

// `store` is open and not started yet; it must outlive `outgoing`.
void outgoing_init(struct outgoing *outgoing, const struct site *site, bool is_dry,
                   struct store *store);

// Starts the uplink, unless it runs, there is no connection, or nothing is to be published. Its
// events (struct uplink_event) come to `to_main`. `generation` is outgoing->site, const: for
// the uplink's thread.
int outgoing_connect(struct outgoing *outgoing, const struct site *generation,
                     struct mailbox *to_main, struct error *err);

// The site was exchanged (outgoing->site is the new one); the uplink has it already, or is to
// be started. Says what becomes of messages of connections that are gone.
void outgoing_reload(struct outgoing *outgoing, const struct site *before,
                     const struct changes *changes);

// Gives what is in flight up to `within_ms` to be acknowledged and disconnects. False when the
// uplink's thread hangs: then it is left alone, the process is about to end.
bool outgoing_stop(struct outgoing *outgoing, int64_t within_ms);
void outgoing_done(struct outgoing *outgoing);

// Keeps a message of a device until it is acknowledged; takes ownership of `payload`, which has
// no timestamp yet: it is of `at_ms` on the monotonic clock (responses have none). Messages of
// a device without cloud are dropped (printed with --dry, under the device's name).
void outgoing_put(struct outgoing *outgoing, const struct device *device, enum topic_kind kind,
                  char *payload, int64_t at_ms);

// The final response of a command: recorded in the journal and kept until it is acknowledged,
// both at once. Takes ownership of `response`; `command` is its record. Returns the store's
// ticket.
uint64_t outgoing_respond_finally(struct outgoing *outgoing, const struct device *device,
                                  const struct journal_command *command, char *response,
                                  int64_t *ret_row);

// Records a final response again that the disk has not taken, with its row unless that is on
// disk or acknowledged by now. `command` has the response. Returns the store's ticket.
uint64_t outgoing_record_again(struct outgoing *outgoing, const struct journal_command *command,
                               int64_t row);

// Puts a line into a device's log in the cloud, unless there were too many of late: ten at
// once, one in ten seconds on average.
void outgoing_notice(struct outgoing *outgoing, const struct device *device,
                     enum severity severity, const char *text);

// Hands rows to the store and to the uplink as far as time and connections allow.
void outgoing_pump(struct outgoing *outgoing);

// Whether rows wait for an acknowledgement of others: then each is wanted at once.
bool outgoing_awaits_room(const struct outgoing *outgoing);

// When it is to be pumped again although nothing happened; INT64_MAX: never.
int64_t outgoing_next_ms(const struct outgoing *outgoing, int64_t now_ms);

// The program stops: hands everything that is not on disk to the store, from now on at once.
void outgoing_save_all(struct outgoing *outgoing);

// What the store reported; it keeps what the event points to, or frees it.
void outgoing_stored(struct outgoing *outgoing, const struct store_event *event);

// What the uplink reported about rows and connections.
void outgoing_connected(struct outgoing *outgoing, int connection, uint32_t session);
void outgoing_disconnected(struct outgoing *outgoing, int connection);
void outgoing_acked(struct outgoing *outgoing, int64_t row);
void outgoing_refused(struct outgoing *outgoing, int64_t row, bool is_hopeless);

// How much waits for the cloud, and what will never be sent, whatever the reason.
struct outbox_status outgoing_status(const struct outgoing *outgoing);

// Whether anything live waits to be sent or acknowledged on a connection that is up.
bool outgoing_is_busy(const struct outgoing *outgoing);

#endif
