// SPDX-License-Identifier: MIT
// A guest (wire/guest.h) as the control socket says it, for both ends. Pure.
//     {"request": "transact", "bus": "cabinet", "unit": 4, "function": 3, "address": 0,
//     "count": 2,
//      "timeout_ms": 300}
// and what comes back:
//     {"end": "asked", "count": 2, "words": [230, 0], "response_us": 11200}
//     {"end": "asked", "fault": "exception", "exception": 2, "text": "...", "response_us":
//     9000}
//     {"end": "away", "fault": "timeout", "text": "unit 4 is offline for ..."}
#ifndef DAEMON_GUEST_JSON_H
#define DAEMON_GUEST_JSON_H

#include <jansson.h>

#include "base/error.h"
#include "model/site.h"
#include "wire/guest.h"

// Reads a request for a read on a bus of the site: its bus, request and time-out. -1 with err.
int guest_read_request(const json_t *root, const struct site *site, uint16_t *ret_bus,
                       struct guest *ret_guest, struct error *err);

// The request for a guest. The caller owns it.
json_t *guest_request_json(const char *bus, const struct guest *guest);

// What came of it. Heap text.
char *guest_result_json(const struct guest *guest);

// Reads what came of a guest that was asked for so. -1 when it is no such thing.
int guest_read_result(const json_t *result, struct guest *guest);

#endif
