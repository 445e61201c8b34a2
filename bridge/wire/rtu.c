// SPDX-License-Identifier: MIT
#include "wire/rtu.h"

#include <assert.h>
#include <string.h>

#include "base/time_units.h"

enum {
    SPECIFIED_BITS = 11, // of a character, section 2.5.1
    FIXED_SILENCE_BAUD = 19200,
    FIXED_SILENCE_US = 1750,
    CRC_START = 0xFFFF,
};

static uint16_t crc_add(uint16_t crc, uint8_t byte)
{
    // The remainders of the reflected polynomial A001 for four bits at a time.
    static const uint16_t remainders[16] = {
        0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401,
        0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400,
    };
    crc ^= byte;
    crc = (uint16_t)(crc >> 4 ^ remainders[crc & 15]);
    return (uint16_t)(crc >> 4 ^ remainders[crc & 15]);
}

uint16_t rtu_crc(const uint8_t *bytes, size_t length)
{
    uint16_t crc = CRC_START;
    for (size_t i = 0; i < length; i++)
        crc = crc_add(crc, bytes[i]);
    return crc;
}

size_t rtu_build_frame(uint8_t unit_id, const uint8_t *pdu, size_t pdu_length,
                       uint8_t ret_frame[MAX_RTU_FRAME])
{
    assert(pdu_length >= 1 && pdu_length <= MAX_PDU);
    ret_frame[0] = unit_id;
    memcpy(ret_frame + 1, pdu, pdu_length);
    uint16_t crc = rtu_crc(ret_frame, pdu_length + 1);
    ret_frame[pdu_length + 1] = (uint8_t)crc;
    ret_frame[pdu_length + 2] = (uint8_t)(crc >> 8);
    return pdu_length + RTU_OVERHEAD;
}

bool rtu_is_frame(const uint8_t *bytes, size_t length)
{
    // Over a frame and its own CRC the remainder is 0.
    return length >= MIN_RTU_FRAME && length <= MAX_RTU_FRAME && rtu_crc(bytes, length) == 0;
}

size_t rtu_find_frame(const uint8_t *bytes, size_t length)
{
    uint16_t crc = CRC_START;
    for (size_t i = 0; i < length && i < MAX_RTU_FRAME; i++) {
        crc = crc_add(crc, bytes[i]);
        if (crc == 0 && i + 1 >= MIN_RTU_FRAME)
            return i + 1;
    }
    return 0;
}

static size_t frame_length(size_t pdu_length)
{
    return pdu_length == 0 || pdu_length == PDU_UNKNOWN ? pdu_length
                                                        : pdu_length + RTU_OVERHEAD;
}

size_t rtu_request_length(const uint8_t *bytes, size_t length)
{
    return length < 1 ? 0 : frame_length(pdu_request_length(bytes + 1, length - 1));
}

size_t rtu_response_length(const uint8_t *bytes, size_t length)
{
    return length < 1 ? 0 : frame_length(pdu_response_length(bytes + 1, length - 1));
}

// Bits of a character: start, 8 data, parity, stop.
static int character_bits(enum parity parity, int stop_bits)
{
    return 1 + 8 + (parity != PARITY_NONE) + stop_bits;
}

static int64_t bits_us(int64_t bits, int baud)
{
    return (bits * US_PER_S + baud - 1) / baud;
}

int64_t rtu_silence_us(int baud, enum parity parity, int stop_bits)
{
    if (baud <= 0)
        return 0;
    if (baud > FIXED_SILENCE_BAUD)
        return FIXED_SILENCE_US;
    int bits = character_bits(parity, stop_bits);
    if (bits < SPECIFIED_BITS)
        bits = SPECIFIED_BITS;
    return (bits_us((int64_t)7 * bits, baud) + 1) / 2;
}

int64_t rtu_wire_time_us(int baud, enum parity parity, int stop_bits, size_t bytes)
{
    if (baud <= 0)
        return 0;
    return bits_us((int64_t)bytes * character_bits(parity, stop_bits), baud);
}
