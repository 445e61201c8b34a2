// SPDX-License-Identifier: MIT
#include "daemon/daemon.h"

#include "base/mem.h"
#include "daemon/daemon_state.h"

int daemon_run(struct generation *first, const struct generation_source *source,
               const struct daemon_options *options, struct error *err)
{
    struct daemon daemon = {.current = *first->changes.site};
    daemon.site = &daemon.current;
    generations_begin(&daemon.generations, first);
    reload_init(&daemon.reload, source);
    if (daemon_start(&daemon, options, err) != 0)
        return -1; // the process ends: threads that run already are not waited for
    report_started(&daemon.report, &source->shard);
    mem_give_back();
    while (daemon_turn(&daemon))
        ;
    if (!daemon_stop(&daemon))
        return 1;
    daemon_finish(&daemon);
    return 0;
}
