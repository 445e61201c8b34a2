// SPDX-License-Identifier: MIT
// Messages on their way to the cloud: what the main thread has in its hands of them. A row
// stays until the broker has acknowledged it; where it is kept meanwhile is decided here and
// done by the store. While a connection is up, its live rows are in memory too; the others are
// on disk only and come back a few at a time. Pure bookkeeping; one owner, one thread.
//
// A row's life: pushed -> saved (with write: always before it may be sent) -> in flight ->
// acknowledged. When its connection is lost it is left to the disk, and becomes backlog.
#ifndef CLOUD_OUTBOX_H
#define CLOUD_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/stamp.h"

struct outbox;

enum outbox_kind {
    OUTBOX_RESPONSE, // of commands: sent first, never dropped
    OUTBOX_TELEMETRY,
    OUTBOX_LOG,
    OUTBOX_PROPERTIES, // never on disk: sent anew with each connection
    OUTBOX_KIND_COUNT,
};

// Where the store keeps a row: the lanes are read and bounded apart.
enum outbox_lane { LANE_RESPONSES, LANE_DATA, OUTBOX_LANE_COUNT };

struct outbox_policy {
    bool save_first; // write: always: nothing is sent before it is on disk
    bool replay;     // false: what was not sent at once is not sent later, nor kept on disk
    size_t max_rows; // in memory: beyond that, rows that are saved leave it
    size_t max_bytes;
};

enum {
    OUTBOX_SPILL_MS = 5000,   // write: spill: so long unacknowledged, and it goes to disk
    OUTBOX_UNSAVED_TIMES = 8, // so many times max_rows and max_bytes may wait for a slow disk,
                              // or for the broker without one; then they are dropped
};

// A message to keep. The texts are heap; outbox_push takes ownership of them, whatever it
// answers.
struct outbox_message {
    enum outbox_kind kind;
    int connection; // index of the cloud connection
    struct stamp stamp;
    char *topic;
    char *payload; // without its timestamp (cloud/stamp.h)
};

// A message as kept; the texts are valid until the row is acknowledged, dropped or left to the
// disk.
struct outbox_row {
    int64_t id;
    enum outbox_kind kind;
    int connection;
    struct stamp stamp;
    const char *topic;
    const char *payload;
};

struct outbox_stats {
    size_t rows; // in memory
    size_t in_flight;
    size_t bytes;
    uint64_t dropped;    // rows lost because neither disk nor memory had room, since the start
    bool is_all;         // nothing that waits is on disk only
    struct stamp oldest; // of the oldest row in memory that has one; STAMP_NONE: there is none
};

// For `connections` cloud connections, all down. Ids follow `last_id`. The caller owns it.
struct outbox *outbox_new(size_t connections, const struct outbox_policy *policy,
                          int64_t last_id);
void outbox_free(struct outbox *outbox);

// There are so many connections from now on; those that are new are down.
void outbox_widen(struct outbox *outbox, size_t connections);

// Where rows of a kind are kept.
enum outbox_lane outbox_lane_of(enum outbox_kind kind);

// Keeps a message and returns its row id (growing). When memory has no room, waiting rows that
// are on disk leave it, then others are dropped, counted: the oldest telemetry, log,
// properties. If that is not enough, the new message is dropped, counted, and 0 is returned -
// unless it is a response, which is always kept.
int64_t outbox_push(struct outbox *outbox, const struct outbox_message *message,
                    int64_t now_ms);

// Saving
// ---------------------------------------------------------------------------------------

// The next row to be given to the store now; outbox_saving is to follow. False: none.
bool outbox_next_unsaved(const struct outbox *outbox, int64_t now_ms,
                         struct outbox_row *ret_row);
void outbox_saving(struct outbox *outbox, int64_t id, uint64_t ticket);

// A row that waits to be saved. False: it is being saved, is saved, or gone.
bool outbox_find_unsaved(const struct outbox *outbox, int64_t id, struct outbox_row *ret_row);

// The store settled its orders up to `ticket`. What is not saved may be sent all the same: a
// full disk does not silence the bridge.
void outbox_settled(struct outbox *outbox, uint64_t ticket, bool is_saved);

// The disk is full or broken: only responses are given to the store until it is well again.
void outbox_set_disk(struct outbox *outbox, bool is_good);

// Everything is due to be saved, as when the program stops.
void outbox_save_all(struct outbox *outbox);

// Sending
// --------------------------------------------------------------------------------------

// Rows of the connection may be sent from now on.
void outbox_connected(struct outbox *outbox, int connection);

// What was in flight was not delivered, as far as anybody knows. Rows on disk leave memory.
void outbox_disconnected(struct outbox *outbox, int connection);

// What limits the next row.
struct outbox_gate {
    const struct stamp_clock *clock; // rows whose time is not known wait
    bool may_replay;                 // a row of the backlog may go
};

// The row to send next on a connection that is up: responses first, then the oldest live row,
// then the backlog. It is in flight afterwards. False when there is none. `ret_replayed` tells
// whether it came from the backlog's data.
bool outbox_take_next(struct outbox *outbox, int connection, const struct outbox_gate *gate,
                      struct outbox_row *ret_row, bool *ret_replayed);

// Forgets a row that is in flight: it was acknowledged, or can never be sent. False when no
// such row is in flight. `ret_lane` is where the store has it, OUTBOX_LANE_COUNT: nowhere.
bool outbox_ack(struct outbox *outbox, int64_t id, enum outbox_lane *ret_lane);

// Gives a row in flight back, to be sent again in its old place. False when it is not in
// flight.
bool outbox_release(struct outbox *outbox, int64_t id);

// Rows in flight of a connection; and those of them that came from the backlog's data.
size_t outbox_in_flight(const struct outbox *outbox, int connection);
size_t outbox_replaying(const struct outbox *outbox, int connection);

// Whether a row of a connection waits for its turn, the disk's backlog apart.
bool outbox_is_waiting(const struct outbox *outbox, int connection);

// Whether rows of the backlog are at hand.
bool outbox_has_backlog(const struct outbox *outbox, int connection);

// The backlog
// ----------------------------------------------------------------------------------

// A wish for rows of the disk: the first `count` after `after` and before `before`.
struct outbox_wish {
    int connection;
    enum outbox_lane lane;
    uint32_t round; // to tell answers that come too late
    int64_t after;
    int64_t before;
    size_t count;
};

// The next wish of a connection that is up. False: none; also while one is being fulfilled.
bool outbox_next_wish(struct outbox *outbox, int connection, size_t count,
                      struct outbox_wish *ret_wish);

// One row that a wish brought; the texts are heap and change hands. Rows in memory already are
// ignored.
void outbox_load(struct outbox *outbox, const struct outbox_wish *wish, int64_t id,
                 const struct outbox_message *message);

// The wish is fulfilled: `last` is the last id that was looked at, `is_all` tells that nothing
// follows it.
void outbox_loaded(struct outbox *outbox, const struct outbox_wish *wish, int64_t last,
                   bool is_all);

// As of now.
struct outbox_stats outbox_stats(const struct outbox *outbox);

#endif
