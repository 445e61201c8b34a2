// SPDX-License-Identifier: MIT
// Read device identification: the specification's example, lists over several answers, and what
// must be refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "support/random.h"
#include "wire/frame.h"
#include "wire/identification.h"

static struct identification_object object(uint8_t id, const char *text)
{
    return (struct identification_object){id, (uint8_t)strlen(text), (const uint8_t *)text};
}

// Modbus Application Protocol V1.1b3, section 6.21, "basic device identification" (its lengths
// corrected: the texts there are named by placeholders of 22, 10 and 5 characters).
static const char vendor[] = "Company identification";
static const char product[] = "Product cX";
static const char revision[] = "V2.11";

static void test_example_of_the_specification(void **state)
{
    (void)state;
    const struct identification_object objects[] = {object(0, vendor), object(1, product),
                                                    object(2, revision)};
    struct request request = identification_request(17, IDENTIFICATION_BASIC, 0);
    uint8_t pdu[MAX_PDU];
    const uint8_t asked[] = {0x2B, 0x0E, 0x01, 0x00};
    assert_int_equal(pdu_build_request(&request, pdu), sizeof asked);
    assert_memory_equal(pdu, asked, sizeof asked);

    struct request parsed;
    assert_int_equal(pdu_parse_request(17, asked, sizeof asked, &parsed), 0);
    assert_memory_equal(&parsed, &request, offsetof(struct request, words));

    struct answer answer;
    identification_answer(&parsed, objects, ARRAY_LENGTH(objects), &answer);
    const uint8_t head[] = {0x2B, 0x0E, 0x01, 0x81, 0x00, 0x00, 0x03, 0x00, 0x16};
    size_t length = pdu_build_response(&parsed, &answer, pdu);
    assert_int_equal(length, 7 + 2 + 22 + 2 + 10 + 2 + 5);
    assert_memory_equal(pdu, head, sizeof head);
    assert_memory_equal(pdu + 9, vendor, 22);
    assert_int_equal(pdu[31], 1);
    assert_int_equal(pdu[43], 2);
    assert_memory_equal(pdu + 45, revision, 5);

    struct answer taken = {.exception = 9};
    const char *problem = NULL;
    struct identification list;
    assert_true(pdu_parse_response(&request, pdu, length, &taken, &problem));
    assert_int_equal(taken.exception, 0);
    assert_int_equal(pdu_answer_words(&request, &taken), (length - 3 + 1) / 2);
    assert_true(identification_unpack(&taken, &list));
    assert_int_equal(list.conformity, 0x81);
    assert_false(list.more_follows);
    assert_int_equal(list.object_count, 3);
    assert_int_equal(list.objects[1].length, 10);
    assert_memory_equal(list.objects[1].bytes, product, 10);
}

// Asks for the whole list as often as it says that more follows; returns how many answers it
// took.
static int read_all(const struct identification_object *objects, size_t count, uint8_t code,
                    size_t *ret_seen)
{
    int answers = 0;
    uint8_t next = 0;
    *ret_seen = 0;
    for (;;) {
        struct request request =
            identification_request(1, (enum identification_code)code, next);
        struct answer answer;
        struct answer taken;
        struct identification list;
        uint8_t pdu[MAX_PDU];
        const char *problem = NULL;
        identification_answer(&request, objects, count, &answer);
        assert_int_equal(answer.exception, 0);
        size_t length = pdu_build_response(&request, &answer, pdu);
        assert_true(length <= MAX_PDU);
        assert_true(pdu_parse_response(&request, pdu, length, &taken, &problem));
        assert_true(identification_unpack(&taken, &list));
        answers++;
        for (size_t i = 0; i < list.object_count; i++, (*ret_seen)++) {
            assert_int_equal(list.objects[i].id, objects[*ret_seen].id);
            assert_int_equal(list.objects[i].length, objects[*ret_seen].length);
            assert_memory_equal(list.objects[i].bytes, objects[*ret_seen].bytes,
                                list.objects[i].length);
        }
        if (!list.more_follows)
            return answers;
        assert_true(list.object_count > 0);
        next = list.next_object;
    }
}

static void test_long_lists_come_in_parts(void **state)
{
    (void)state;
    static char text[245];
    memset(text, 'x', sizeof text - 1);
    size_t seen = 0;
    const struct identification_object big[] = {object(0, text),    object(1, text),
                                                object(2, "1"),     object(3, "u"),
                                                object(0x80, text), object(0xFF, "last")};
    assert_int_equal(read_all(big, 6, IDENTIFICATION_BASIC, &seen), 3);
    assert_int_equal(seen, 3);
    assert_int_equal(read_all(big, 6, IDENTIFICATION_REGULAR, &seen), 3);
    assert_int_equal(seen, 4);
    assert_int_equal(read_all(big, 6, IDENTIFICATION_EXTENDED, &seen), 5);
    assert_int_equal(seen, 6);
    // One of exactly the size that fits, and as many empty ones as there can be.
    assert_int_equal(read_all(big, 1, IDENTIFICATION_BASIC, &seen), 1);
    struct identification_object empty[256];
    for (size_t i = 0; i < 256; i++)
        empty[i] = object((uint8_t)i, "");
    assert_int_equal(read_all(empty, 256, IDENTIFICATION_EXTENDED, &seen), 3);
    assert_int_equal(seen, 256);
}

