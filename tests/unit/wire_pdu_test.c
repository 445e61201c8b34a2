// SPDX-License-Identifier: MIT
// The PDUs of the specification's examples, and every way in which an answer can lie.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "support/random.h"
#include "wire/pdu.h"

struct example {
    struct request request;
    uint8_t request_pdu[16];
    size_t request_length;
    uint8_t response_pdu[16];
    size_t response_length;
    uint16_t words[4];
};

// Modbus Application Protocol V1.1b3, sections 6.1 to 6.6, 6.11, 6.12.
static const struct example examples[] = {
    {{.function = 1, .address = 0x13, .count = 0x13},
     {0x01, 0x00, 0x13, 0x00, 0x13},
     5,
     {0x01, 0x03, 0xCD, 0x6B, 0x05},
     5,
     {0x6BCD, 0x0005}},
    {{.function = 2, .address = 0xC4, .count = 0x16},
     {0x02, 0x00, 0xC4, 0x00, 0x16},
     5,
     {0x02, 0x03, 0xAC, 0xDB, 0x35},
     5,
     {0xDBAC, 0x0035}},
    {{.function = 3, .address = 0x6B, .count = 3},
     {0x03, 0x00, 0x6B, 0x00, 0x03},
     5,
     {0x03, 0x06, 0x02, 0x2B, 0x00, 0x00, 0x00, 0x64},
     8,
     {0x022B, 0x0000, 0x0064}},
    {{.function = 4, .address = 8, .count = 1},
     {0x04, 0x00, 0x08, 0x00, 0x01},
     5,
     {0x04, 0x02, 0x00, 0x0A},
     4,
     {0x000A}},
    {{.function = 5, .address = 0xAC, .count = 1, .words = {1}},
     {0x05, 0x00, 0xAC, 0xFF, 0x00},
     5,
     {0x05, 0x00, 0xAC, 0xFF, 0x00},
     5,
     {0}},
    {{.function = 6, .address = 1, .count = 1, .words = {3}},
     {0x06, 0x00, 0x01, 0x00, 0x03},
     5,
     {0x06, 0x00, 0x01, 0x00, 0x03},
     5,
     {0}},
    {{.function = 15, .address = 0x13, .count = 10, .words = {0x01CD}},
     {0x0F, 0x00, 0x13, 0x00, 0x0A, 0x02, 0xCD, 0x01},
     8,
     {0x0F, 0x00, 0x13, 0x00, 0x0A},
     5,
     {0}},
    {{.function = 16, .address = 1, .count = 2, .words = {0x000A, 0x0102}},
     {0x10, 0x00, 0x01, 0x00, 0x02, 0x04, 0x00, 0x0A, 0x01, 0x02},
     10,
     {0x10, 0x00, 0x01, 0x00, 0x02},
     5,
     {0}},
};

static bool is_read(const struct example *example)
{
    return !pdu_find_function(example->request.function)->is_write;
}

static void test_examples_are_built_and_parsed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(examples); i++) {
        const struct example *example = &examples[i];
        uint8_t pdu[MAX_PDU];
        assert_true(pdu_is_valid_request(&example->request));
        assert_int_equal(pdu_build_request(&example->request, pdu), example->request_length);
        assert_memory_equal(pdu, example->request_pdu, example->request_length);
        assert_int_equal(pdu_request_size(&example->request), example->request_length);
        assert_int_equal(pdu_response_size(&example->request), example->response_length);

        struct answer answer = {.exception = 99};
        const char *problem = NULL;
        assert_true(pdu_parse_response(&example->request, example->response_pdu,
                                       example->response_length, &answer, &problem));
        assert_int_equal(answer.exception, 0);
        assert_int_equal(answer.count, example->request.count);
        if (is_read(example))
            assert_memory_equal(answer.words, example->words, sizeof example->words);
    }
}

static void test_server_parses_and_answers_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(examples); i++) {
        const struct example *example = &examples[i];
        struct request request;
        assert_int_equal(
            pdu_parse_request(7, example->request_pdu, example->request_length, &request), 0);
        assert_int_equal(request.unit_id, 7);
        assert_int_equal(request.function, example->request.function);
        assert_int_equal(request.address, example->request.address);
        assert_int_equal(request.count, example->request.count);
        assert_memory_equal(request.words, example->request.words, 8);

        struct answer answer = {.count = request.count};
        memcpy(answer.words, example->words, sizeof example->words);
        uint8_t pdu[MAX_PDU];
        assert_int_equal(pdu_build_response(&request, &answer, pdu), example->response_length);
        assert_memory_equal(pdu, example->response_pdu, example->response_length);
    }
}

