// SPDX-License-Identifier: MIT
// 16-bit numbers in frames: big-endian (Modbus Application Protocol V1.1b3, section 4.2).
#ifndef WIRE_BYTES_H
#define WIRE_BYTES_H

#include <stdint.h>

static inline uint16_t bytes_get_16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static inline void bytes_put_16(uint8_t *ret_bytes, uint16_t number)
{
    ret_bytes[0] = (uint8_t)(number >> 8);
    ret_bytes[1] = (uint8_t)number;
}

#endif
