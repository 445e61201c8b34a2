// SPDX-License-Identifier: MIT
#include "base/local_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 16 };

static int set_address(const char *path, struct sockaddr_un *ret_address, struct error *err)
{
    size_t length = strlen(path);
    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (length >= sizeof ret_address->sun_path) {
        (void)error_set(err, ERROR_FAILED,
                        "%s: the path of a socket may have %zu bytes, this one has %zu", path,
                        sizeof ret_address->sun_path - 1, length);
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(ret_address->sun_path, path, length + 1);
    return 0;
}

static int bind_and_listen(int descriptor, const struct sockaddr_un *address)
{
    // The mode of the socket becomes that of the file which bind makes, less the umask: nobody
    // else can connect at any moment.
    if (fchmod(descriptor, 0600) != 0)
        return -1;
    if (unlink(address->sun_path) != 0 && errno != ENOENT)
        return -1;
    if (bind(descriptor, (const struct sockaddr *)address, sizeof *address) != 0)
        return -1;
    return listen(descriptor, BACKLOG);
}

int local_socket_listen(const char *path, struct error *err)
{
    struct sockaddr_un address;
    if (set_address(path, &address, err) != 0)
        return -1;
    // It is listening under another name before it takes its own: control.soc~.
    address.sun_path[strlen(path) - 1] = '~';
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return error_set_errno(err, "no descriptor for a socket");
    if (bind_and_listen(descriptor, &address) == 0 && rename(address.sun_path, path) == 0)
        return descriptor;
    (void)error_set_errno(err, "%s cannot be made", path);
    (void)unlink(address.sun_path);
    (void)close(descriptor);
    return -1;
}

int local_socket_accept(int listener)
{
    return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

bool local_socket_is_permitted(int descriptor)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return false;
    return peer.uid == 0 || peer.uid == geteuid();
}

int local_socket_connect(const char *path, int64_t within_ms, struct error *err)
{
    struct sockaddr_un address;
    struct timeval limit = {within_ms / 1000, (within_ms % 1000) * 1000};
    if (set_address(path, &address, err) != 0)
        return -1;
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return error_set_errno(err, "no descriptor for a socket");
    (void)setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    (void)setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(descriptor, (const struct sockaddr *)&address, sizeof address) == 0)
        return descriptor;
    int failure = errno;
    (void)error_set_errno(err, "%s", path);
    (void)close(descriptor);
    errno = failure;
    return -1;
}