// A response with any one byte changed, or cut, or longer, is no answer - unless the byte is
// read data, or the change makes it an exception.
static void test_every_changed_byte_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(examples); i++) {
        const struct example *example = &examples[i];
        struct answer answer;
        const char *problem = NULL;
        size_t header = is_read(example) ? 2 : example->response_length;
        for (size_t at = 0; at < header; at++) {
            for (unsigned change = 1; change < 256; change++) {
                uint8_t pdu[17];
                memcpy(pdu, example->response_pdu, 16);
                pdu[at] ^= (uint8_t)change;
                problem = NULL;
                assert_false(pdu_parse_response(&example->request, pdu,
                                                example->response_length, &answer, &problem));
                assert_non_null(problem);
            }
        }
        for (size_t length = 0; length <= 16; length++) {
            if (length != example->response_length)
                assert_false(pdu_parse_response(&example->request, example->response_pdu,
                                                length, &answer, &problem));
        }
    }
}

static void test_exceptions(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(examples); i++) {
        const struct request *request = &examples[i].request;
        for (unsigned code = 0; code < 256; code++) {
            uint8_t pdu[3] = {(uint8_t)(request->function | 0x80), (uint8_t)code, 0};
            struct answer answer = {.exception = 0};
            const char *problem = NULL;
            assert_int_equal(pdu_parse_response(request, pdu, 2, &answer, &problem), code != 0);
            assert_int_equal(answer.exception, code);
            assert_false(pdu_parse_response(request, pdu, 3, &answer, &problem));

            struct answer refusal = {.exception = (uint8_t)code};
            uint8_t built[MAX_PDU];
            if (code != 0) {
                assert_int_equal(pdu_build_response(request, &refusal, built), 2);
                assert_memory_equal(built, pdu, 2);
            }
        }
    }
}

static void test_bits_beyond_the_count_are_cleared(void **state)
{
    (void)state;
    struct request request = {.function = 1, .address = 0, .count = 11};
    const uint8_t pdu[] = {1, 2, 0xFF, 0xFF};
    struct answer answer;
    const char *problem = NULL;
    assert_true(pdu_parse_response(&request, pdu, sizeof pdu, &answer, &problem));
    assert_int_equal(answer.words[0], 0x07FF);

    struct request write = {.function = 15, .count = 11, .words = {0xFFFF}};
    uint8_t built[MAX_PDU];
    assert_int_equal(pdu_build_request(&write, built), 8);
    assert_int_equal(built[6], 0xFF);
    assert_int_equal(built[7], 0x07);
}

