// SPDX-License-Identifier: MIT
// Notes in the store's file. The store's thread; loading before it starts: the main thread.
#ifndef CLOUD_STORE_NOTES_H
#define CLOUD_STORE_NOTES_H

#include "cloud/sql.h"
#include "cloud/store.h"

// Puts a note in the place of the one with its kind, device and key; deletes it.
enum sql_result store_notes_put(struct sql *sql, const struct note *note);
enum sql_result store_notes_delete(struct sql *sql, const struct note *note);

// See store_load_notes.
enum sql_result store_notes_load(struct sql *sql, const char *kind,
                                 void (*take)(void *context, const struct note *note),
                                 void *context);

#endif
