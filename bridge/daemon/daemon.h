// SPDX-License-Identifier: MIT
// The daemon: builds everything from the site, routes messages between buses, cloud and outbox,
// and stops in order. Runs in the main thread, which owns all it makes.
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include <stdbool.h>

#include "base/error.h"
#include "daemon/generation.h"

struct daemon_options {
    bool is_dry; // print messages on standard output instead of publishing them
};

// Runs until SIGTERM or SIGINT, then stops within five seconds whatever hangs; SIGHUP has the
// site read again. Signals are blocked from here on. Takes ownership of the first generation;
// `source` says where the next ones come from. 0 after an orderly stop; 1 when a thread hangs
// and still uses what was made, which must then be left as it is; -1 with err when it could not
// start (threads may run then too).
int daemon_run(struct generation *first, const struct generation_source *source,
               const struct daemon_options *options, struct error *err);

#endif
