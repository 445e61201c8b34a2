// SPDX-License-Identifier: MIT
// The socket at which other masters knock. Any thread; the caller closes every descriptor.
#ifndef DOOR_LISTENER_H
#define DOOR_LISTENER_H

#include <stdint.h>

#include "base/error.h"

// Listens at an address of this machine, without blocking. -1 with err, for the installer.
int listener_open(const char *host, uint16_t port, struct error *err);

// The next connection, not blocking, whose other end is noticed when it is gone without a word.
// -1 with errno when there is none.
int listener_accept(int listener);

#endif
