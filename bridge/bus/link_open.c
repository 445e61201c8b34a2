// SPDX-License-Identifier: MIT
#include "bus/link_open.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "bus/dial.h"
#include "bus/serial.h"

// Whether a host that is meant as an IPv4 address is not one: the resolver would read "10.5" or
// "0x7f.1" in the old way and connect to somebody.
static bool is_malformed_address(const char *host)
{
    struct in_addr address;
    const char *dot = strrchr(host, '.');
    const char *last = dot ? dot + 1 : host;
    bool is_number =
        isdigit((unsigned char)*last) &&
        (last[strspn(last, "0123456789")] == '\0' || last[1] == 'x' || last[1] == 'X');
    return is_number && inet_pton(AF_INET, host, &address) != 1;
}

static int check_endpoint(const struct bus_settings *settings, struct error *err)
{
    if (!settings->host || !*settings->host)
        return error_set(err, ERROR_CONFIG, "no host is given");
    if (is_malformed_address(settings->host))
        return error_set(err, ERROR_CONFIG,
                         "'%s' is not an address: write four numbers, such as 192.168.1.61",
                         settings->host);
    if (settings->port == 0)
        return error_set(err, ERROR_CONFIG, "port 0 cannot be connected to; Modbus uses 502");
    return 0;
}

int port_check(const struct bus_settings *settings, struct error *err)
{
    return settings->transport == TRANSPORT_RTU ? serial_check(settings, err)
                                                : check_endpoint(settings, err);
}

static enum port_progress open_endpoint(const struct bus_settings *settings, int64_t timeout_ms,
                                        struct port *ret_port, struct error *err)
{
    if (!ret_port->dial)
        ret_port->dial = dial_new(settings);
    switch (dial_go_on(ret_port->dial, timeout_ms, clock_monotonic_ms(), &ret_port->descriptor,
                       err)) {
    case DIAL_GOES_ON:
        return PORT_OPENING;
    case DIAL_FAILED:
        return PORT_NOT_OPENED;
    case DIAL_CONNECTED:
        break;
    }
    ret_port->is_open = true;
    return PORT_OPENED;
}

enum port_progress port_open(const struct bus_settings *settings, int64_t timeout_ms,
                             struct port *ret_port, struct error *err)
{
    if (settings->transport != TRANSPORT_RTU)
        return open_endpoint(settings, timeout_ms, ret_port, err);
    return serial_open(settings, ret_port, err) == 0 ? PORT_OPENED : PORT_NOT_OPENED;
}

int port_opening(const struct port *port, int64_t *ret_until_ms)
{
    // It is kept for the next connection: without an attempt its date is an old one.
    if (!port->dial || dial_descriptor(port->dial) < 0)
        return -1;
    *ret_until_ms = dial_until_ms(port->dial);
    return dial_descriptor(port->dial);
}

void port_close(struct port *port)
{
    if (port->dial)
        dial_give_up(port->dial);
    if (!port->is_open)
        return;
    if (port->is_serial) {
        serial_close(port);
    } else {
        (void)shutdown(port->descriptor, SHUT_RDWR);
        (void)close(port->descriptor);
    }
    port->is_open = false;
    port->descriptor = -1;
}

void port_done(struct port *port)
{
    port_close(port);
    dial_free(port->dial);
    port->dial = NULL;
}
