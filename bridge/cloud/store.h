// SPDX-License-Identifier: MIT
// What must survive a restart, on disk: a thread of its own owns the file, so that nobody else
// ever waits for a disk, which may stall for seconds. The main thread posts orders, which are
// carried out in their order, many in one commit, and is told when they are on disk.
//
// store_open, the loads and store_start run in the main thread before anything is posted; from
// then on every function is for the main thread too. Texts are copied.
#ifndef CLOUD_STORE_H
#define CLOUD_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mailbox.h"
#include "base/pulse.h"
#include "cloud/journal.h"
#include "cloud/outbox.h"
#include "model/site.h"

struct store;

// A small fact about a device, such as a range of registers it refuses to read. Kind, device
// and key name it together.
struct note {
    const char *kind;   // "hole", "hold", ...
    const char *device; // name in the site
    const char *key;
    const char *text;
};

enum store_health {
    STORE_GOOD,
    STORE_FULL,    // no room on the disk: what is sent is not kept; commands still are
    STORE_FAILING, // the disk refuses to write
};

// For an operator, since the start unless said otherwise.
struct store_stats {
    enum store_health health;
    bool is_in_memory; // there is no file: asked for, or the folder cannot be used
    unsigned damaged;  // times a damaged file was set aside
    uint64_t commits;
    uint64_t failures; // commits that did not succeed
    int64_t last_commit_us;
    int64_t longest_commit_us;
    // The outbox on disk.
    uint64_t rows;
    int64_t bytes;            // of the file that are in use, everything together
    struct stamp oldest;      // of its telemetry; STAMP_NONE: nothing, or nobody knows
    uint64_t dropped_full;    // oldest messages that made way
    uint64_t dropped_old;     // messages older than max_age
    uint64_t dropped_undated; // of a start of the system whose time never became known
    uint64_t dropped_damaged; // with a wrong checksum
    uint64_t dropped_replay;  // the backlog, with replay: false
};

// Rows that a wish brought, in the order of ids; heap, freed by the receiver with
// store_rows_free.
struct store_row {
    int64_t id;
    struct outbox_message message;
};

struct store_rows {
    struct outbox_wish wish;
    int64_t last; // the last id that was looked at
    bool is_all;
    size_t count;
    struct store_row rows[];
};

// Frees the rows; texts that were handed on are NULL.
void store_rows_free(struct store_rows *rows);

enum store_event_kind {
    STORE_SETTLED, // orders are on disk, or are not and will not be
    STORE_JUDGED,  // a command that began was looked up, and recorded when it is new
    STORE_LOADED,  // a wish is fulfilled
    STORE_CHANGED, // the store's health, or a damaged file was set aside: say it once
};

struct store_event {
    enum store_event_kind kind;
    struct store_stats stats;
    union {
        struct {
            uint64_t first; // orders by their ticket, both included
            uint64_t last;
            bool is_saved; // false: the disk did not take them
        } settled;
        struct {
            uint64_t ticket;
            enum journal_verdict verdict; // new: on disk
            char *response;               // answered: heap, the receiver frees it
        } judged;
        struct store_rows *loaded; // ownership moves
        struct {
            bool is_trouble; // else things are well again
            char text[500];  // for an operator
        } changed;
    };
};

enum { STORE_EVENT_SLOTS = 256 }; // enough room for events in main's mailbox

// Opens the store of a site, which need not outlive this, in its state folder and posts its
// events (struct store_event) to `to_main` later on. A damaged file does not keep it from
// opening, and neither does a folder that cannot be used: then it works in memory. NULL with
// err when nothing may run: another modbridge uses the folder, or a later version wrote it.
struct store *store_open(const struct site *site, struct mailbox *to_main, struct error *err);

// Hands each note of a kind to `take`, in the order of devices and keys; before store_start.
// In the rare case that the file turns out to be damaged meanwhile, a note may come twice.
void store_load_notes(struct store *store, const char *kind,
                      void (*take)(void *context, const struct note *note), void *context);

// Starts the thread. -1 with err when the system has no room for one.
int store_start(struct store *store, struct error *err);

// The signs of life of its thread. A disk that hangs makes them late.
struct pulse *store_pulse(struct store *store);

// Keeps a note, in place of one with the same name; or forgets it. The ticket returned is
// settled once that is on disk; with `is_urgent` that is tried at once, else with what comes
// next, within 5 s.
uint64_t store_put_note(struct store *store, const struct note *note, bool is_urgent);
uint64_t store_delete_note(struct store *store, const char *kind, const char *device,
                           const char *key, bool is_urgent);

// The id of the last row that is kept; before store_start.
int64_t store_last_row(struct store *store);

// Keeps a row of the outbox; the texts are copied. The ticket is settled once that is on disk:
// with the others of its second, or at once when it is a response or `is_urgent`.
uint64_t store_put_row(struct store *store, const struct outbox_row *row, bool is_urgent);

// Forgets a row.
void store_delete_row(struct store *store, enum outbox_lane lane, int64_t id);

// Forgets what a connection has on disk up to a row, responses apart.
void store_drop_backlog(struct store *store, int connection, int64_t up_to);

// There is a connection that was not there when the store was opened; before anything else is
// said of it.
void store_name_connection(struct store *store, int connection, const char *name);

// Asks for rows; STORE_LOADED brings them.
void store_wish(struct store *store, const struct outbox_wish *wish);

// Hands each command that is not done to `take`, in the order they came; before store_start.
void store_load_commands(struct store *store,
                         void (*take)(void *context, const struct journal_command *command),
                         void *context);

// Looks a command up by its device and id and records it, if it is new: STORE_JUDGED with the
// ticket tells.
uint64_t store_begin_command(struct store *store, const struct journal_command *command);

// Records that it may be written from now on; nothing may before that is settled.
uint64_t store_advance_command(struct store *store, const struct journal_command *command);

// Records its response, unless it has one, and keeps the row that carries it (NULL: none), both
// or neither.
uint64_t store_finish_command(struct store *store, const struct journal_command *command,
                              const struct outbox_row *row);

// The time of the present start of the system became known, or was set anew.
void store_set_offset(struct store *store, int64_t offset_ms);

// Hands on orders that found no room, to be called whenever the main thread has a turn.
void store_pump(struct store *store);

// Carries out what was posted and ends the thread within `within_ms`. Events stay in the
// mailbox; what is not told may not be on disk. False when the disk hangs: then the store is
// left alone, the process is about to end. `store` is gone either way. NULL is allowed.
bool store_stop(struct store *store, int64_t within_ms);

#endif
