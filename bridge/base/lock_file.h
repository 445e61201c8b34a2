// SPDX-License-Identifier: MIT
// A file that one process holds at a time, as long as it lives and however it ends. The file
// itself stays, with the number of its last holder in it, for people. Any thread.
#ifndef BASE_LOCK_FILE_H
#define BASE_LOCK_FILE_H

#include "base/error.h"

enum lock_result {
    LOCK_TAKEN,
    LOCK_HELD,       // by another process; err says which, when that is known
    LOCK_IMPOSSIBLE, // the file cannot be made or written
};

// Locks `path`, which is made (for its user alone) when it is not there. `ret_descriptor` is
// written for LOCK_TAKEN: closing it gives the lock back. err is written otherwise, and errno
// says why it is impossible.
enum lock_result lock_file_take(const char *path, int *ret_descriptor, struct error *err);

#endif