static void test_limits_of_requests(void **state)
{
    (void)state;
    static const struct {
        uint8_t function;
        uint16_t address;
        uint16_t count;
        bool valid;
    } rows[] = {
        {1, 0, 2000, true},     {1, 0, 2001, false},  {2, 0, 2000, true},
        {2, 0, 2001, false},    {3, 0, 125, true},    {3, 0, 126, false},
        {4, 0, 125, true},      {4, 0, 126, false},   {5, 0, 1, true},
        {5, 0, 2, false},       {6, 65535, 1, true},  {6, 0, 2, false},
        {15, 0, 1968, true},    {15, 0, 1969, false}, {16, 0, 123, true},
        {16, 0, 124, false},    {3, 0, 0, false},     {16, 0, 0, false},
        {3, 65535, 1, true},    {3, 65535, 2, false}, {3, 65411, 125, true},
        {3, 65412, 125, false}, {0, 0, 1, false},     {7, 0, 1, false},
        {0x83, 0, 1, false},    {23, 0, 1, false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct request request = {
            .function = rows[i].function, .address = rows[i].address, .count = rows[i].count};
        uint8_t pdu[MAX_PDU];
        assert_int_equal(pdu_is_valid_request(&request), rows[i].valid);
        assert_int_equal(pdu_build_request(&request, pdu) > 0, rows[i].valid);
    }
}

static void test_server_refuses(void **state)
{
    (void)state;
    static const struct {
        uint8_t pdu[8];
        size_t length;
        uint8_t exception;
    } rows[] = {
        {{7}, 1, 1},                             // unknown function
        {{0x83, 2}, 2, 1},                       // not a request
        {{0}, 1, 1},                             //
        {{3, 0, 0, 0}, 4, 3},                    // cut
        {{3, 0, 0, 0, 1, 0}, 6, 3},              // too long
        {{3, 0, 0, 0, 0}, 5, 3},                 // no register
        {{3, 0, 0, 0, 126}, 5, 3},               // too many
        {{1, 0, 0, 0x07, 0xD1}, 5, 3},           // 2001 bits
        {{3, 0xFF, 0xFF, 0, 2}, 5, 2},           // over the end
        {{3, 0xFF, 0xFF, 0, 1}, 5, 0},           //
        {{5, 0, 0, 0x12, 0x34}, 5, 3},           // neither on nor off
        {{5, 0, 0, 0xFF, 0x01}, 5, 3},           //
        {{16, 0, 0, 0, 1, 2, 0}, 7, 3},          // data cut
        {{16, 0, 0, 0, 1, 4, 0, 0}, 8, 3},       // byte count lies
        {{16, 0, 0, 0, 2, 2, 0, 0}, 8, 3},       // quantity lies
        {{16, 0xFF, 0xFF, 0, 1, 2, 0, 0}, 8, 0}, //
        {{15, 0xFF, 0xFF, 0, 2, 1, 3}, 7, 2},    // over the end
        {{15, 0, 0, 0, 9, 1, 3}, 7, 3},          // nine bits in a byte
        {{16, 0, 0, 0, 124, 248, 0, 0}, 8, 3},   // too many
        {{16, 0, 0, 0, 1}, 5, 3},                //
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct request request = {.address = 4711};
        assert_int_equal(pdu_parse_request(9, rows[i].pdu, rows[i].length, &request),
                         rows[i].exception);
        assert_int_equal(request.unit_id, 9);
        assert_int_equal(request.function, rows[i].pdu[0]);
        if (rows[i].exception)
            assert_int_equal(request.address, 4711);
    }
}

static void test_functions_for_tables(void **state)
{
    (void)state;
    assert_int_equal(pdu_read_function(TABLE_COIL), 1);
    assert_int_equal(pdu_read_function(TABLE_DISCRETE), 2);
    assert_int_equal(pdu_read_function(TABLE_HOLDING), 3);
    assert_int_equal(pdu_read_function(TABLE_INPUT), 4);
    static const struct {
        enum table table;
        uint16_t count;
        enum write_function preference;
        uint8_t function;
    } rows[] = {
        {TABLE_HOLDING, 1, WRITE_AUTO, 6},      {TABLE_HOLDING, 2, WRITE_AUTO, 16},
        {TABLE_HOLDING, 1, WRITE_MULTIPLE, 16}, {TABLE_HOLDING, 1, WRITE_SINGLE, 6},
        {TABLE_HOLDING, 2, WRITE_SINGLE, 0},    {TABLE_HOLDING, 123, WRITE_AUTO, 16},
        {TABLE_HOLDING, 124, WRITE_AUTO, 0},    {TABLE_HOLDING, 0, WRITE_AUTO, 0},
        {TABLE_COIL, 1, WRITE_AUTO, 5},         {TABLE_COIL, 1, WRITE_MULTIPLE, 15},
        {TABLE_COIL, 1968, WRITE_AUTO, 15},     {TABLE_COIL, 1969, WRITE_AUTO, 0},
        {TABLE_INPUT, 1, WRITE_AUTO, 0},        {TABLE_DISCRETE, 1, WRITE_MULTIPLE, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        assert_int_equal(pdu_write_function(rows[i].table, rows[i].count, rows[i].preference),
                         rows[i].function);
}

// Whatever a peer sends, the server's parser takes only what it can build again.
static void test_random_requests(void **state)
{
    (void)state;
    uint64_t seed = 20240607;
    size_t parsed = 0;
    for (int i = 0; i < 200000; i++) {
        uint8_t pdu[MAX_PDU];
        uint8_t again[MAX_PDU];
        size_t length = 1 + random_below(&seed, 12);
        random_bytes(&seed, pdu, length);
        pdu[0] &= 0x17;
        if (length > 3)
            pdu[3] = 0;
        struct request request;
        if (pdu_parse_request(1, pdu, length, &request) != 0)
            continue;
        parsed++;
        assert_true(pdu_is_valid_request(&request));
        assert_int_equal(pdu_build_request(&request, again), length);
        if (request.function != 15) // unused bits are not kept
            assert_memory_equal(pdu, again, length);
    }
    assert_true(parsed > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples_are_built_and_parsed),
        cmocka_unit_test(test_server_parses_and_answers_examples),
        cmocka_unit_test(test_every_changed_byte_is_noticed),
        cmocka_unit_test(test_exceptions),
        cmocka_unit_test(test_bits_beyond_the_count_are_cleared),
        cmocka_unit_test(test_limits_of_requests),
        cmocka_unit_test(test_server_refuses),
        cmocka_unit_test(test_functions_for_tables),
        cmocka_unit_test(test_random_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
