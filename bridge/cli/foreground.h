// SPDX-License-Identifier: MIT
// A command without a daemon, and what it holds: kept in the foreground until it is over or
// Ctrl-C ends it. Main thread.
#ifndef CLI_FOREGROUND_H
#define CLI_FOREGROUND_H

#include <stdbool.h>

#include "base/error.h"
#include "bus/keep.h"
#include "cli/target.h"

struct foreground {
    struct target *target;
    struct keep keep;
    int code; // of the last end that was tried
};

// No holds yet; `target` must outlive it.
void foreground_init(struct foreground *foreground, struct target *target);
void foreground_done(struct foreground *foreground);

// Runs a command; its log steps go to standard error. Takes ownership of the request; the
// caller owns the result.
struct job_result *foreground_run(struct foreground *foreground, struct job_request *request);

// Keeps what the command holds, if it holds anything, saying so on standard error, and writes
// its end. Ctrl-C ends it early. An end that cannot be written is tried again while
// `is_patient`, until Ctrl-C; else once. Returns ERROR_NONE, or why the end was not written.
int foreground_keep(struct foreground *foreground, bool is_patient);

#endif
