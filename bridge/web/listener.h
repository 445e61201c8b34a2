// SPDX-License-Identifier: MIT
// A TCP socket that listens at an address of this machine. Any thread; the caller closes it.
#ifndef WEB_LISTENER_H
#define WEB_LISTENER_H

#include <stdint.h>

#include "base/error.h"

// Listens at an IPv4 or IPv6 address, without blocking. -1 with err, which says what to do.
int listener_open(const char *address, uint16_t port, struct error *err);

#endif
