// SPDX-License-Identifier: MIT
// A link against scripted servers that do what equipment, adapters and wires of a serial line
// do.
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "support/link_talk.h"
#include "support/random.h"

struct prefix {
    uint8_t bytes[8];
    size_t length;
    size_t noise;
    unsigned foreign;
};

static const struct prefix *put_before;

static void serve_prefix(struct fake_server *server)
{
    while (fake_read(server)) {
        uint8_t bytes[2 * MAX_FRAME];
        memcpy(bytes, put_before->bytes, put_before->length);
        size_t length = fake_answer(server, &server->request, 0, bytes + put_before->length);
        fake_write(server, bytes, put_before->length + length);
    }
}

static void test_rtu_stray_bytes(void **state)
{
    (void)state;
    static const struct prefix prefixes[] = {
        {{0x00}, 1, 1, 0},
        {{0xFF, 0xFF}, 2, 2, 0},
        {{7}, 1, 1, 0},
        {{7, 3, 4}, 3, 3, 0},
        {{0x11, 3, 0x00, 0x6B, 0, 3, 0x76, 0x87}, 8, 0, 1},
    };
    for (size_t i = 0; i < 2 * ARRAY_LENGTH(prefixes); i++) {
        struct fake_server server;
        put_before = &prefixes[i / 2];
        start_line(&server, i % 2 ? LINE_RTU : LINE_RTU_OVER_TCP, serve_prefix, NULL);
        struct link *link = open_link(&server.settings, -1);
        ask(link, &read_100);
        assert_int_equal(link_last_note(link)->noise, put_before->noise);
        assert_int_equal(link_last_note(link)->foreign, put_before->foreign);
        ask(link, &write_two);
        ask(link, &read_200);
        if (i % 2)
            unplug(&server);
        finish(link, &server);
    }
}

// Echoes everything; answers all but single writes, and those only when told to.
static void serve_echo(struct fake_server *server)
{
    const atomic_bool *answers_writes = server->context;
    while (fake_read(server)) {
        uint8_t frame[MAX_FRAME];
        size_t length = frame_build_request(FRAMING_RTU, 0, &server->request, frame);
        fake_write(server, frame, length);
        if (server->request.function != 6 || atomic_load(answers_writes))
            fake_reply(server);
    }
}

static void test_rtu_adapter_that_echoes(void **state)
{
    (void)state;
    for (int kind = LINE_RTU_OVER_TCP; kind <= LINE_RTU; kind++) {
        struct fake_server server;
        atomic_bool answers_writes = true;
        start_line(&server, kind, serve_echo, &answers_writes);
        struct link *link = open_link(&server.settings, -1);
        ask(link, &read_100);
        assert_int_equal(link_last_note(link)->foreign, 0);
        ask(link, &write_two);
        ask(link, &write_100);
        assert_int_equal(link_counters(link)->unsolicited_bytes, 0);
        ask(link, &read_200);
        // The echo of a write is not its acknowledgement.
        atomic_store(&answers_writes, false);
        ask_in_vain(link, &write_100, SHORT_MS, FAULT_TIMEOUT);
        ask(link, &read_100);
        if (kind == LINE_RTU)
            unplug(&server);
        finish(link, &server);
    }
}

// The answer to the first request comes when the test has given it up.
static void serve_after_timeout(struct fake_server *server)
{
    fake_require(fake_read(server));
    fake_await(server->to_server);
    fake_reply(server);
    fake_signal(server->to_test);
    while (fake_read(server))
        fake_reply(server);
}

