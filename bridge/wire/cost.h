// SPDX-License-Identifier: MIT
// What reads cost on a line, from its settings: frames, the silence between them, the unit's
// answer. Pure, any thread. Source: Modbus over Serial Line V1.02, section 2.5.1; Modbus
// Messaging on TCP/IP V1.0b, section 3.1.
#ifndef WIRE_COST_H
#define WIRE_COST_H

#include <stdint.h>

#include "model/site.h"
#include "model/wire_cost.h"

// The cost while the unit's answers are not measured.
struct wire_cost wire_cost_assumed(const struct bus_settings *bus,
                                   const struct modbus_settings *modbus);

// How long a unit is thought to take before its answer begins, while it is not measured: beyond
// the silence on a serial line, the network's way there and back included on TCP.
int64_t wire_cost_assumed_response_us(enum transport transport);

// The cost of reads of a unit with these settings. `response_us`: as above, assumed or
// measured. On a serial bus without a known baud rate (RTU over TCP) only response and pause
// count.
struct wire_cost wire_cost_of(const struct bus_settings *bus,
                              const struct modbus_settings *modbus, int64_t response_us);

#endif
