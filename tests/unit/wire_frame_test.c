// SPDX-License-Identifier: MIT
// An answer is matched to its request, and nothing else is taken for it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "support/random.h"
#include "wire/bytes.h"
#include "wire/frame.h"

enum { TRANSACTION = 0x1234 };

static const enum framing framings[] = {FRAMING_TCP, FRAMING_RTU};

static const struct request requests[] = {
    {.unit_id = 7, .function = 1, .address = 0x13, .count = 19},
    {.unit_id = 7, .function = 1, .address = 0, .count = 2000},
    {.unit_id = 0, .function = 2, .address = 0xC4, .count = 1},
    {.unit_id = 3, .function = 3, .address = 0x0310, .count = 1},
    {.unit_id = 255, .function = 3, .address = 0, .count = 125},
    {.unit_id = 4, .function = 4, .address = 0x0404, .count = 2},
    {.unit_id = 5, .function = 5, .address = 0xAC, .count = 1, .words = {1}},
    {.unit_id = 5, .function = 5, .address = 0xAC, .count = 1, .words = {0}},
    {.unit_id = 6, .function = 6, .address = 0x0606, .count = 1, .words = {0x0606}},
    {.unit_id = 15, .function = 15, .address = 19, .count = 10, .words = {0x01CD}},
    {.unit_id = 16, .function = 16, .address = 1, .count = 2, .words = {10, 0x0102}},
    {.unit_id = 16, .function = 16, .address = 0, .count = 123, .words = {1, 2, 3}},
};

static bool is_read(const struct request *request)
{
    return request->function <= 4;
}

// An answer that shows where it comes from in each word.
static struct answer make_answer(const struct request *request)
{
    struct answer answer = {.count = request->count};
    for (size_t i = 0; i < MAX_READ_REGISTERS; i++)
        answer.words[i] = (uint16_t)(request->address * 257U + i * 31 + 5);
    return answer;
}

static void assert_answer(const struct request *request, const struct answer *got)
{
    struct answer expected = make_answer(request);
    assert_int_equal(got->exception, 0);
    assert_int_equal(got->count, request->count);
    if (!is_read(request))
        return;
    size_t words = request->function <= 2 ? request->count / 16 : request->count;
    assert_memory_equal(got->words, expected.words, words * sizeof expected.words[0]);
}

static size_t respond(enum framing framing, const struct request *request, uint8_t *ret_frame)
{
    struct answer answer = make_answer(request);
    return frame_build_response(framing, TRANSACTION, request, &answer, ret_frame);
}

static struct frame_verdict match(enum framing framing, const struct request *request,
                                  const uint8_t *bytes, size_t length, struct answer *answer)
{
    return frame_match(framing, TRANSACTION, request, bytes, length, answer);
}

// Request to the server's parser to its response to the match, at every number of bytes.
static void round_trip(enum framing framing, const struct request *request)
{
    uint8_t frame[MAX_FRAME];
    size_t length = frame_build_request(framing, TRANSACTION, request, frame);
    struct request parsed = {0};
    for (size_t n = 0; n < length; n++)
        assert_int_equal(frame_match_request(framing, frame, n, &parsed).kind, FRAME_NEED_MORE);
    struct frame_verdict verdict = frame_match_request(framing, frame, length, &parsed);
    assert_int_equal(verdict.kind, FRAME_REQUEST);
    assert_int_equal(verdict.length, length);
    assert_int_equal(verdict.exception, 0);
    assert_int_equal(verdict.transaction, framing == FRAMING_TCP ? TRANSACTION : 0);
    assert_memory_equal(&parsed, request, sizeof parsed);

    length = respond(framing, &parsed, frame);
    assert_int_equal(length, frame_response_size(framing, request));
    struct answer answer = {.exception = 99};
    for (size_t n = 0; n < length; n++)
        assert_int_equal(match(framing, request, frame, n, &answer).kind, FRAME_NEED_MORE);
    assert_int_equal(answer.exception, 99);
    verdict = match(framing, request, frame, length, &answer);
    assert_int_equal(verdict.kind, FRAME_ANSWER);
    assert_int_equal(verdict.length, length);
    assert_int_equal(verdict.noise, 0);
    assert_answer(request, &answer);
}

