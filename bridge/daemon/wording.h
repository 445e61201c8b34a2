// SPDX-License-Identifier: MIT
// Words for the installer that logs and status share. Pure, any thread.
#ifndef DAEMON_WORDING_H
#define DAEMON_WORDING_H

#include <stddef.h>

#include "model/message.h"
#include "model/site.h"

// "tcp", "rtu", "rtu_over_tcp": as the site says it.
const char *wording_transport(enum transport transport);

// Where a bus is: "tcp 192.168.1.61:502", "port /dev/ttyUSB0 at 9600 baud".
void wording_place(const struct bus_settings *bus, char *ret_text, size_t size);

// What a fault means and what to check: "no answer: check power, cable and unit id". Never
// NULL.
const char *wording_advice(enum fault fault);

// "none", "even", "odd": by enum parity.
enum { PARITY_COUNT = 3 };
extern const char *const parity_names[];

#endif
