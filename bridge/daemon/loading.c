// SPDX-License-Identifier: MIT
#include "daemon/loading.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "base/time_units.h"

void loading_init(struct loading *loading)
{
    *loading = (struct loading){.done = -1};
}

static void *load(void *context)
{
    struct loading *loading = context;
    loading->generation = generation_load(loading->source, loading->now, &loading->findings);
    (void)eventfd_write(loading->done, 1);
    return NULL;
}

int loading_start(struct loading *loading, const struct generation_source *source,
                  const struct site *now, struct error *err)
{
    int done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (done < 0)
        return error_set_errno(err, "no descriptor to load with");
    *loading = (struct loading){.source = source, .now = now, .done = done};
    if (thread_start(&loading->thread, THREAD_LOADING_STACK_BYTES, load, loading) == 0)
        return 0;
    (void)close(done);
    loading_init(loading);
    return error_set(err, ERROR_FAILED, "the system has no room for another thread");
}

int loading_descriptor(const struct loading *loading)
{
    return loading->done;
}

static bool is_done(const struct loading *loading, int64_t within_ms)
{
    return clock_wait(&loading->done, 1, clock_monotonic_us() + within_ms * US_PER_MS);
}

bool loading_take(struct loading *loading, struct generation **ret_generation,
                  char **ret_findings)
{
    if (loading->done < 0 || !is_done(loading, 0))
        return false;
    (void)pthread_join(loading->thread, NULL);
    *ret_generation = loading->generation;
    *ret_findings = loading->findings;
    (void)close(loading->done);
    loading_init(loading);
    return true;
}

bool loading_stop(struct loading *loading, int64_t within_ms)
{
    struct generation *generation = NULL;
    char *findings = NULL;
    if (loading->done < 0)
        return true;
    if (!is_done(loading, within_ms))
        return false;
    (void)loading_take(loading, &generation, &findings);
    generation_free(generation);
    free(findings);
    return true;
}
