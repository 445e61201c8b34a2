// SPDX-License-Identifier: MIT
// The recent commands as JSON: the key "commands" of a status (docs/operations.md). Pure.
#ifndef DAEMON_RECENT_JSON_H
#define DAEMON_RECENT_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "daemon/recent.h"

enum { RECENT_MAX_OPEN = 100 }; // of those that wait or run, so many are listed

// A list in the order the commands came. The caller frees it with json_decref.
json_t *recent_json(const struct recent *recent, int64_t now_ms);

#endif
