// SPDX-License-Identifier: MIT
// What the uplink tells the main thread, and the queue in front of main's mailbox: nothing that
// matters to the outbox is lost when the mailbox is full for a moment.
#ifndef CLOUD_EVENT_H
#define CLOUD_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mailbox.h"

enum { UPLINK_MAX_REQUEST = 64 * 1024 }; // bytes of a command request that are passed on

// How long an acknowledgement may wait for others: nothing but the row's end on disk, which
// comes with the next second's rows, and room for more rows hang on it.
enum { UPLINK_ACK_MAY_WAIT_MS = 1000 };

enum uplink_event_kind {
    UPLINK_CONNECTED,
    UPLINK_DISCONNECTED, // lost, or an attempt failed
    UPLINK_ACKED,        // the broker has the row
    UPLINK_REFUSED,      // the row was not sent
    UPLINK_REQUEST,      // a command request
    UPLINK_RELOADED,     // the site that uplink_reload gave is the one that counts
};

struct uplink_event {
    enum uplink_event_kind kind;
    int connection;   // index of the cloud connection in the site
    uint32_t session; // connected: the session's number, for uplink_publish
    int64_t by_ms;    // acked: until when it may wait, on the monotonic clock; MAILBOX_NEVER
                      // while more than half of what may be under way is
    union {
        int64_t row; // acked
        struct {
            int64_t row;
            bool is_hopeless; // it can never be sent: drop it; else give it back to the outbox
            char reason[160]; // why it is hopeless
        } refused;
        struct {
            bool was_connected; // a session ended; else an attempt failed
            int64_t retry_ms;   // until the next attempt
            char reason[300];   // for an operator
        } disconnected;
        struct {
            int device;       // index in the site
            bool is_retained; // from before the session: not to be executed
            size_t length;
            char *payload; // heap, the receiver frees it; NULL when longer than
                           // UPLINK_MAX_REQUEST
        } request;
    };
};

// Events that found no room. One owner, one thread: the uplink's.
struct event_queue {
    struct mailbox *to_main; // of struct uplink_event
    struct uplink_event *waiting;
    size_t count;
    size_t room;
};

// Posts an event, behind those that wait.
void event_post(struct event_queue *queue, const struct uplink_event *event);

// Posts an event unless there is no room at once: then false, with nothing done.
bool event_try(struct event_queue *queue, const struct uplink_event *event);

// Posts what waits, as far as there is room. True when nothing waits any more.
bool event_flush(struct event_queue *queue);

// Frees what still waits and the queue's memory.
void event_done(struct event_queue *queue);

#endif
