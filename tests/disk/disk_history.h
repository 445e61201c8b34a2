// SPDX-License-Identifier: MIT
// What has happened on the disk: disk.c tells, disk_cut asks. One thread.
#ifndef TESTS_DISK_DISK_HISTORY_H
#define TESTS_DISK_DISK_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A file of a name, from its creation to its deletion.
enum { NO_INCARNATION = -1 };

// Returns the incarnation of a file, a new one when it was not there; none for what is outside
// the folder that disk_begin has named.
int disk_note_open(const char *path);
void disk_note_write(int incarnation, const void *bytes, size_t length, int64_t offset);
void disk_note_truncate(int incarnation, int64_t size);
void disk_note_sync(int incarnation);
void disk_note_delete(const char *path, bool is_folder_synced);

#endif
