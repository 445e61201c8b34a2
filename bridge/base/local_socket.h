// SPDX-License-Identifier: MIT
// A stream socket in the file system, for programs of the same user on the same machine: both
// ends of it. Any thread; the caller closes every descriptor.
#ifndef BASE_LOCAL_SOCKET_H
#define BASE_LOCAL_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

// Listens at `path`, for its user alone (mode 0600 from the first moment on), without blocking.
// What lies at `path` is replaced at once, so that there is no moment without a socket: the
// caller made sure that nobody alive listens there. -1 with err, also for a path that is too
// long for the system (107 bytes, unix(7)).
int local_socket_listen(const char *path, struct error *err);

// The next connection, not blocking; -1 with errno when there is none.
int local_socket_accept(int listener);

// Whether the other end belongs to our user or to root (SO_PEERCRED, unix(7)).
bool local_socket_is_permitted(int descriptor);

// Connects to `path`; blocks up to `within_ms`, and so do reads and writes afterwards. -1 with
// err; errno is then ENOENT or ECONNREFUSED when nobody listens there.
int local_socket_connect(const char *path, int64_t within_ms, struct error *err);

#endif
