// SPDX-License-Identifier: MIT
// Passwords, keys and certificates: read from files that only their owner may read, wiped when
// they are let go, and never part of a message. Any thread.
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { SECRET_MAX_BYTES = 64 * 1024 };

enum secrecy {
    SECRECY_PUBLIC,  // certificates: anybody may read them
    SECRECY_PRIVATE, // keys and passwords: refused when others than the owner may
};

// The text of a file of at most SECRET_MAX_BYTES. Heap, to be given to secret_free. NULL with
// ERROR_CONFIG: it is not there, no file, open to others, empty, too long, or holds a NUL. The
// message names the path.
char *secret_read(const char *path, enum secrecy secrecy, struct error *err);

// As secret_read for a private file that holds one line: the line without its end.
char *secret_read_line(const char *path, struct error *err);

// Wipes and frees what secret_read or base64_decode gave. NULL is allowed.
void secret_free(char *text);

// Whether `length` bytes are the secret, in a time that tells nothing about it but its length.
bool secret_equal(const char *bytes, size_t length, const char *secret);

// Keeps secrets out of core dumps and from the eyes of other processes of the same user: no
// core files, no attaching debugger, /proc/PID/environ and mem for root only. For the whole
// process, at its start.
void secret_seal_process(void);

#endif
