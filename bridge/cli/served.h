// SPDX-License-Identifier: MIT
// A line that a running daemon has: most serial lines, and many devices, take one master only,
// so what asks goes through it. Main thread.
#ifndef CLI_SERVED_H
#define CLI_SERVED_H

#include "base/control_link.h"
#include "bus/link.h"
#include "model/site.h"

struct served;

// Finds the running daemon that has this line: that of `site` when one is named, else any that
// can be found. A port is the same under all its names. NULL when there is none, or this user
// may not ask it (which is said on standard error when the line is a serial port). `stop`
// readable ends every wait. The caller closes it.
struct served *served_find(const char *site, const struct bus_settings *bus, int stop);

// NULL is allowed.
void served_close(struct served *served);

// The name that the daemon has for a device of this unit and map on the line, which lives as
// long as `served`. NULL with err: it has none there, or one with another map.
const char *served_find_device(const struct served *served, const struct device *wanted,
                               struct error *err);

// Where the line is, in words.
const char *served_place(const struct served *served);

// What is asked of the link goes through the daemon from its next opening on, which is said on
// standard error. Only reads: writes are the daemon's own (requests "command" and "write").
void served_attach(struct served *served, struct link *link);

// How the daemon has set a serial line, in place of what `bus` says; else nothing.
void served_fill(const struct served *served, struct bus_settings *bus);

// The daemon itself, and the name it has for the bus.
struct control_link *served_daemon(struct served *served);
const char *served_bus(const struct served *served);

#endif
