// SPDX-License-Identifier: MIT
// A TCP endpoint that swallows every attempt to connect, as a host behind a firewall or without
// power does: a listener whose queue is full. Include it after cmocka.h.
#ifndef SUPPORT_BLACK_HOLE_H
#define SUPPORT_BLACK_HOLE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BLACK_HOLE_CALLERS = 8 };

struct black_hole {
    uint16_t port;
    int listener;
    int callers[BLACK_HOLE_CALLERS]; // they fill the queue
};

static inline void black_hole_open(struct black_hole *hole)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    hole->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(hole->listener >= 0);
    assert_int_equal(bind(hole->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(hole->listener, 0), 0);
    assert_int_equal(getsockname(hole->listener, (struct sockaddr *)&address, &size), 0);
    hole->port = ntohs(address.sin_port);
    for (size_t i = 0; i < BLACK_HOLE_CALLERS; i++) {
        hole->callers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(hole->callers[i], (struct sockaddr *)&address, sizeof address);
    }
    struct pollfd last = {.fd = hole->callers[BLACK_HOLE_CALLERS - 1], .events = POLLOUT};
    assert_int_equal(poll(&last, 1, 100), 0); // it got no connection: the queue is full
}

static inline void black_hole_close(struct black_hole *hole)
{
    for (size_t i = 0; i < BLACK_HOLE_CALLERS; i++)
        (void)close(hole->callers[i]);
    (void)close(hole->listener);
}

#endif
