// SPDX-License-Identifier: MIT
#include "sim/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

enum { BACKLOG = 64 };

static bool parse_host(const char *host, uint16_t port, union address *ret_address,
                       socklen_t *ret_length)
{
    memset(ret_address, 0, sizeof *ret_address);
    if (inet_pton(AF_INET, host, &ret_address->v4.sin_addr) == 1) {
        ret_address->v4.sin_family = AF_INET;
        ret_address->v4.sin_port = htons(port);
        *ret_length = sizeof ret_address->v4;
        return true;
    }
    if (inet_pton(AF_INET6, host, &ret_address->v6.sin6_addr) == 1) {
        ret_address->v6.sin6_family = AF_INET6;
        ret_address->v6.sin6_port = htons(port);
        *ret_length = sizeof ret_address->v6;
        return true;
    }
    return false;
}

static int bind_listener(int descriptor, const union address *address, socklen_t length)
{
    const int on = 1;
    (void)setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(descriptor, &address->any, length))
        return -1;
    return listen(descriptor, BACKLOG);
}

static int name_port(int descriptor, uint16_t *ret_port)
{
    union address address = {0};
    socklen_t length = sizeof address;
    if (getsockname(descriptor, &address.any, &length))
        return -1;
    // The port stands at the same place in both families.
    *ret_port = ntohs(address.v4.sin_port);
    return 0;
}

int port_listen(const char *host, uint16_t port, int *ret_descriptor, uint16_t *ret_port,
                struct error *err)
{
    union address address;
    socklen_t length = 0;
    uint16_t taken = 0;
    if (!parse_host(host, port, &address, &length))
        return error_set(err, ERROR_USAGE,
                         "'%s' is not an IP address to listen on, such as 127.0.0.1", host);
    int descriptor =
        socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return error_set_errno(err, "cannot open a socket");
    if (bind_listener(descriptor, &address, length) || name_port(descriptor, &taken)) {
        (void)error_set_errno(err, "cannot listen on %s port %d", host, (int)port);
        (void)close(descriptor);
        return -1;
    }
    *ret_descriptor = descriptor;
    *ret_port = taken;
    return 0;
}

int port_accept(int listener)
{
    const int on = 1;
    int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0)
        (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return descriptor;
}

static int open_held(int descriptor, char ret_path[MAX_PORT_PATH])
{
    struct termios settings;
    if (grantpt(descriptor) || unlockpt(descriptor) ||
        ptsname_r(descriptor, ret_path, MAX_PORT_PATH))
        return -1;
    int held = open(ret_path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (held < 0)
        return -1;
    if (tcgetattr(held, &settings) == 0) {
        cfmakeraw(&settings);
        (void)tcsetattr(held, TCSANOW, &settings);
    }
    return held;
}

int port_open_terminal(int *ret_descriptor, int *ret_held, char ret_path[MAX_PORT_PATH],
                       struct error *err)
{
    int descriptor = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0)
        return error_set_errno(err, "cannot open a pseudo-terminal");
    int held = open_held(descriptor, ret_path);
    if (held < 0) {
        (void)error_set_errno(err, "cannot open the pseudo-terminal's other end");
        (void)close(descriptor);
        return -1;
    }
    *ret_descriptor = descriptor;
    *ret_held = held;
    return 0;
}
