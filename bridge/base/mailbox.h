// SPDX-License-Identifier: MIT
// The only lock in the program: a bounded queue of fixed-size messages between threads, with a
// descriptor to poll. Any thread may post; one thread takes. Messages are copied in and out.
//
// Two classes keep their order among each other and have room of their own: readings, of which
// the oldest is displaced (and counted) when their room is full, and sure messages, which are
// refused when theirs is full, so that the poster can say so. It takes memory for as many
// messages as ever waited at once.
//
// A thread that is woken for each of many small things does little else. So a message may come
// with a date until which it can wait, and the taker says when it will look anyway: it is woken
// only for what cannot wait so long, or when the messages that wait become many. Dates are of
// one clock that both know; the mailbox only compares them.
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

// A date for what cannot wait, and one for what never wakes anybody.
#define MAILBOX_AT_ONCE INT64_MIN
#define MAILBOX_NEVER   INT64_MAX

// Copies a message in; when the room for readings is full the oldest reading makes way.
void mailbox_post_reading(struct mailbox *mailbox, const void *message);

// Copies a message in. False, with nothing done, when there is no room.
bool mailbox_post(struct mailbox *mailbox, const void *message);

// The same, of a message that may wait until `by_ms`.
void mailbox_post_reading_by(struct mailbox *mailbox, const void *message, int64_t by_ms);
bool mailbox_post_by(struct mailbox *mailbox, const void *message, int64_t by_ms);

// Copies the oldest message out. False when there is none.
bool mailbox_take(struct mailbox *mailbox, void *ret_message);

// The taker looks again at `at_ms`, whether or not it is woken: it said so before it waits on
// the descriptor, each time. INT64_MAX, as at the start: it wants to be woken for whatever
// comes with a date.
void mailbox_look_at(struct mailbox *mailbox, int64_t at_ms);

// Readable while there is a message that cannot wait until the taker looks; for poll() only,
// never read it.
int mailbox_descriptor(const struct mailbox *mailbox);

// Readings displaced since the start.
uint64_t mailbox_displaced(struct mailbox *mailbox);

#endif
