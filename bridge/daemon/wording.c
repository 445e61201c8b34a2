// SPDX-License-Identifier: MIT
#include "daemon/wording.h"

#include <stdio.h>

const char *wording_transport(enum transport transport)
{
    static const char *const names[] = {
        [TRANSPORT_TCP] = "tcp",
        [TRANSPORT_RTU] = "rtu",
        [TRANSPORT_RTU_OVER_TCP] = "rtu_over_tcp",
    };
    return names[transport];
}

void wording_place(const struct bus_settings *bus, char *ret_text, size_t size)
{
    switch (bus->transport) {
    case TRANSPORT_TCP:
        (void)snprintf(ret_text, size, "tcp %s:%u", bus->host, bus->port);
        return;
    case TRANSPORT_RTU_OVER_TCP:
        (void)snprintf(ret_text, size, "RTU over tcp %s:%u", bus->host, bus->port);
        return;
    case TRANSPORT_RTU:
        (void)snprintf(ret_text, size, "port %s at %d baud", bus->path, bus->baud);
        return;
    }
}

const char *wording_advice(enum fault fault)
{
    static const char *const advice[FAULT_COUNT] = {
        [FAULT_IDENTITY] = "it is not the device of its map",
        [FAULT_TIMEOUT] = "no answer: check power, cable and unit id",
        [FAULT_GARBLED] = "answers are garbled: check speed, parity, wiring and termination",
        [FAULT_LINK] = "the link is down",
    };
    return advice[fault] ? advice[fault] : fault_names[fault];
}

const char *const parity_names[] = {
    [PARITY_NONE] = "none", [PARITY_EVEN] = "even", [PARITY_ODD] = "odd"};
