// SPDX-License-Identifier: MIT
#include "cloud/probe.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

// Waits until the connection is made, refused, or the time is over.
static int await_connection(int descriptor, int64_t until_ms, int stop_descriptor,
                            struct error *err)
{
    int64_t left_ms = until_ms - clock_monotonic_ms();
    struct pollfd polled[] = {{.fd = descriptor, .events = POLLOUT},
                              {.fd = stop_descriptor, .events = POLLIN}};
    int ready = poll(polled, 2, left_ms > 0 ? (int)left_ms : 0);
    if (ready < 0)
        return error_set_errno(err, "cannot wait for the connection");
    if (polled[1].revents)
        return error_set(err, ERROR_FAILED, "stopped");
    if (ready == 0)
        return error_set(err, ERROR_FAILED,
                         "no answer; is the address right and is the network up?");
    socklen_t size = sizeof errno;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &errno, &size) != 0 || errno == 0)
        return 0;
    if (errno == ECONNREFUSED)
        return error_set(err, ERROR_FAILED,
                         "connection refused; is the port right and is the broker running?");
    return error_set_errno(err, "cannot connect");
}

static int probe_address(const struct addrinfo *address, int64_t until_ms, int stop_descriptor,
                         struct error *err)
{
    int descriptor =
        socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (descriptor < 0)
        return error_set_errno(err, "cannot open a socket");
    int failed = 0;
    if (connect(descriptor, address->ai_addr, address->ai_addrlen) != 0) {
        failed = errno == EINPROGRESS
                     ? await_connection(descriptor, until_ms, stop_descriptor, err)
                     : error_set_errno(err, "cannot connect");
    }
    (void)close(descriptor);
    return failed;
}

int probe_host(const char *host, uint16_t port, int64_t limit_ms, int stop_descriptor,
               struct error *err)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    char service[8];
    (void)snprintf(service, sizeof service, "%u", port);
    int code = getaddrinfo(host, service, &hints, &addresses);
    if (code != 0)
        return error_set(err, ERROR_FAILED,
                         "cannot find the address of this name (%s); check the name and the "
                         "DNS settings",
                         code == EAI_SYSTEM ? "system error" : gai_strerror(code));
    int64_t until_ms = clock_monotonic_ms() + limit_ms;
    int failed = -1;
    for (const struct addrinfo *at = addresses; failed && at; at = at->ai_next)
        failed = probe_address(at, until_ms, stop_descriptor, err);
    freeaddrinfo(addresses);
    return failed;
}
