// SPDX-License-Identifier: MIT
// CRC, frame lengths and times on the wire.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "support/random.h"
#include "wire/rtu.h"

static void test_crc(void **state)
{
    (void)state;
    // Modbus over Serial Line V1.02, section 6.2.2: 02 07 gives 1241 hexadecimal.
    assert_int_equal(rtu_crc((const uint8_t[]){0x02, 0x07}, 2), 0x1241);
    // The check value of CRC-16/MODBUS in the catalogue of CRC algorithms.
    assert_int_equal(rtu_crc((const uint8_t *)"123456789", 9), 0x4B37);
    assert_int_equal(rtu_crc(NULL, 0), 0xFFFF);
}

static void test_frames(void **state)
{
    (void)state;
    const uint8_t pdu[] = {0x03, 0x00, 0x6B, 0x00, 0x03};
    const uint8_t expected[] = {0x11, 0x03, 0x00, 0x6B, 0x00, 0x03, 0x76, 0x87};
    uint8_t frame[MAX_RTU_FRAME];
    assert_int_equal(rtu_build_frame(0x11, pdu, sizeof pdu, frame), 8);
    assert_memory_equal(frame, expected, 8);
    assert_true(rtu_is_frame(frame, 8));
    assert_int_equal(rtu_find_frame(frame, 8), 8);
    assert_int_equal(rtu_find_frame(frame, 7), 0);
    for (size_t bit = 0; bit < 64; bit++) {
        frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(rtu_is_frame(frame, 8));
        frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_false(rtu_is_frame(frame, 7));
    assert_false(rtu_is_frame((const uint8_t[]){0xFF, 0xFF}, 2));
}

static void test_announced_lengths(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[8];
        size_t length;
        size_t request;
        size_t response;
    } rows[] = {
        {{1}, 0, 0, 0},
        {{1}, 1, 0, 0},
        {{1, 3}, 2, 8, 0},
        {{1, 3, 4}, 3, 8, 9},
        {{1, 3, 5}, 3, 8, PDU_UNKNOWN},
        {{1, 1, 5}, 3, 8, 10},
        {{1, 4, 0}, 3, 8, PDU_UNKNOWN},
        {{1, 3, 252}, 3, 8, PDU_UNKNOWN},
        {{1, 3, 250}, 3, 8, 255},
        {{1, 6}, 2, 8, 8},
        {{1, 16, 0, 0, 0, 2}, 6, 0, 8},
        {{1, 16, 0, 0, 0, 2, 4}, 7, 13, 8},
        {{1, 16, 0, 0, 0, 2, 248}, 7, PDU_UNKNOWN, 8},
        {{1, 0x83}, 2, PDU_UNKNOWN, 5},
        {{1, 7}, 2, PDU_UNKNOWN, PDU_UNKNOWN},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        assert_int_equal(rtu_request_length(rows[i].bytes, rows[i].length), rows[i].request);
        assert_int_equal(rtu_response_length(rows[i].bytes, rows[i].length), rows[i].response);
    }
}

static void test_times(void **state)
{
    (void)state;
    static const struct {
        int baud;
        enum parity parity;
        int stop_bits;
        int64_t silence_us;
        int64_t eight_bytes_us;
    } rows[] = {
        {0, PARITY_NONE, 1, 0, 0},
        {1200, PARITY_EVEN, 1, 32084, 73334},
        {9600, PARITY_EVEN, 1, 4011, 9167},
        {9600, PARITY_NONE, 1, 4011, 8334}, // ten bits a character, silence as for eleven
        {9600, PARITY_ODD, 2, 4375, 10000},
        {19200, PARITY_NONE, 2, 2006, 4584},
        {38400, PARITY_NONE, 1, 1750, 2084},
        {115200, PARITY_NONE, 1, 1750, 695},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        assert_int_equal(rtu_silence_us(rows[i].baud, rows[i].parity, rows[i].stop_bits),
                         rows[i].silence_us);
        assert_int_equal(rtu_wire_time_us(rows[i].baud, rows[i].parity, rows[i].stop_bits, 8),
                         rows[i].eight_bytes_us);
    }
}

static void test_find_frame_agrees_with_is_frame(void **state)
{
    (void)state;
    uint64_t seed = 77;
    for (int i = 0; i < 2000; i++) {
        uint8_t bytes[64];
        random_bytes(&seed, bytes, sizeof bytes);
        size_t found = rtu_find_frame(bytes, sizeof bytes);
        size_t expected = 0;
        for (size_t n = MIN_RTU_FRAME; n <= sizeof bytes && !expected; n++)
            expected = rtu_is_frame(bytes, n) ? n : 0;
        assert_int_equal(found, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_announced_lengths),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_find_frame_agrees_with_is_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
