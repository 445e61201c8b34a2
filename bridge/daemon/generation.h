// SPDX-License-Identifier: MIT
// One reading of the site file and its maps, and everything that was made of it: const, in an
// arena of its own, shared by all threads. A bus pins the generation it was started from; what
// is neither pinned nor the present one is freed. The main thread owns them, another one may
// load (daemon/loading.h).
#ifndef DAEMON_GENERATION_H
#define DAEMON_GENERATION_H

#include <stddef.h>

#include "base/arena.h"
#include "daemon/changes.h"
#include "daemon/shard.h"
#include "model/site.h"

// Where a generation comes from.
struct generation_source {
    const char *path; // of the site file
    struct shard shard;
};

struct generation {
    struct generation *next;
    struct arena *arena;
    struct changes changes; // against the one before; its site is the generation's
    unsigned number;        // from 1 on
    const char *findings;   // warnings about it, in lines "file:line:column: warning: text"
    size_t pins;
};

struct generations {
    struct generation *first; // all that are there
    struct generation *present;
};

// Reads the site. NULL when it has errors. `now` is the site that runs (NULL: none yet).
// *ret_findings is everything that was found, also warnings, in lines
// "file:line:column: error: text"; heap, the caller frees it. Any thread.
struct generation *generation_load(const struct generation_source *source,
                                   const struct site *now, char **ret_findings);

// Frees one that was never begun. NULL is allowed.
void generation_free(struct generation *generation);

// It is the present one from now on; all others that are not pinned are freed.
void generations_begin(struct generations *generations, struct generation *generation);

// A bus uses it, or does not any more: then the next generations_begin may free it. NULL is
// allowed.
void generation_pin(struct generation *generation);
void generation_unpin(struct generation *generation);

// How many are there.
size_t generations_count(const struct generations *generations);

// Frees all of them.
void generations_done(struct generations *generations);

#endif
