// SPDX-License-Identifier: MIT
// Frames on a serial line: unit, PDU, CRC, told apart by silence; and how long things take on
// the wire. Pure, any thread. Source: Modbus over Serial Line Specification and Implementation
// Guide V1.02, sections 2.5.1 and 6.2.
#ifndef WIRE_RTU_H
#define WIRE_RTU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/site.h"
#include "wire/pdu.h"

enum {
    RTU_OVERHEAD = 3, // unit and CRC
    MIN_RTU_FRAME = 4,
    MAX_RTU_FRAME = RTU_OVERHEAD + MAX_PDU,
};

// CRC-16/MODBUS; on the wire the low byte comes first.
uint16_t rtu_crc(const uint8_t *bytes, size_t length);

// Writes a frame and returns its length. `pdu` may not overlap.
size_t rtu_build_frame(uint8_t unit_id, const uint8_t *pdu, size_t pdu_length,
                       uint8_t ret_frame[MAX_RTU_FRAME]);

// Whether these bytes are one frame with a right CRC.
bool rtu_is_frame(const uint8_t *bytes, size_t length);

// The length of the shortest frame with a right CRC at the beginning of these bytes, whatever
// its function; 0: none (yet). Only for where a frame is known to begin: in noise it finds
// frames.
size_t rtu_find_frame(const uint8_t *bytes, size_t length);

// The whole length of a frame as its first bytes announce it; 0: more bytes are needed to tell;
// PDU_UNKNOWN: these bytes begin no request (no answer) of a known function.
size_t rtu_request_length(const uint8_t *bytes, size_t length);
size_t rtu_response_length(const uint8_t *bytes, size_t length);

// The silence that ends a frame and must precede the next: 3.5 characters of 11 bits up to
// 19200 baud - also where the line's own characters have 10, since many devices count with 11 -
// and 1750 us above. 0 for an unknown (0) baud rate.
int64_t rtu_silence_us(int baud, enum parity parity, int stop_bits);

// How long so many bytes take on the line, rounded up; 0 for an unknown (0) baud rate.
int64_t rtu_wire_time_us(int baud, enum parity parity, int stop_bits, size_t bytes);

#endif