static void test_round_trips(void **state)
{
    (void)state;
    for (size_t f = 0; f < ARRAY_LENGTH(framings); f++) {
        for (size_t i = 0; i < ARRAY_LENGTH(requests); i++)
            round_trip(framings[f], &requests[i]);
    }
}

static void test_invalid_request_is_not_built(void **state)
{
    (void)state;
    struct request request = {.function = 3, .address = 65535, .count = 2};
    uint8_t frame[MAX_FRAME];
    assert_int_equal(frame_build_request(FRAMING_TCP, 1, &request, frame), 0);
    assert_int_equal(frame_build_request(FRAMING_RTU, 1, &request, frame), 0);
}

static void test_exceptions_are_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LENGTH(requests); i++) {
        const struct request *request = &requests[i / 2];
        struct answer refusal = {.exception = (uint8_t)(i + 1)};
        uint8_t frame[MAX_FRAME];
        size_t length =
            frame_build_response(framings[i % 2], TRANSACTION, request, &refusal, frame);
        struct answer answer = {.exception = 0};
        for (size_t n = 0; n < length; n++)
            assert_int_equal(match(framings[i % 2], request, frame, n, &answer).kind,
                             FRAME_NEED_MORE);
        assert_int_equal(match(framings[i % 2], request, frame, length, &answer).kind,
                         FRAME_ANSWER);
        assert_int_equal(answer.exception, i + 1);
    }
}

// The same answer with another header, in front of the right one: skipped, then found.
static void test_tcp_foreign_frames(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t change;
    } rows[] = {{0, 1}, {1, 1}, {6, 1}, {7, 2}};
    const struct request *request = &requests[5];
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        uint8_t bytes[2 * MAX_FRAME];
        size_t length = respond(FRAMING_TCP, request, bytes);
        bytes[rows[i].at] ^= rows[i].change;
        size_t both = length + respond(FRAMING_TCP, request, bytes + length);
        struct answer answer = {.exception = 99};
        struct frame_verdict verdict = match(FRAMING_TCP, request, bytes, both, &answer);
        assert_int_equal(verdict.kind, FRAME_FOREIGN);
        assert_int_equal(verdict.length, length);
        assert_non_null(verdict.problem);
        assert_int_equal(answer.exception, 99);
        verdict = match(FRAMING_TCP, request, bytes + length, both - length, &answer);
        assert_int_equal(verdict.kind, FRAME_ANSWER);
        assert_answer(request, &answer);
    }
}

static void test_tcp_lies_lose_the_stream(void **state)
{
    (void)state;
    static const struct {
        size_t request; // index
        size_t at;
        uint8_t change;
    } rows[] = {
        {5, 2, 1}, {5, 3, 1},  {5, 4, 1},   {5, 5, 7},   {5, 8, 2},  {5, 8, 0xFB},
        {6, 8, 1}, {6, 9, 1},  {6, 10, 1},  {8, 9, 1},   {8, 10, 1}, {8, 11, 1},
        {9, 9, 1}, {9, 11, 1}, {10, 8, 16}, {10, 11, 3},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const struct request *request = &requests[rows[i].request];
        uint8_t bytes[MAX_FRAME];
        size_t length = respond(FRAMING_TCP, request, bytes);
        bytes[rows[i].at] ^= rows[i].change;
        struct answer answer = {.exception = 99};
        struct frame_verdict verdict = match(FRAMING_TCP, request, bytes, length, &answer);
        assert_int_equal(verdict.kind, FRAME_GARBLED);
        assert_non_null(verdict.problem);
        assert_int_equal(answer.exception, 99);
    }
}

// A header that counts padding, or too little: no value comes of it.
static void test_tcp_wrong_length(void **state)
{
    (void)state;
    const struct request *request = &requests[5];
    for (unsigned claimed = 0; claimed < 65536; claimed += claimed < 300 ? 1 : 251) {
        uint8_t bytes[MAX_FRAME + 64] = {0};
        struct answer answer;
        size_t length = respond(FRAMING_TCP, request, bytes);
        bytes_put_16(bytes + 4, (uint16_t)claimed);
        struct frame_verdict verdict =
            match(FRAMING_TCP, request, bytes, sizeof bytes, &answer);
        assert_int_equal(verdict.kind, claimed == length - 6 ? FRAME_ANSWER : FRAME_GARBLED);
    }
}

