// SPDX-License-Identifier: MIT
// Whether a TCP host can be reached, before a library connects to it without a time limit
// (mosquitto_connect waits 134 s for a host that drops SYNs).
#ifndef CLOUD_PROBE_H
#define CLOUD_PROBE_H

#include <stdint.h>

#include "base/error.h"

// Resolves the host, connects to its addresses in turn and closes the connection again. Blocks
// for `limit_ms` at most, and for the resolver, which has no limit: not for a thread that must
// answer anybody. Ends at once when `stop_descriptor` becomes readable. ERROR_FAILED with the
// reason for an operator, without the host's name.
int probe_host(const char *host, uint16_t port, int64_t limit_ms, int stop_descriptor,
               struct error *err);

#endif
