// SPDX-License-Identifier: MIT
// A disk that a test holds in its hands: an SQLite VFS over the default one. It writes down
// what is written and synced, can say what a power cut at any instant leaves of that, and fails
// calls on demand. Files themselves are real ones, in a folder of memory. One thread.
#ifndef TESTS_DISK_DISK_H
#define TESTS_DISK_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum disk_call {
    DISK_OPEN,
    DISK_READ,
    DISK_WRITE,
    DISK_SYNC,
    DISK_TRUNCATE,
    DISK_LOCK,
    DISK_SIZE,
    DISK_DELETE,
    DISK_ACCESS,
    DISK_CALL_COUNT,
};

extern const char *const disk_call_names[DISK_CALL_COUNT];

// Every database opened from now on is on this disk. Once.
void disk_install(void);

// Failing
// ---------------------------------------------------------------------------------------

// From now on the `nth` call (1: the next) of a kind fails with an SQLite code, and with
// `lasts` every one after it. A write that fails has written half.
void disk_fail(enum disk_call call, int code, uint64_t nth, bool lasts);
void disk_mend(void);

// Calls of a kind since disk_fail or disk_mend, and whether one of them failed.
uint64_t disk_calls(enum disk_call call);
bool disk_has_failed(void);

// Power cuts
// ----------------------------------------------------------------------------------------

// The history begins anew, and is that of one folder: what it holds is certain.
void disk_begin(const char *folder);

// How many writes, syncs and the like have happened since disk_begin.
size_t disk_now(void);

// What came after the last sync of a file, at a power cut.
enum disk_fate {
    DISK_ALL,       // has arrived
    DISK_NOTHING,   // is lost
    DISK_IN_ORDER,  // has arrived up to some instant, whose write is torn
    DISK_SCATTERED, // every sector by itself is as of any instant since the sync
    DISK_GARBLED,   // the same, and sectors that were being written hold anything
    DISK_FATE_COUNT,
};

// Writes into the empty folder `to` what is on the disk when the power is cut after the first
// `at` of what happened: what was synced is certain.
void disk_cut(size_t at, enum disk_fate fate, uint64_t *random, const char *to);

#endif
