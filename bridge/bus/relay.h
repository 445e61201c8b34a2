// SPDX-License-Identifier: MIT
// Stands for the port of a link when another process has it and asks for us, one request at a
// time. That process keeps the pauses, silent intervals and windows of late answers. One
// thread.
#ifndef BUS_RELAY_H
#define BUS_RELAY_H

#include <stdint.h>

#include "bus/link.h"

struct relay {
    void *context;
    // Does what link_transact promises, and fills in what is known of it.
    enum fault (*transact)(void *context, const struct request *request, int64_t timeout_ms,
                           struct answer *ret_answer, struct link_note *ret_note);
};

// The link uses the relay, which must outlive it, from its next opening on.
void link_set_relay(struct link *link, const struct relay *relay);

// Asks by it and counts what came.
enum fault relay_transact(const struct relay *relay, const struct request *request,
                          int64_t timeout_ms, struct answer *ret_answer,
                          struct link_note *ret_note, struct link_counters *counters);

#endif
