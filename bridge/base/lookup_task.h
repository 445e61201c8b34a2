// SPDX-License-Identifier: MIT
// A lookup of a host's name on a thread of its own, for a thread that may not wait for the
// resolver. Whoever started it owns it and calls everything here.
#ifndef BASE_LOOKUP_TASK_H
#define BASE_LOOKUP_TASK_H

#include "base/error.h"
#include "base/lookup.h"

struct lookup_task;

// Starts to look the name up; it is copied. NULL with err when the system has no more threads
// or descriptors.
struct lookup_task *lookup_task_start(const char *host, struct error *err);

// Readable once it is over; for poll() only.
int lookup_task_descriptor(const struct lookup_task *task);

// Whether it is over, and then its outcome: as lookup_name.
bool lookup_task_is_over(const struct lookup_task *task);
int lookup_task_take(const struct lookup_task *task, struct addresses *ret_addresses,
                     struct error *err);

// Ends it. One that hangs in the resolver is left behind and frees itself, so this never waits.
// NULL is allowed.
void lookup_task_free(struct lookup_task *task);

#endif
