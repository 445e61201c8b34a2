// SPDX-License-Identifier: MIT
#include "wire/cost.h"

#include "base/time_units.h"
#include "wire/rtu.h"
#include "wire/tcp.h"

enum {
    READ_REQUEST_PDU = 5, // function, address, count
    READ_ANSWER_PDU = 2,  // function, count of the bytes that follow
    // Ethernet, IP and TCP headers of a segment, and the bytes' time at 100 Mbit/s. They only
    // have to say that bytes are cheap and requests are not.
    SEGMENT_OVERHEAD = 78,
    NETWORK_BYTE_NS = 80,
    ASSUMED_SERIAL_US = 5000,
    ASSUMED_NETWORK_US = 10000,
};

int64_t wire_cost_assumed_response_us(enum transport transport)
{
    return transport == TRANSPORT_RTU ? ASSUMED_SERIAL_US : ASSUMED_NETWORK_US;
}

struct wire_cost wire_cost_assumed(const struct bus_settings *bus,
                                   const struct modbus_settings *modbus)
{
    return wire_cost_of(bus, modbus, wire_cost_assumed_response_us(bus->transport));
}

static struct wire_cost serial_cost(const struct bus_settings *bus)
{
    enum { FRAMES = 2 * RTU_OVERHEAD + READ_REQUEST_PDU + READ_ANSWER_PDU, SCALE = 1000 };
    int64_t silence_us = rtu_silence_us(bus->baud, bus->parity, bus->stop_bits);
    // The time of a thousand bytes, so that rounding to microseconds does not matter.
    int64_t byte_ns = rtu_wire_time_us(bus->baud, bus->parity, bus->stop_bits, SCALE);
    return (struct wire_cost){
        .frames_ns = FRAMES * byte_ns,
        .silence_ns = 2 * silence_us * NS_PER_US,
        .byte_ns = byte_ns,
    };
}

static struct wire_cost network_cost(void)
{
    enum { BYTES = 2 * (SEGMENT_OVERHEAD + MBAP_SIZE) + READ_REQUEST_PDU + READ_ANSWER_PDU };
    return (struct wire_cost){
        .frames_ns = (int64_t)BYTES * NETWORK_BYTE_NS,
        .byte_ns = NETWORK_BYTE_NS,
    };
}

struct wire_cost wire_cost_of(const struct bus_settings *bus,
                              const struct modbus_settings *modbus, int64_t response_us)
{
    bool is_serial = bus->transport != TRANSPORT_TCP && bus->baud > 0;
    struct wire_cost cost = is_serial ? serial_cost(bus) : network_cost();
    cost.response_ns = response_us * NS_PER_US;
    int64_t pause_ns = modbus->min_gap_ms * NS_PER_MS - cost.silence_ns / 2;
    cost.pause_ns = pause_ns > 0 ? pause_ns : 0;
    return cost;
}
