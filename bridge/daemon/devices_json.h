// SPDX-License-Identifier: MIT
// What the devices of the site are, as JSON (docs/web.md lists every key): their entries,
// alerts and commands with the names that people read. In slices as daemon/values_json.h. Pure.
#ifndef DAEMON_DEVICES_JSON_H
#define DAEMON_DEVICES_JSON_H

#include "daemon/values_json.h"

// The devices from index `first` on; view->now_ms is not used. One line of JSON. Heap; the
// caller frees it.
char *devices_json(const struct values_view *view, size_t first);

#endif
