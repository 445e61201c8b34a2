// SPDX-License-Identifier: MIT
// The requests "values" and "devices" of the control socket: what the devices say, and what
// they are, for the local page. Both take "from", the index of the first device of a slice
// (daemon/values_json.h). The main thread owns it.
#ifndef DAEMON_VALUES_H
#define DAEMON_VALUES_H

#include "daemon/control.h"

// The rows' functions; `context` is the struct daemon.
void values_take_request(void *context, const struct control_request *request,
                         struct control_ticket ticket);
void devices_take_request(void *context, const struct control_request *request,
                          struct control_ticket ticket);

#endif
