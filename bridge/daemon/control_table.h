// SPDX-License-Identifier: MIT
// What the running daemon can be asked through its control socket: a row per request. A row's
// function stands in the file of its request and gets the struct daemon (daemon/daemon_state.h)
// as its context.
#ifndef DAEMON_CONTROL_TABLE_H
#define DAEMON_CONTROL_TABLE_H

#include <stddef.h>

#include "daemon/control.h"

extern const struct control_handler control_table[];
extern const size_t control_table_count;

#endif
