// SPDX-License-Identifier: MIT
// The open descriptor of a link: bytes in and out, each wait with a deadline and ended by the
// stop descriptor. Internal to bus/link*.c; one thread.
#ifndef BUS_LINK_PORT_H
#define BUS_LINK_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct _modbus; // libmodbus's context: bus/serial.c

struct port {
    bool is_open;
    struct _modbus *modbus; // what opened a serial port
    struct dial *dial;      // what connects to an endpoint; NULL: never tried
    int descriptor;
    int guard; // holds the lock on a serial port; -1: none
    int stop_descriptor;
    bool is_serial;
    bool switches_rts; // the driver is enabled with RTS around each frame
};

enum port_event {
    PORT_READY,
    PORT_DEADLINE,
    PORT_STOPPED,
    PORT_CLOSED, // by the peer, or unplugged
    PORT_BROKEN, // errno says why
};

// Waits until there is something to read (POLLIN) or room to write (POLLOUT), or with `events`
// 0 only for time to pass. `deadline_us` on the monotonic clock; one in the past looks and
// returns at once. The stop descriptor comes first.
enum port_event port_wait(const struct port *port, short events, int64_t deadline_us);

// Reads what is there, at most `size` bytes; PORT_READY with ret_length 0 when there is
// nothing. Call it after port_wait said ready: 0 bytes of a serial port then mean that it is
// gone.
enum port_event port_read(const struct port *port, uint8_t *ret_bytes, size_t size,
                          size_t *ret_length);

// Hands all bytes to the kernel. ret_sent is written in every case: how many went. The bytes
// may still be on their way when it returns.
enum port_event port_send(const struct port *port, const uint8_t *bytes, size_t length,
                          int64_t deadline_us, size_t *ret_sent);

// Lets go of an RS-485 line where the direction is switched with RTS: a port is opened with RTS
// up, which would hold the line. Does nothing where it is not.
void port_receive(const struct port *port);

#endif
