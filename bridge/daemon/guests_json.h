// SPDX-License-Identifier: MIT
// What a bus did for others, as the status says it (docs/operations.md). Pure.
#ifndef DAEMON_GUESTS_JSON_H
#define DAEMON_GUESTS_JSON_H

#include <jansson.h>

#include "model/site.h"
#include "model/status.h"

// "guests": requests of other masters and of tools.
json_t *guests_json(const struct bus_status *status);

// "shared": the door of a bus; `status` NULL: it could not be opened. NULL when the bus is not
// shared.
json_t *shared_json(const struct share_settings *share, const struct share_status *status);

#endif
