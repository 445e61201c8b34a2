// SPDX-License-Identifier: MIT
// Connecting to a TCP endpoint without waiting: its name is looked up on a thread, its
// addresses are tried one after the other. Internal to bus/link*.c; one thread.
#ifndef BUS_DIAL_H
#define BUS_DIAL_H

#include <stdint.h>

#include "base/error.h"
#include "model/site.h"

struct dial;

enum dial_progress { DIAL_GOES_ON, DIAL_CONNECTED, DIAL_FAILED };

// For an endpoint whose settings were checked; they must outlive it.
struct dial *dial_new(const struct bus_settings *settings);
// Gives up an attempt; a lookup that hangs is left to itself. NULL is allowed.
void dial_free(struct dial *dial);

// Begins an attempt, or goes on with the one under way; never waits. Looking up a name and
// connecting take `timeout_ms` each at most. DIAL_CONNECTED: `ret_socket` is the caller's.
// DIAL_FAILED: with a text for the installer, and the next call begins anew; but a lookup that
// took too long goes on, and the next attempt uses what it finds: there is never more than one.
enum dial_progress dial_go_on(struct dial *dial, int64_t timeout_ms, int64_t now_ms,
                              int *ret_socket, struct error *err);

// Gives up the attempt under way, if there is one.
void dial_give_up(struct dial *dial);

// While an attempt is under way: when to go on with it: once the descriptor is readable, and no
// later than `until_ms`. -1: none is.
int dial_descriptor(const struct dial *dial);
int64_t dial_until_ms(const struct dial *dial);

#endif