static void test_rtu_steps_over_noise_and_other_frames(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[12];
        size_t length;
    } rows[] = {
        {{0x00}, 1},
        {{0xFF}, 1},
        {{0x00, 0x00, 0x00}, 3},
        {{4}, 1},                                     // the unit's own address
        {{4, 4}, 2},                                  // and its function
        {{4, 4, 4}, 3},                               // and the byte count
        {{4, 4, 4, 0, 1, 2}, 6},                      // an answer that was cut
        {{4, 4, 4, 0, 1, 2, 3, 0, 0}, 9},             // an answer with a wrong CRC
        {{4, 0x84, 2, 0, 0}, 5},                      // an exception with a wrong CRC
        {{9, 4, 2}, 3},                               // another unit's answer, cut
        {{9, 16, 0, 0}, 4},                           // another master's request, cut
        {{0x11, 3, 0x00, 0x6B, 0, 3, 0x76, 0x87}, 8}, // another master's request
        {{4, 3, 2, 0, 1, 0xB5, 0x84}, 7},             // the unit's answer to another function
        {{4, 4, 2, 0, 1, 0xB4, 0xF0}, 7},             // ... of another length
    };
    const struct request *request = &requests[5];
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        uint8_t bytes[MAX_FRAME];
        memcpy(bytes, rows[i].bytes, rows[i].length);
        size_t length = rows[i].length + respond(FRAMING_RTU, request, bytes + rows[i].length);
        struct answer answer = {.exception = 99};
        struct frame_verdict verdict = {.kind = FRAME_NEED_MORE};
        size_t start = 0;
        // As a link does: bytes come one at a time, what is judged useless is dropped.
        for (size_t n = 1; n <= length && verdict.kind != FRAME_ANSWER; n++) {
            do {
                verdict = match(FRAMING_RTU, request, bytes + start, n - start, &answer);
                start += verdict.length;
            } while (verdict.kind == FRAME_FOREIGN || verdict.kind == FRAME_GARBLED);
        }
        assert_int_equal(verdict.kind, FRAME_ANSWER);
        assert_int_equal(start, length);
        assert_answer(request, &answer);
    }
}

static void test_rtu_echo_of_the_request(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(requests); i++) {
        const struct request *request = &requests[i];
        uint8_t bytes[2 * MAX_FRAME];
        size_t echo = frame_build_request(FRAMING_RTU, 0, request, bytes);
        size_t length = echo + respond(FRAMING_RTU, request, bytes + echo);
        struct answer answer = {.exception = 99};
        struct frame_verdict verdict;
        if (request->function == 5 || request->function == 6)
            continue; // the echo and the answer are the same bytes
        for (size_t n = 0; n < echo; n++) {
            verdict = match(FRAMING_RTU, request, bytes, n, &answer);
            assert_int_equal(verdict.kind, FRAME_NEED_MORE);
        }
        verdict = match(FRAMING_RTU, request, bytes, echo, &answer);
        assert_int_equal(verdict.kind, FRAME_FOREIGN);
        assert_true(verdict.is_echo);
        assert_int_equal(verdict.length, echo);
        assert_int_equal(answer.exception, 99);
        verdict = match(FRAMING_RTU, request, bytes + echo, length - echo, &answer);
        assert_int_equal(verdict.kind, FRAME_ANSWER);
        assert_answer(request, &answer);
    }
}

// Some read requests begin like a whole answer to themselves, CRC and all: units and addresses
// for which the echo's first seven bytes would be a register.
static void test_rtu_echo_that_looks_like_an_answer(void **state)
{
    (void)state;
    size_t treacherous = 0;
    for (unsigned unit = 0; unit < 256; unit++) {
        for (unsigned low = 0; low < 512; low++) {
            struct request request = {
                .unit_id = (uint8_t)unit,
                .function = low & 256 ? 3 : 4,
                .address = (uint16_t)(0x0200 | (low & 255)),
                .count = 1,
            };
            uint8_t echo[MAX_FRAME];
            struct answer answer;
            assert_int_equal(frame_build_request(FRAMING_RTU, 0, &request, echo), 8);
            treacherous += rtu_is_frame(echo, 7);
            assert_int_equal(match(FRAMING_RTU, &request, echo, 7, &answer).kind,
                             FRAME_NEED_MORE);
            assert_int_equal(match(FRAMING_RTU, &request, echo, 8, &answer).kind,
                             FRAME_FOREIGN);
        }
    }
    assert_true(treacherous > 0); // one in 256: the CRC after a right low byte is its own rest
}