static void test_rtu_late_answer_is_drained(void **state)
{
    (void)state;
    for (int kind = LINE_RTU_OVER_TCP; kind <= LINE_RTU; kind++) {
        struct fake_server server;
        start_line(&server, kind, serve_after_timeout, NULL);
        struct link *link = open_link(&server.settings, -1);
        ask_in_vain(link, &read_100, SHORT_MS, FAULT_TIMEOUT);
        fake_signal(server.to_server);
        fake_await(server.to_test);
        ask(link, &read_200); // the same shape: the late words would fit
        assert_int_equal(link_last_note(link)->noise, 9);
        assert_int_equal(link_counters(link)->unsolicited_bytes, 9);
        ask(link, &read_100);
        assert_int_equal(link_last_note(link)->noise, 0);
        if (kind == LINE_RTU)
            unplug(&server);
        finish(link, &server);
    }
}

static void serve_wrong_crc(struct fake_server *server)
{
    for (size_t i = 0; fake_read(server); i++) {
        uint8_t frame[MAX_FRAME];
        size_t length = fake_answer(server, &server->request, 0, frame);
        frame[i % 2 ? 0 : length - 1] ^= i < 2;
        fake_write(server, frame, length);
    }
}

static void test_rtu_garbage_is_named(void **state)
{
    (void)state;
    enum { COMES_MS = 400 }; // within it the garbage comes, also on a machine that is busy
    for (int kind = LINE_RTU_OVER_TCP; kind <= LINE_RTU; kind++) {
        struct fake_server server;
        start_line(&server, kind, serve_wrong_crc, NULL);
        struct link *link = open_link(&server.settings, -1);
        ask_in_vain(link, &read_100, COMES_MS, FAULT_GARBLED);
        assert_non_null(strstr(link_last_note(link)->text, "9 bytes came"));
        ask_in_vain(link, &read_100, COMES_MS, FAULT_GARBLED);
        assert_true(link_is_open(link));
        assert_int_equal(link_counters(link)->garbled, 2);
        ask(link, &read_200);
        if (kind == LINE_RTU)
            unplug(&server);
        finish(link, &server);
    }
}

struct gaps {
    int64_t shortest_us;
    size_t count;
};

static void serve_gaps(struct fake_server *server)
{
    struct gaps *gaps = server->context;
    int64_t answered_us = 0;
    while (fake_read(server)) {
        int64_t gap_us = clock_monotonic_us() - answered_us;
        if (answered_us && (!gaps->count || gap_us < gaps->shortest_us))
            gaps->shortest_us = gap_us;
        gaps->count += answered_us != 0;
        answered_us = clock_monotonic_us();
        fake_reply(server);
    }
}

static void test_rtu_silence_before_each_request(void **state)
{
    (void)state;
    static const struct {
        int baud;
        int64_t silence_us;
    } rows[] = {{9600, 4011}, {19200, 2006}, {115200, 1750}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct fake_server server;
        struct gaps gaps = {0};
        fake_start_pty(&server, serve_gaps, &gaps);
        server.settings.baud = rows[i].baud;
        struct link *link = open_link(&server.settings, -1);
        for (int n = 0; n < 40; n++)
            ask(link, n % 2 ? &read_100 : &read_200);
        unplug(&server);
        finish(link, &server);
        assert_int_equal(gaps.count, 39);
        assert_true(gaps.shortest_us >= rows[i].silence_us);
        assert_true(gaps.shortest_us < 40000); // the long silence is for disturbed lines
    }
}

static void serve_second_time(struct fake_server *server)
{
    int64_t *second_us = server->context;
    fake_require(fake_read(server));
    fake_require(fake_read(server));
    *second_us = clock_monotonic_us();
    fake_reply(server);
}

static void test_rtu_long_silence_after_a_timeout(void **state)
{
    (void)state;
    struct fake_server server;
    int64_t second_us = 0;
    fake_start_pty(&server, serve_second_time, &second_us);
    struct link *link = open_link(&server.settings, -1);
    int64_t before_us = clock_monotonic_us();
    ask_in_vain(link, &read_100, SHORT_MS, FAULT_TIMEOUT);
    ask(link, &read_200);
    finish(link, &server);
    assert_true(second_us - before_us >= (SHORT_MS + 50) * 1000L);
}

