// SPDX-License-Identifier: MIT
// Frames on a TCP connection: the MBAP header (transaction, protocol, length, unit) and a PDU.
// Pure, any thread. Source: Modbus Messaging on TCP/IP Implementation Guide V1.0b, section 3.1.
#ifndef WIRE_TCP_H
#define WIRE_TCP_H

#include <stddef.h>
#include <stdint.h>

#include "wire/pdu.h"

enum { MBAP_SIZE = 7, MAX_TCP_FRAME = MBAP_SIZE + MAX_PDU };

struct tcp_frame {
    uint16_t transaction;
    uint8_t unit_id;
    const uint8_t *pdu; // inside the bytes given
    size_t pdu_length;  // 1..MAX_PDU
};

enum tcp_state {
    TCP_STATE_INCOMPLETE,
    TCP_STATE_FRAME,
    TCP_STATE_GARBAGE, // not Modbus TCP; where the next frame begins cannot be known
};

// Writes a frame and returns its length. `pdu` may not overlap.
size_t tcp_build_frame(uint16_t transaction, uint8_t unit_id, const uint8_t *pdu,
                       size_t pdu_length, uint8_t ret_frame[MAX_TCP_FRAME]);

// Looks at the beginning of a byte stream. A frame is MBAP_SIZE + pdu_length bytes long; for
// garbage ret_problem is a static text.
enum tcp_state tcp_split_frame(const uint8_t *bytes, size_t length, struct tcp_frame *ret_frame,
                               const char **ret_problem);

#endif
