// SPDX-License-Identifier: MIT
// Opening the port of a link, whichever kind it is, without waiting. Internal to bus/link*.c.
#ifndef BUS_LINK_OPEN_H
#define BUS_LINK_OPEN_H

#include <stdint.h>

#include "base/error.h"
#include "bus/link_port.h"
#include "model/site.h"

enum port_progress { PORT_OPENING, PORT_OPENED, PORT_NOT_OPENED };

// Whether the settings can work at all; -1 with ERROR_CONFIG.
int port_check(const struct bus_settings *settings, struct error *err);

// Opens a closed port of checked settings, or goes on with opening it; never waits, and
// ret_port->stop_descriptor is left alone. A serial port is opened at once. An endpoint is
// PORT_OPENING until it is decided: looking its name up and connecting take `timeout_ms` each
// at most.
enum port_progress port_open(const struct bus_settings *settings, int64_t timeout_ms,
                             struct port *ret_port, struct error *err);

// While it is opening: a descriptor that is readable when it can go on, and when it has to at
// the latest. -1, and nothing written: it is not opening.
int port_opening(const struct port *port, int64_t *ret_until_ms);

// Closes an open port, or gives up opening it; a closed one is left alone.
void port_close(struct port *port);

// Closes it and frees what opening it needed.
void port_done(struct port *port);

#endif
