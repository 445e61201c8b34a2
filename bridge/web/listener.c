// SPDX-License-Identifier: MIT
#include "web/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 64 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static socklen_t fill(union address *address, const char *text, uint16_t port)
{
    *address = (union address){.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
    if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1)
        return sizeof address->v6;
    *address = (union address){.v4 = {.sin_family = AF_INET, .sin_port = htons(port)}};
    return inet_pton(AF_INET, text, &address->v4.sin_addr) == 1 ? sizeof address->v4 : 0;
}

static int refuse(const char *address, uint16_t port, struct error *err)
{
    if (errno == EADDRINUSE)
        return error_set(err, ERROR_FAILED,
                         "another program listens at %s port %u: choose another port in web: "
                         "listen",
                         address, port);
    if (errno == EADDRNOTAVAIL)
        return error_set(err, ERROR_FAILED,
                         "this machine has no address %s: correct web: listen, or use 0.0.0.0",
                         address);
    return error_set_errno(err, "cannot listen at %s port %u", address, port);
}

int listener_open(const char *address, uint16_t port, struct error *err)
{
    union address where;
    socklen_t length = fill(&where, address, port);
    if (length == 0)
        return error_set(err, ERROR_CONFIG, "'%s' is no address", address);
    int one = 1;
    int descriptor =
        socket(where.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (descriptor < 0)
        return error_set_errno(err, "no descriptor for a socket");
    (void)setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(descriptor, &where.any, length) == 0 && listen(descriptor, BACKLOG) == 0)
        return descriptor;
    (void)refuse(address, port, err);
    (void)close(descriptor);
    return -1;
}