static void test_which_objects_are_answered(void **state)
{
    (void)state;
    const struct identification_object objects[] = {object(0, vendor), object(2, revision),
                                                    object(4, "name")};
    static const struct {
        uint8_t code;
        uint8_t object;
        uint8_t exception;
        uint8_t first;
        size_t count;
    } rows[] = {
        {IDENTIFICATION_BASIC, 0, 0, 0, 2},    {IDENTIFICATION_BASIC, 2, 0, 2, 1},
        {IDENTIFICATION_BASIC, 4, 0, 0, 2}, // not one of these: from the beginning
        {IDENTIFICATION_REGULAR, 99, 0, 0, 3}, {IDENTIFICATION_REGULAR, 4, 0, 4, 1},
        {IDENTIFICATION_EXTENDED, 0, 0, 0, 3}, {IDENTIFICATION_ONE, 2, 0, 2, 1},
        {IDENTIFICATION_ONE, 4, 0, 4, 1},      {IDENTIFICATION_ONE, 1, 2, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct request request =
            identification_request(1, (enum identification_code)rows[i].code, rows[i].object);
        struct answer answer;
        struct identification list;
        identification_answer(&request, objects, 3, &answer);
        assert_int_equal(answer.exception, rows[i].exception);
        if (answer.exception)
            continue;
        assert_true(identification_unpack(&answer, &list));
        assert_int_equal(list.conformity, 0x82);
        assert_int_equal(list.object_count, rows[i].count);
        assert_int_equal(list.objects[0].id, rows[i].first);
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
        {{0x2B}, 1, 1},
        {{0x2B, 0x0D, 1, 0}, 4, 1}, // CANopen
        {{0x2B, 0x0E, 1}, 3, 3},
        {{0x2B, 0x0E, 1, 0, 0}, 5, 3},
        {{0x2B, 0x0E, 0, 0}, 4, 3},
        {{0x2B, 0x0E, 5, 0}, 4, 3},
        {{0x2B, 0x0E, 4, 0xFF}, 4, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct request request = {.address = 4711};
        assert_int_equal(pdu_parse_request(9, rows[i].pdu, rows[i].length, &request),
                         rows[i].exception);
        if (rows[i].exception)
            assert_int_equal(request.address, 4711);
    }
}

static void test_lies_are_noticed(void **state)
{
    (void)state;
    struct request request = identification_request(1, IDENTIFICATION_BASIC, 0);
    const uint8_t good[] = {0x2B, 0x0E, 1, 1, 0, 0, 2, 0, 2, 'a', 'b', 1, 1, 'c'};
    struct answer answer;
    const char *problem = NULL;
    assert_true(pdu_parse_response(&request, good, sizeof good, &answer, &problem));
    for (size_t length = 1; length < sizeof good; length++) {
        assert_false(pdu_parse_response(&request, good, length, &answer, &problem));
        size_t announced = pdu_response_length(good, length);
        // Where the last object's length is known the whole is.
        assert_int_equal(announced, length < 13 ? 0 : sizeof good);
    }
    static const struct {
        size_t at;
        uint8_t byte;
    } changes[] = {{1, 13}, {2, 2}, {6, 1}, {6, 3}, {8, 1}, {8, 3}, {12, 2}, {12, 255}};
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
        uint8_t pdu[sizeof good];
        memcpy(pdu, good, sizeof good);
        pdu[changes[i].at] = changes[i].byte;
        problem = NULL;
        assert_false(pdu_parse_response(&request, pdu, sizeof pdu, &answer, &problem));
        assert_non_null(problem);
    }
    // A list that no frame could hold is not waited for.
    const uint8_t endless[] = {0x2B, 0x0E, 1, 1, 0, 0, 2, 0, 200, 'a'};
    uint8_t bytes[MAX_PDU] = {0};
    memcpy(bytes, endless, sizeof endless);
    bytes[9 + 200] = 1;
    bytes[9 + 201] = 200;
    assert_int_equal(pdu_response_length(bytes, 9 + 202), PDU_UNKNOWN);
    struct identification list;
    assert_false(identification_unpack(&(struct answer){.count = 3}, &list));
    assert_false(identification_unpack(&(struct answer){.count = 251}, &list));
}

// On a serial line, byte by byte, with bytes of noise in front.
static void test_serial_frame_is_found(void **state)
{
    (void)state;
    uint64_t seed = 43;
    for (int round = 0; round < 300; round++) {
        struct identification_object objects[7];
        uint8_t texts[7][40];
        size_t count = 1 + random_below(&seed, 7);
        for (size_t i = 0; i < count; i++) {
            random_bytes(&seed, texts[i], sizeof texts[i]);
            objects[i] = (struct identification_object){
                (uint8_t)i, (uint8_t)random_below(&seed, sizeof texts[i]), texts[i]};
        }
        struct request request = identification_request(7, IDENTIFICATION_REGULAR, 0);
        struct answer answer;
        struct answer taken;
        identification_answer(&request, objects, count, &answer);
        uint8_t bytes[2 * MAX_FRAME] = {0xFF, 0x00};
        size_t noise = random_below(&seed, 3);
        size_t length =
            noise + frame_build_response(FRAMING_RTU, 0, &request, &answer, bytes + noise);
        struct frame_verdict verdict = {0};
        for (size_t got = 1; got <= length; got++) {
            verdict = frame_match(FRAMING_RTU, 0, &request, bytes, got, &taken);
            if (got < length)
                assert_int_not_equal(verdict.kind, FRAME_ANSWER);
        }
        assert_int_equal(verdict.kind, FRAME_ANSWER);
        assert_int_equal(verdict.length, length);
        assert_int_equal(verdict.noise, noise);
        assert_int_equal(taken.count, answer.count);
        assert_memory_equal(taken.words, answer.words,
                            pdu_answer_words(&request, &answer) * sizeof taken.words[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example_of_the_specification),
        cmocka_unit_test(test_long_lists_come_in_parts),
        cmocka_unit_test(test_which_objects_are_answered),
        cmocka_unit_test(test_server_refuses),
        cmocka_unit_test(test_lies_are_noticed),
        cmocka_unit_test(test_serial_frame_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