static void serve_count(struct fake_server *server)
{
    size_t *count = server->context;
    while (fake_read(server))
        (*count)++;
}

static void test_rtu_broadcast(void **state)
{
    (void)state;
    struct fake_server server;
    size_t count = 0;
    fake_start_pty(&server, serve_count, &count);
    struct link *link = open_link(&server.settings, -1);
    struct request all = write_100;
    struct answer answer;
    all.unit_id = 0;
    int64_t before = clock_monotonic_ms();
    assert_int_equal(link_transact(link, &all, AMPLE_MS, &answer), FAULT_NONE);
    assert_true(clock_monotonic_ms() - before >= 100);
    unplug(&server);
    finish(link, &server);
    assert_int_equal(count, 1);
}

static void serve_vanish(struct fake_server *server)
{
    if (fake_read(server)) {
        (void)close(server->descriptor);
        server->descriptor = -1;
    }
}

static void test_rtu_unplugged(void **state)
{
    (void)state;
    struct fake_server server;
    fake_start_pty(&server, serve_vanish, NULL);
    struct link *link = open_link(&server.settings, -1);
    ask_in_vain(link, &read_100, AMPLE_MS, FAULT_LINK);
    assert_false(link_is_open(link));
    struct error err = {0};
    assert_int_equal(link_open(link, SHORT_MS, &err), FAULT_LINK);
    assert_non_null(strstr(err.text, server.path));
    finish(link, &server);
}

// One byte of an answer inserted, lost or changed, each time elsewhere.
static void serve_noise(struct fake_server *server)
{
    uint64_t seed = 4711;
    while (fake_read(server)) {
        uint8_t frame[MAX_FRAME + 1];
        size_t length = fake_answer(server, &server->request, 0, frame);
        size_t at = random_below(&seed, (uint32_t)length);
        uint8_t noise = (uint8_t)random_below(&seed, 256);
        switch (random_below(&seed, 8)) {
        case 0:
            memmove(frame + at + 1, frame + at, length++ - at);
            frame[at] = noise;
            break;
        case 1:
            memmove(frame + at, frame + at + 1, --length - at);
            break;
        case 2:
            frame[at] ^= (uint8_t)(noise | 1);
            break;
        default:
            break;
        }
        fake_write(server, frame, length);
    }
}

static void test_rtu_noise(void **state)
{
    (void)state;
    struct fake_server server;
    fake_start_pty(&server, serve_noise, NULL);
    server.settings.baud = 115200;
    struct link *link = open_link(&server.settings, -1);
    size_t right = 0;
    for (uint16_t i = 0; i < 120; i++) {
        // A busy machine answers late, and only the count tells a late answer (bus/late).
        struct request request = {.unit_id = 7,
                                  .function = 4,
                                  .address = (uint16_t)(i * 11),
                                  .count = (uint16_t)(3 + i % 40)};
        struct answer answer;
        enum fault fault = link_transact(link, &request, SHORT_MS, &answer);
        assert_true(fault == FAULT_NONE || fault == FAULT_GARBLED || fault == FAULT_TIMEOUT);
        if (fault != FAULT_NONE)
            continue;
        assert_read(&request, &answer);
        right++;
    }
    assert_true(right >= 20); // of the 75 that arrive whole, on a machine that is busy
    assert_true(right < 120);
    unplug(&server);
    finish(link, &server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rtu_stray_bytes),
        cmocka_unit_test(test_rtu_adapter_that_echoes),
        cmocka_unit_test(test_rtu_late_answer_is_drained),
        cmocka_unit_test(test_rtu_garbage_is_named),
        cmocka_unit_test(test_rtu_silence_before_each_request),
        cmocka_unit_test(test_rtu_long_silence_after_a_timeout),
        cmocka_unit_test(test_rtu_broadcast),
        cmocka_unit_test(test_rtu_unplugged),
        cmocka_unit_test(test_rtu_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
