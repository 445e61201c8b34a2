// SPDX-License-Identifier: MIT
// What the devices say now, as JSON (docs/web.md lists every key): for the local page. In
// slices, so that a large site does not keep the main thread: a slice ends with the device that
// fills it, and names the next one. Pure: time is an argument.
#ifndef DAEMON_VALUES_JSON_H
#define DAEMON_VALUES_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/feed.h"
#include "model/site.h"

enum { VALUES_AT_ONCE = 2000 }; // entries, after which a slice ends

struct values_view {
    const struct site *site;
    const struct feed *feeds; // as the site's devices
    uint64_t generation;      // of the site
    const char *findings;     // warnings about it, in lines; NULL: none
    int64_t now_ms;
};

// The published entries' values, ages and faults, alerts and health of the devices from index
// `first` on. One line of JSON. Heap; the caller frees it.
char *values_json(const struct values_view *view, size_t first);

#endif
