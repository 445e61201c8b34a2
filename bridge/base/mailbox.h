// SPDX-License-Identifier: MIT
// The only lock in the program: a bounded queue of fixed-size messages between threads, with a
// descriptor to poll. Any thread may post; one thread takes. Messages are copied in and out.
//
// Two classes keep their order among each other and have room of their own: readings, of which
// the oldest is displaced (and counted) when their room is full, and sure messages, which are
// refused when theirs is full, so that the poster can say so. It takes memory for as many
// messages as ever waited at once.
#ifndef BASE_MAILBOX_H
#define BASE_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mailbox;

// Room for `readings` and `sure` messages of `size` bytes each; either may be 0. NULL with
// errno when the system has no more descriptors.
struct mailbox *mailbox_new(size_t size, size_t readings, size_t sure);

// Frees it; messages still inside are dropped. NULL is allowed.
void mailbox_free(struct mailbox *mailbox);

// Copies a message in; when the room for readings is full the oldest reading makes way.
void mailbox_post_reading(struct mailbox *mailbox, const void *message);

// Copies a message in. False, with nothing done, when there is no room.
bool mailbox_post(struct mailbox *mailbox, const void *message);

// Copies the oldest message out. False when there is none.
bool mailbox_take(struct mailbox *mailbox, void *ret_message);

// Readable while there are messages; for poll() only, never read it.
int mailbox_descriptor(const struct mailbox *mailbox);

// Readings displaced since the start.
uint64_t mailbox_displaced(struct mailbox *mailbox);

#endif
