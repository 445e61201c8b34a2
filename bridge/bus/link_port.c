// SPDX-License-Identifier: MIT
#include "bus/link_port.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/time_units.h"

enum port_event port_wait(const struct port *port, short events, int64_t deadline_us)
{
    for (;;) {
        struct pollfd polled[] = {
            {.fd = port->stop_descriptor, .events = POLLIN},
            {.fd = events ? port->descriptor : -1, .events = events},
        };
        int64_t left_us = deadline_us - clock_monotonic_us();
        if (left_us < 0)
            left_us = 0;
        struct timespec timeout = {
            .tv_sec = left_us / US_PER_S,
            .tv_nsec = (long)(left_us % US_PER_S * NS_PER_US),
        };
        int ready = ppoll(polled, 2, &timeout, NULL);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready < 0)
            return PORT_BROKEN;
        if (polled[0].revents)
            return PORT_STOPPED;
        return polled[1].revents ? PORT_READY : PORT_DEADLINE;
    }
}

enum port_event port_read(const struct port *port, uint8_t *ret_bytes, size_t size,
                          size_t *ret_length)
{
    ssize_t got = port->is_serial ? read(port->descriptor, ret_bytes, size)
                                  : recv(port->descriptor, ret_bytes, size, MSG_DONTWAIT);
    if (got == 0)
        return PORT_CLOSED;
    if (got < 0 && errno != EAGAIN && errno != EINTR)
        return PORT_BROKEN;
    *ret_length = got < 0 ? 0 : (size_t)got;
    return PORT_READY;
}

static void switch_rts(const struct port *port, bool on)
{
    int line = TIOCM_RTS;
    if (port->switches_rts)
        (void)ioctl(port->descriptor, on ? TIOCMBIS : TIOCMBIC, &line);
}

static enum port_event send_all(const struct port *port, const uint8_t *bytes, size_t length,
                                int64_t deadline_us, size_t *ret_sent)
{
    *ret_sent = 0;
    while (*ret_sent < length) {
        const uint8_t *rest = bytes + *ret_sent;
        size_t left = length - *ret_sent;
        ssize_t sent = port->is_serial
                           ? write(port->descriptor, rest, left)
                           : send(port->descriptor, rest, left, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) {
            *ret_sent += (size_t)sent;
            continue;
        }
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return PORT_BROKEN;
        enum port_event event = port_wait(port, POLLOUT, deadline_us);
        if (event != PORT_READY)
            return event;
    }
    return PORT_READY;
}

void port_receive(const struct port *port)
{
    switch_rts(port, false);
}

enum port_event port_send(const struct port *port, const uint8_t *bytes, size_t length,
                          int64_t deadline_us, size_t *ret_sent)
{
    switch_rts(port, true);
    enum port_event event = send_all(port, bytes, length, deadline_us, ret_sent);
    // Without a driver of its own the line is released when the last bit has left.
    if (port->switches_rts && event == PORT_READY)
        (void)tcdrain(port->descriptor);
    port_receive(port);
    return event;
}
