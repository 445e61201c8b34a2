// SPDX-License-Identifier: MIT
// One server-sent event with all that a page shows. Pure. Source: HTML standard, 9.2.
#ifndef WEB_EVENT_H
#define WEB_EVENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "web/shared_text.h"

struct event {
    const json_t *status; // what the bridge said; NULL: it does not answer
    const json_t *values;
    const char *reason; // why it does not answer
    int64_t silent_ms;  // since when; -1: it never has
    bool allows_commands;
};

// event: state, data: {"answers", "commands", "status", "values"} or, of a bridge that does not
// answer, {"answers": false, "reason", "silent_ms"}. The caller has the reference.
struct shared_text *event_text(const struct event *event);

#endif
