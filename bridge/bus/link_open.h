// SPDX-License-Identifier: MIT
// Opening a port: what libmodbus does well (serial modes, connecting) and what it leaves
// unchecked (settings, locks, keepalive). Internal to bus/link*.c.
#ifndef BUS_LINK_OPEN_H
#define BUS_LINK_OPEN_H

#include <stdint.h>

#include "base/error.h"
#include "bus/link_port.h"
#include "model/site.h"

// Whether the settings can work at all; -1 with ERROR_CONFIG.
int port_check(const struct bus_settings *settings, struct error *err);

// Opens a port of checked settings. ret_port->stop_descriptor is left alone. Blocks at most
// `timeout_ms`, besides looking up a host name.
int port_open(const struct bus_settings *settings, int64_t timeout_ms, struct port *ret_port,
              struct error *err);

// Closes an open port; a closed one is left alone.
void port_close(struct port *port);

#endif
