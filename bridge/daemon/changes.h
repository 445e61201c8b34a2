// SPDX-License-Identifier: MIT
// What a new reading of the site file changes of the one that runs, and the site that comes of
// it. Whatever stays keeps its place: a device, bus or cloud connection that is in both sites
// (by its name) has the same index in both. A place that is left is empty until something new
// takes it, that of a connection for ever: an empty device hangs on no bus and is published
// nowhere, an empty bus or connection has the name "". Pure; docs/decisions/0016-reload.md.
#ifndef DAEMON_CHANGES_H
#define DAEMON_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "model/site.h"

enum change {
    CHANGE_EMPTY,     // nothing was or is there
    CHANGE_KEPT,      // it goes on undisturbed
    CHANGE_RESTARTED, // a device: the same, but its bus is another one, or starts anew
    CHANGE_CHANGED,   // a bus: also when its devices are others, or have changed
    CHANGE_ADDED,     // into a place that was empty
    CHANGE_REMOVED,   // its place is empty now
    CHANGE_COUNT,
};

struct changes {
    struct site *site;  // the new one, each in its place
    enum change *buses; // by place of `site`
    enum change *clouds;
    enum change *devices;
    // Settings that only a restart changes: `site` has those that run.
    bool is_state_moved;
    bool is_outbox_changed;
    bool is_publish_changed; // this one is taken over
};

// Compares the site that runs (NULL: none yet) with the one that was read; everything it makes
// lives in `arena`, and borrows from the arenas of both sites: what is kept is the running
// site's to the pointer.
void changes_find(struct arena *arena, const struct site *now, const struct site *next,
                  struct changes *ret_changes);

// Whether there is anything to do.
bool changes_any(const struct changes *changes);

// Whether something of that kind has to stop, or to begin.
bool change_stops(enum change change);
bool change_begins(enum change change);

#endif