// A write that the line acknowledges with other words is not acknowledged.
static void test_rtu_echoes_that_lie(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(requests); i++) {
        const struct request *request = &requests[i];
        if (is_read(request))
            continue;
        for (size_t at = 1; at < 5; at++) {
            uint8_t pdu[MAX_PDU];
            uint8_t frame[MAX_FRAME];
            struct answer answer = {.exception = 99};
            size_t length = pdu_build_response(request, &(struct answer){0}, pdu);
            pdu[at] ^= 1;
            length = rtu_build_frame(request->unit_id, pdu, length, frame);
            struct frame_verdict verdict = match(FRAMING_RTU, request, frame, length, &answer);
            assert_int_equal(verdict.kind, FRAME_FOREIGN);
            assert_int_equal(answer.exception, 99);
        }
    }
}

// Each flipped bit, lost byte and repeated byte of an answer: never another value.
static void test_rtu_damaged_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(requests); i++) {
        const struct request *request = &requests[i];
        uint8_t good[MAX_FRAME];
        size_t length = respond(FRAMING_RTU, request, good);
        for (size_t at = 0; at < length; at++) {
            uint8_t bytes[MAX_FRAME];
            struct answer answer;
            for (unsigned bit = 0; bit < 8; bit++) {
                memcpy(bytes, good, length);
                bytes[at] ^= (uint8_t)(1U << bit);
                assert_int_not_equal(match(FRAMING_RTU, request, bytes, length, &answer).kind,
                                     FRAME_ANSWER);
            }
            memcpy(bytes, good, at);
            memcpy(bytes + at, good + at + 1, length - at - 1);
            assert_int_not_equal(match(FRAMING_RTU, request, bytes, length - 1, &answer).kind,
                                 FRAME_ANSWER);
        }
    }
}

// Bytes of the kind that occurs, at random: an answer only where a whole frame with a right CRC
// stands.
static void test_rtu_random_bytes(void **state)
{
    (void)state;
    uint64_t seed = 4711;
    size_t answers = 0;
    for (int round = 0; round < 40000; round++) {
        const struct request *request = &requests[random_below(&seed, ARRAY_LENGTH(requests))];
        uint8_t bytes[40];
        random_bytes(&seed, bytes, sizeof bytes);
        for (size_t i = 0; i + 3 < sizeof bytes; i += 1 + random_below(&seed, 7)) {
            bytes[i] = request->unit_id;
            bytes[i + 1] = request->function | (random_below(&seed, 4) ? 0 : 0x80);
        }
        size_t length = random_below(&seed, sizeof bytes + 1);
        struct answer answer;
        struct frame_verdict verdict = match(FRAMING_RTU, request, bytes, length, &answer);
        assert_true(verdict.length <= length);
        assert_true(verdict.kind == FRAME_NEED_MORE || verdict.length > 0);
        if (verdict.kind == FRAME_ANSWER) {
            answers++;
            assert_true(rtu_is_frame(bytes + verdict.noise, verdict.length - verdict.noise));
        }
    }
    assert_true(answers < 40); // 2^-16 of some ten thousand candidates
}

// Whatever comes, judging ends, and a full buffer is never waited for.
static void test_hostile_bytes_always_move_on(void **state)
{
    (void)state;
    uint64_t seed = 99;
    for (int round = 0; round < 3000; round++) {
        enum framing framing = framings[round % 2];
        const struct request *request = &requests[random_below(&seed, ARRAY_LENGTH(requests))];
        uint8_t bytes[2 * MAX_FRAME];
        random_bytes(&seed, bytes, sizeof bytes);
        if (framing == FRAMING_TCP) {
            bytes_put_16(bytes, random_below(&seed, 2) ? TRANSACTION : 7);
            bytes_put_16(bytes + 2, 0);
            bytes_put_16(bytes + 4, (uint16_t)random_below(&seed, 300));
            bytes[6] = request->unit_id;
            bytes[7] = request->function;
        }
        struct answer answer;
        struct request asked;
        struct frame_verdict verdict = match(framing, request, bytes, sizeof bytes, &answer);
        assert_true(verdict.kind == FRAME_GARBLED || verdict.length > 0);
        verdict = frame_match_request(framing, bytes, sizeof bytes, &asked);
        assert_true(verdict.kind == FRAME_GARBLED || verdict.length > 0);
        assert_true(verdict.length <= sizeof bytes);
    }
}

