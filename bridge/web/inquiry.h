// SPDX-License-Identifier: MIT
// Asks the bridge through its control socket for all there is to show, over one connection that
// is made anew when it broke. The thread that asks owns it; it waits up to
// CONTROL_LINK_PATIENCE_MS for each answer.
#ifndef WEB_INQUIRY_H
#define WEB_INQUIRY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/control_link.h"
#include "base/error.h"

struct inquiry {
    const char *site; // absolute path of the site's file, that the bridge must run; borrowed
    const char *const *folders; // where its control socket may be; borrowed
    size_t folder_count;
    struct control_link *link; // NULL: there is none
    json_t *devices;           // what was asked last; NULL: nothing yet
    json_int_t generation;     // that it is of
};

// What the bridge said; the caller gives it back with findings_done.
struct findings {
    json_t *status;  // docs/operations.md
    json_t *devices; // {"generation", "devices": [...]}: docs/web.md
    json_t *values;  // the same
    bool are_new;    // the devices are others than the last time
};

// -1 with err when it does not answer, or another site runs there.
int inquiry_ask(struct inquiry *inquiry, struct findings *ret_findings, struct error *err);

// Ends the connection to modbridge; the next question makes it anew.
void inquiry_done(struct inquiry *inquiry);

// Frees what was found.
void findings_done(struct findings *findings);

#endif
