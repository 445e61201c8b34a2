// SPDX-License-Identifier: MIT
// Network endpoints as people write them: "192.168.1.61", "plc.local:1502", "[fe80::1]:502".
// Pure.
#ifndef CONFIG_ENDPOINT_H
#define CONFIG_ENDPOINT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

// Takes an endpoint apart; without a port it is `default_port` (0: a port must be given). The
// host is an IPv4 address of four decimal parts, an IPv6 address (without its brackets) or a
// name. It lives in `arena`. ERROR_CONFIG says what is wrong with the text.
int config_parse_endpoint(struct arena *arena, const char *text, uint16_t default_port,
                          const char **ret_host, uint16_t *ret_port, struct error *err);

#endif
