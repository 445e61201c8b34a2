// SPDX-License-Identifier: MIT
// Finds the daemon of a site for a subcommand. Main thread.
#ifndef CLI_CONTROL_LINK_H
#define CLI_CONTROL_LINK_H

#include "base/control_link.h"

// Connects to the running daemon: of `site` when one is named (its state folder), else at
// $RUNTIME_DIRECTORY, /run/modbridge and ./state, in this order. NULL with err, which says
// where it looked and how to start it. The caller closes it.
struct control_link *control_link_open(const char *site, struct error *err);

// The same for who can do without: NULL without an error (ERROR_NONE), unless there may be one
// that this user may not ask.
struct control_link *control_link_find(const char *site, struct error *err);

// The same for a shard "I/N" of a site, which must be named; NULL: it is not divided.
struct control_link *control_link_open_shard(const char *site, const char *shard,
                                             struct error *err);

// The daemon of the shard with this number, from 0 on, of a site, for who can do without: NULL
// when nobody listens there. *ret_exists: whether the site has had such a shard.
struct control_link *control_link_find_shard(const char *site, unsigned index,
                                             bool *ret_exists);

#endif
