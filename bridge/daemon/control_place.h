// SPDX-License-Identifier: MIT
// Where the control socket of a site belongs, and that it is ours: one daemon holds the folder
// at a time. The main thread owns it.
#ifndef DAEMON_CONTROL_PLACE_H
#define DAEMON_CONTROL_PLACE_H

#include "base/error.h"
#include "model/site.h"

struct control_place {
    char *folder; // the first of $RUNTIME_DIRECTORY, else the state folder
    int lock;     // descriptor of control.lock; -1: not locked
};

// Finds and locks the folder. -1 with err when another daemon has it. A folder that cannot be
// locked at all (read-only, full) is logged and does without: bridging matters more.
int control_place_take(struct control_place *ret_place, const struct site *site,
                       struct error *err);
void control_place_release(struct control_place *place);

#endif
