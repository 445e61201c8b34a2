// SPDX-License-Identifier: MIT
// The descriptors a simulator is reached by: listening TCP sockets and pseudo-terminals. All
// are non-blocking and closed on exec; the caller closes them.
#ifndef SIM_PORT_H
#define SIM_PORT_H

#include <stdint.h>

#include "base/error.h"

enum { MAX_PORT_PATH = 64 };

// Listens on a numeric IPv4 or IPv6 address; port 0 takes a free one. Writes the descriptor and
// the port taken.
int port_listen(const char *host, uint16_t port, int *ret_descriptor, uint16_t *ret_port,
                struct error *err);

// The next connection waiting, or -1.
int port_accept(int listener);

// A pseudo-terminal: what a client opens is `ret_path`. `ret_held` is that end, raw, to be kept
// open so that the other one survives clients that come and go.
int port_open_terminal(int *ret_descriptor, int *ret_held, char ret_path[MAX_PORT_PATH],
                       struct error *err);

#endif
