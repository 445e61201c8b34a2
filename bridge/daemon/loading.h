// SPDX-License-Identifier: MIT
// Reads a generation on a thread of its own: files may be slow, and a site with many maps takes
// its time, while main has values to publish. One at a time; the main thread owns it.
#ifndef DAEMON_LOADING_H
#define DAEMON_LOADING_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "daemon/generation.h"

struct loading {
    const struct generation_source *source;
    const struct site *now;
    struct generation *generation; // the result
    char *findings;
    int done; // eventfd: readable once the thread has ended; -1: none runs
    pthread_t thread;
};

// Nothing is being loaded.
void loading_init(struct loading *loading);

// Begins; `source` and `now` must live until it is done. -1 with err when the system has no
// room for a thread.
int loading_start(struct loading *loading, const struct generation_source *source,
                  const struct site *now, struct error *err);

// For poll(); -1: nothing is being loaded.
int loading_descriptor(const struct loading *loading);

// Takes what came of it, as generation_load. False while it is not done.
bool loading_take(struct loading *loading, struct generation **ret_generation,
                  char **ret_findings);

// The program ends: waits for it, and throws away what comes. False when it hangs.
bool loading_stop(struct loading *loading, int64_t within_ms);

#endif
