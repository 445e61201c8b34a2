// SPDX-License-Identifier: MIT
// Opening a serial port: what libmodbus does well (its mode) and what it leaves unchecked
// (rates, locks, the direction of an RS-485 transceiver). Internal to bus/link*.c; one thread.
#ifndef BUS_SERIAL_H
#define BUS_SERIAL_H

#include "base/error.h"
#include "bus/link_port.h"
#include "model/site.h"

// Whether the settings can work at all; -1 with ERROR_CONFIG.
int serial_check(const struct bus_settings *settings, struct error *err);

// Opens a port of checked settings, at once. ret_port->stop_descriptor is left alone. -1 with a
// text for the installer.
int serial_open(const struct bus_settings *settings, struct port *ret_port, struct error *err);

// Closes an open port.
void serial_close(struct port *port);

#endif