static void test_server_finds_requests(void **state)
{
    (void)state;
    // noise, then a request; a function nobody knows; a request that asks too much
    const uint8_t noisy[] = {0x00, 0x11, 3, 0x00, 0x6B, 0, 3, 0x76, 0x87, 0x55};
    struct request request = {0};
    struct frame_verdict verdict =
        frame_match_request(FRAMING_RTU, noisy, sizeof noisy, &request);
    assert_int_equal(verdict.kind, FRAME_REQUEST);
    assert_int_equal(verdict.length, 9);
    assert_int_equal(verdict.noise, 1);
    assert_int_equal(request.address, 0x6B);

    const uint8_t unknown[] = {0x41, 0x0E, 1, 0};
    uint8_t frame[MAX_FRAME];
    size_t length = rtu_build_frame(9, unknown, sizeof unknown, frame);
    for (size_t n = 0; n < length; n++)
        assert_int_equal(frame_match_request(FRAMING_RTU, frame, n, &request).kind,
                         FRAME_NEED_MORE);
    verdict = frame_match_request(FRAMING_RTU, frame, length, &request);
    assert_int_equal(verdict.kind, FRAME_REQUEST);
    assert_int_equal(verdict.length, length);
    assert_int_equal(verdict.exception, EXCEPTION_ILLEGAL_FUNCTION);
    assert_int_equal(request.unit_id, 9);
    length = tcp_build_frame(3, 9, unknown, sizeof unknown, frame);
    verdict = frame_match_request(FRAMING_TCP, frame, length, &request);
    assert_int_equal(verdict.kind, FRAME_REQUEST);
    assert_int_equal(verdict.transaction, 3);
    assert_int_equal(verdict.exception, EXCEPTION_ILLEGAL_FUNCTION);
    struct answer refusal = {.exception = verdict.exception};
    const uint8_t expected[] = {0, 3, 0, 0, 0, 3, 9, 0xC1, 1};
    assert_int_equal(frame_build_response(FRAMING_TCP, 3, &request, &refusal, frame), 9);
    assert_memory_equal(frame, expected, sizeof expected);

    const uint8_t greedy[] = {3, 0, 0, 0, 126};
    length = rtu_build_frame(9, greedy, sizeof greedy, frame);
    assert_int_equal(frame_match_request(FRAMING_RTU, frame, length, &request).exception,
                     EXCEPTION_ILLEGAL_VALUE);
}

static void test_format(void **state)
{
    (void)state;
    const uint8_t bytes[] = {0x07, 0x03, 0x00, 0x10, 0x00, 0xFA};
    static const struct {
        size_t length;
        size_t size;
        const char *text;
    } rows[] = {
        {0, 4, ""},
        {1, 4, "07"},
        {6, 18, "07 03 00 10 00 FA"},
        {6, 19, "07 03 00 10 00 FA"},
        {6, 17, "07 03 00 10..."},
        {6, 6, "07..."},
        {6, 4, "..."},
        {2, 6, "07 03"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        char text[32];
        memset(text, 'x', sizeof text);
        frame_format(bytes, rows[i].length, text, rows[i].size);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(text[rows[i].size], 'x');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_invalid_request_is_not_built),
        cmocka_unit_test(test_exceptions_are_answers),
        cmocka_unit_test(test_tcp_foreign_frames),
        cmocka_unit_test(test_tcp_lies_lose_the_stream),
        cmocka_unit_test(test_tcp_wrong_length),
        cmocka_unit_test(test_rtu_steps_over_noise_and_other_frames),
        cmocka_unit_test(test_rtu_echo_of_the_request),
        cmocka_unit_test(test_rtu_echo_that_looks_like_an_answer),
        cmocka_unit_test(test_rtu_echoes_that_lie),
        cmocka_unit_test(test_rtu_damaged_answers),
        cmocka_unit_test(test_rtu_random_bytes),
        cmocka_unit_test(test_hostile_bytes_always_move_on),
        cmocka_unit_test(test_server_finds_requests),
        cmocka_unit_test(test_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
