// SPDX-License-Identifier: MIT
#include "base/lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

// Who holds the lock, as it wrote itself; 0 when that cannot be read.
static long read_holder(int descriptor)
{
    char text[24] = "";
    ssize_t length = pread(descriptor, text, sizeof text - 1, 0);
    return length > 0 ? strtol(text, NULL, 10) : 0;
}

static void write_holder(int descriptor)
{
    char text[24];
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    // For people only: the lock holds without it.
    if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, text, (size_t)length, 0) < 0)
        return;
}

static enum lock_result lock(int descriptor, const char *path, struct error *err)
{
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
        write_holder(descriptor);
        return LOCK_TAKEN;
    }
    if (errno != EWOULDBLOCK) {
        (void)error_set_errno(err, "%s cannot be locked", path);
        return LOCK_IMPOSSIBLE;
    }
    long holder = read_holder(descriptor);
    if (holder > 0)
        (void)error_set(err, ERROR_FAILED, "process %ld holds %s", holder, path);
    else
        (void)error_set(err, ERROR_FAILED, "another process holds %s", path);
    return LOCK_HELD;
}

enum lock_result lock_file_take(const char *path, int *ret_descriptor, struct error *err)
{
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        int failure = errno;
        (void)error_set_errno(err, "%s cannot be opened", path);
        errno = failure;
        return LOCK_IMPOSSIBLE;
    }
    enum lock_result result = lock(descriptor, path, err);
    if (result == LOCK_TAKEN)
        *ret_descriptor = descriptor;
    else
        (void)close(descriptor);
    return result;
}
