// SPDX-License-Identifier: MIT
// Messages on their way to the cloud: a row stays until the broker has acknowledged it. In
// memory: what it holds ends with the process. One owner, one thread.
#ifndef CLOUD_OUTBOX_H
#define CLOUD_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outbox;

enum outbox_kind {
    OUTBOX_RESPONSE, // of commands: sent first, never dropped
    OUTBOX_TELEMETRY,
    OUTBOX_PROPERTIES,
    OUTBOX_LOG,
    OUTBOX_KIND_COUNT,
};

struct outbox_limits {
    size_t max_rows;
    size_t max_bytes; // of topics and payloads
};

// A message to keep. The texts are heap; outbox_push takes ownership of them, whatever it
// answers.
struct outbox_message {
    enum outbox_kind kind;
    int connection; // index of the cloud connection
    char *topic;
    char *payload;
};

// A message as kept; the texts are valid until the row is acknowledged or dropped.
struct outbox_row {
    int64_t id;
    enum outbox_kind kind;
    const char *topic;
    const char *payload;
};

struct outbox_stats {
    size_t rows;
    size_t in_flight;
    size_t bytes;
    uint64_t dropped; // rows lost because there was no room, since the start
};

// For `connections` cloud connections. The caller owns it.
struct outbox *outbox_new(size_t connections, const struct outbox_limits *limits);
void outbox_free(struct outbox *outbox);

// Keeps a message and returns its row id (from 1, growing). When there is no room, rows that
// are not in flight make way, and are counted: the oldest telemetry, then the oldest log, then
// the oldest properties. If that is not enough, the new message is dropped, counted, and 0 is
// returned - unless it is a response, which is always kept.
int64_t outbox_push(struct outbox *outbox, const struct outbox_message *message);

// The row to send next for a connection: responses first, then the oldest. It is in flight
// afterwards. False when there is none.
bool outbox_take_next(struct outbox *outbox, int connection, struct outbox_row *ret_row);

// Forgets a row that is in flight: it was acknowledged, or can never be sent. False when no
// such row is in flight.
bool outbox_ack(struct outbox *outbox, int64_t id);

// Gives a row in flight back, to be sent again in its old place. False when it is not in
// flight.
bool outbox_release(struct outbox *outbox, int64_t id);

// The same for all rows in flight of a connection that was lost. Returns how many.
size_t outbox_release_in_flight(struct outbox *outbox, int connection);

// Rows in flight of a connection.
size_t outbox_in_flight(const struct outbox *outbox, int connection);

struct outbox_stats outbox_stats(const struct outbox *outbox);

#endif
