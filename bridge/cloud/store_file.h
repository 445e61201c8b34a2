// SPDX-License-Identifier: MIT
// The store's file: opened, checked, repaired as far as possible, and its transactions. It
// never stands in the way of a start: a damaged file is set aside and what can be read of it is
// taken over; without a usable folder the store works in memory. Owned by the store's thread;
// before that starts, by the main thread.
#ifndef CLOUD_STORE_FILE_H
#define CLOUD_STORE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "cloud/sql.h"

enum {
    STORE_VERSION = 1,             // of the tables (user_version); older ones are migrated
    STORE_RESERVE_BYTES = 1 << 20, // given up when the disk is full, so that commands and
                                   // acknowledgements can still be recorded
    STORE_MEMORY_BYTES = 16 << 20, // at most, without a file
};

struct store_file {
    char *folder; // NULL: in memory
    char *path;
    int lock; // descriptor of the folder's lock, or -1
    struct sql *sql;
    int64_t max_bytes;
    bool has_reserve;
    bool is_degraded;  // in memory although there should be a file
    unsigned damaged;  // times a damaged file was set aside
    uint64_t salvaged; // rows taken over from damaged files
    char trouble[400]; // what an operator should know of the last open; "" nothing
};

// Opens the store in a folder, which is created, or in memory (SITE_STATE_IN_MEMORY).
// `max_bytes` limits the file. -1 with err when the folder is in use by another modbridge or
// was written by a later one: then nothing may run. Whatever else is wrong is mended or lived
// with, and told in `trouble`.
int store_file_open(struct store_file *file, const char *folder, int64_t max_bytes,
                    struct error *err);
void store_file_close(struct store_file *file);

// After SQL_DAMAGED: sets the file aside and goes on with a new one, see `trouble`.
void store_file_replace(struct store_file *file);

// One transaction. After anything but SQL_DONE from a statement or the commit: roll back.
enum sql_result store_file_begin(struct store_file *file);
enum sql_result store_file_commit(struct store_file *file);
void store_file_rollback(struct store_file *file);

// Gives the reserve up, or tries to get it back. False when the disk has no room for it.
void store_file_release_reserve(struct store_file *file);
bool store_file_take_reserve(struct store_file *file);

#endif
