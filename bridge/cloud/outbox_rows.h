// SPDX-License-Identifier: MIT
// What an outbox is made of, shared by its parts: outbox.c (keeping and sending), outbox_save.c
// (what the store is to get) and outbox_backlog.c (what comes back from it). Private to them.
#ifndef CLOUD_OUTBOX_ROWS_H
#define CLOUD_OUTBOX_ROWS_H

#include "cloud/outbox.h"
#include "cloud/row_list.h"

enum row_place {
    ROW_NEW,    // in memory only
    ROW_SAVING, // given to the store
    ROW_SAVED,
};

struct row {
    struct row_links links[ROW_LINKS_COUNT];
    int64_t id;
    enum outbox_kind kind;
    enum row_place place;
    bool was_refused; // by the disk: it may be sent unsaved
    bool is_backlog;
    bool is_in_flight;
    int connection;
    int64_t pushed_ms;
    uint64_t ticket;
    struct stamp stamp;
    char *topic;
    char *payload;
};

// The backlog of one lane of a connection.
struct backlog {
    struct row_list loaded;
    size_t count;   // of loaded
    int64_t after;  // rows up to here were loaded
    bool is_done;   // nothing is left on disk behind `after`
    bool is_wished; // the store is fulfilling a wish
    int64_t pulled; // the last row before those left to the disk meanwhile
    uint32_t round; // answers to former ones are stale
};

// Rows of one connection, each list in the order of ids.
struct connection_rows {
    bool is_up;
    struct row_list waiting[OUTBOX_KIND_COUNT]; // live
    struct row_list in_flight;
    size_t in_flight_count;
    size_t replaying; // of those in flight
    struct backlog backlogs[OUTBOX_LANE_COUNT];
    int64_t *acked; // while a wish is being fulfilled: its answer may hold them
    size_t acked_count;
    size_t acked_room;
};

struct outbox {
    struct outbox_policy policy;
    struct outbox_stats stats;
    int64_t last_id;
    bool is_disk_bad;
    bool is_saving_all;
    struct row_list unsaved; // NEW and worth saving
    struct row_list saving;  // in the order of tickets
    size_t connection_count;
    struct connection_rows **connections;
};

// The lists that a row belongs to.
struct connection_rows *outbox_rows_of(struct outbox *outbox, const struct row *row);
struct backlog *outbox_backlog_of(struct outbox *outbox, const struct row *row);

// Whether rows of a kind are kept on disk at all.
bool outbox_is_kept(const struct outbox *outbox, enum outbox_kind kind);

// What a row takes of the limits of the outbox.
size_t outbox_row_bytes(const struct row *row);
struct outbox_row outbox_view(const struct row *row);

// Ends a row.
void outbox_forget(struct outbox *outbox, struct row *row);

// Leaves a saved row to the disk: it will be loaded again.
void outbox_evict(struct outbox *outbox, struct row *row);

// A row that is on disk too was acknowledged: a wish under way may bring it once more.
void outbox_note_acked(struct connection_rows *rows, int64_t id);

#endif
