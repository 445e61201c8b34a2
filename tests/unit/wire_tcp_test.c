// SPDX-License-Identifier: MIT
// The MBAP header and the splitting of a stream.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "wire/tcp.h"

static const uint8_t pdu[] = {0x03, 0x00, 0x6B, 0x00, 0x03};
static const uint8_t whole[] = {0x15, 0x01, 0, 0, 0, 6, 0xFF, 0x03, 0x00, 0x6B, 0x00, 0x03};

static void test_build(void **state)
{
    (void)state;
    uint8_t frame[MAX_TCP_FRAME];
    assert_int_equal(tcp_build_frame(0x1501, 0xFF, pdu, sizeof pdu, frame), sizeof whole);
    assert_memory_equal(frame, whole, sizeof whole);
}

static void test_split_at_each_byte(void **state)
{
    (void)state;
    struct tcp_frame frame = {0};
    const char *problem = NULL;
    for (size_t length = 0; length < sizeof whole; length++)
        assert_int_equal(tcp_split_frame(whole, length, &frame, &problem),
                         TCP_STATE_INCOMPLETE);
    uint8_t two[2 * sizeof whole];
    memcpy(two, whole, sizeof whole);
    memcpy(two + sizeof whole, whole, sizeof whole);
    for (size_t length = sizeof whole; length <= sizeof two; length++) {
        assert_int_equal(tcp_split_frame(two, length, &frame, &problem), TCP_STATE_FRAME);
        assert_int_equal(frame.transaction, 0x1501);
        assert_int_equal(frame.unit_id, 0xFF);
        assert_ptr_equal(frame.pdu, two + MBAP_SIZE);
        assert_int_equal(frame.pdu_length, sizeof pdu);
    }
}

static void test_header_that_lies(void **state)
{
    (void)state;
    static const struct {
        uint8_t header[6];
        enum tcp_state state;
        size_t noticed_at; // after so many bytes
    } rows[] = {
        {{0, 0, 0, 1, 0, 6}, TCP_STATE_GARBAGE, 4},
        {{0, 0, 1, 0, 0, 6}, TCP_STATE_GARBAGE, 3},
        {{0, 0, 0, 0, 0, 0}, TCP_STATE_GARBAGE, 6},
        {{0, 0, 0, 0, 0, 1}, TCP_STATE_GARBAGE, 6},
        {{0, 0, 0, 0, 0, 2}, TCP_STATE_INCOMPLETE, 0},
        {{0, 0, 0, 0, 0, 254}, TCP_STATE_INCOMPLETE, 0},
        {{0, 0, 0, 0, 0, 255}, TCP_STATE_GARBAGE, 6},
        {{0, 0, 0, 0, 1, 2}, TCP_STATE_GARBAGE, 6},
        {{0, 0, 0, 0, 0xFF, 0xFF}, TCP_STATE_GARBAGE, 6},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        for (size_t length = 0; length <= 6; length++) {
            struct tcp_frame frame;
            const char *problem = NULL;
            bool noticed = rows[i].noticed_at && length >= rows[i].noticed_at;
            assert_int_equal(tcp_split_frame(rows[i].header, length, &frame, &problem),
                             noticed ? rows[i].state : TCP_STATE_INCOMPLETE);
            assert_int_equal(problem != NULL, noticed);
        }
    }
}

static void test_longest_frame(void **state)
{
    (void)state;
    uint8_t long_pdu[MAX_PDU] = {0x10};
    uint8_t built[MAX_TCP_FRAME];
    struct tcp_frame frame;
    const char *problem = NULL;
    assert_int_equal(tcp_build_frame(1, 2, long_pdu, MAX_PDU, built), 260);
    assert_int_equal(tcp_split_frame(built, 260, &frame, &problem), TCP_STATE_FRAME);
    assert_int_equal(frame.pdu_length, MAX_PDU);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_build),
        cmocka_unit_test(test_split_at_each_byte),
        cmocka_unit_test(test_header_that_lies),
        cmocka_unit_test(test_longest_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
