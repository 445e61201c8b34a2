// SPDX-License-Identifier: MIT
#include "wire/tcp.h"

#include <assert.h>
#include <string.h>

#include "wire/bytes.h"

size_t tcp_build_frame(uint16_t transaction, uint8_t unit_id, const uint8_t *pdu,
                       size_t pdu_length, uint8_t ret_frame[MAX_TCP_FRAME])
{
    assert(pdu_length >= 1 && pdu_length <= MAX_PDU);
    bytes_put_16(ret_frame, transaction);
    bytes_put_16(ret_frame + 2, 0);
    bytes_put_16(ret_frame + 4, (uint16_t)(pdu_length + 1));
    ret_frame[6] = unit_id;
    memcpy(ret_frame + MBAP_SIZE, pdu, pdu_length);
    return MBAP_SIZE + pdu_length;
}

enum tcp_state tcp_split_frame(const uint8_t *bytes, size_t length, struct tcp_frame *ret_frame,
                               const char **ret_problem)
{
    // Said as soon as the bytes are there: a length that lies must not cost a whole time-out.
    if ((length >= 3 && bytes[2] != 0) || (length >= 4 && bytes[3] != 0)) {
        *ret_problem = "the protocol id is not 0: this is not Modbus TCP";
        return TCP_STATE_GARBAGE;
    }
    if (length < 6)
        return TCP_STATE_INCOMPLETE;
    uint16_t follows = bytes_get_16(bytes + 4);
    if (follows < 2 || follows > MAX_PDU + 1) {
        *ret_problem = "the length in the header is impossible";
        return TCP_STATE_GARBAGE;
    }
    if (length < 6U + follows)
        return TCP_STATE_INCOMPLETE;
    *ret_frame = (struct tcp_frame){
        .transaction = bytes_get_16(bytes),
        .unit_id = bytes[6],
        .pdu = bytes + MBAP_SIZE,
        .pdu_length = follows - 1U,
    };
    return TCP_STATE_FRAME;
}
