// SPDX-License-Identifier: MIT
// One site file for several processes: each takes the buses of its shard (docs/scale.md). Which
// shard a bus belongs to follows from its name and the number of shards alone. Pure; any
// thread.
#ifndef DAEMON_SHARD_H
#define DAEMON_SHARD_H

#include "base/arena.h"
#include "base/error.h"
#include "model/site.h"

enum { MAX_SHARDS = 1024 };

struct shard {
    unsigned index; // 0 .. count - 1
    unsigned count; // 0: the site is not divided
};

// Reads "I/N", as "0/4". -1 with ERROR_USAGE.
int shard_parse(const char *text, struct shard *ret_shard, struct error *err);

// The shard of a bus, by jump consistent hashing: with one shard more, one bus in `count + 1`
// moves, to the new shard, and no other. It never changes: what a shard has on disk is of its
// buses.
// Source: Lamping, Veach: A Fast, Minimal Memory, Consistent Hash Algorithm, 2014.
unsigned shard_of(const char *bus, unsigned count);

// The part of a site that a shard runs: its buses, their devices, the connections these are
// published over; its own folder "shard-I" inside the state folder. The channel "ucm" of a
// connection is the shard's that has the connection's first device.
const struct site *shard_site(struct arena *arena, const struct site *site,
                              const struct shard *shard);

#endif
