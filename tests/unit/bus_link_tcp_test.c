// SPDX-License-Identifier: MIT
// A link against scripted servers that do what equipment behind TCP does.
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

// Keeps the first request, answers it in front of the second.
static void serve_late(struct fake_server *server)
{
    uint8_t bytes[2 * MAX_FRAME];
    fake_require(fake_read(server));
    size_t late = fake_answer(server, &server->request, server->transaction, bytes);
    fake_require(fake_read(server));
    size_t both =
        late + fake_answer(server, &server->request, server->transaction, bytes + late);
    fake_write(server, bytes, both);
    while (fake_read(server))
        fake_reply(server);
}

static void test_tcp_late_answer_is_skipped(void **state)
{
    (void)state;
    struct fake_server server;
    fake_start_tcp(&server, FRAMING_TCP, serve_late, NULL);
    struct link *link = open_link(&server.settings, -1);
    ask_in_vain(link, &read_100, SHORT_MS, FAULT_TIMEOUT);
    assert_true(link_is_open(link));
    ask(link, &read_200);
    assert_int_equal(link_last_note(link)->foreign, 1);
    ask(link, &read_100);
    assert_int_equal(link_counters(link)->foreign, 1);
    assert_int_equal(link_counters(link)->timeouts, 1);
    finish(link, &server);
}

static void test_tcp_late_echo_of_a_write_is_skipped(void **state)
{
    (void)state;
    struct fake_server server;
    fake_start_tcp(&server, FRAMING_TCP, serve_late, NULL);
    struct link *link = open_link(&server.settings, -1);
    ask_in_vain(link, &write_100, SHORT_MS, FAULT_TIMEOUT);
    ask(link, &write_100);
    assert_int_equal(link_last_note(link)->foreign, 1);
    finish(link, &server);
}

// A row of bytes to change in a right answer.
struct lie {
    size_t at;
    uint8_t change;
    enum fault fault;
};

static const struct lie *told;

// Sends the changed answer alone; when it is skipped, the next request is answered rightly.
static void serve_lie(struct fake_server *server)
{
    uint8_t frame[MAX_FRAME];
    fake_require(fake_read(server));
    size_t length = fake_answer(server, &server->request, server->transaction, frame);
    frame[told->at] ^= told->change;
    fake_write(server, frame, length);
    while (fake_read(server))
        fake_reply(server);
}

static void test_tcp_lies(void **state)
{
    (void)state;
    static const struct lie lies[] = {
        {1, 1, FAULT_TIMEOUT},  // transaction
        {6, 2, FAULT_TIMEOUT},  // unit
        {7, 7, FAULT_TIMEOUT},  // function
        {2, 1, FAULT_GARBLED},  // protocol
        {3, 1, FAULT_GARBLED},  //
        {4, 2, FAULT_GARBLED},  // length
        {5, 2, FAULT_GARBLED},  // one that is one byte short
        {8, 2, FAULT_GARBLED},  // byte count
        {8, 255, FAULT_GARBLED} //
    };
    for (size_t i = 0; i < ARRAY_LENGTH(lies); i++) {
        struct fake_server server;
        told = &lies[i];
        fake_start_tcp(&server, FRAMING_TCP, serve_lie, NULL);
        struct link *link = open_link(&server.settings, -1);
        bool garbled = lies[i].fault == FAULT_GARBLED;
        ask_in_vain(link, &read_100, garbled ? AMPLE_MS : SHORT_MS, lies[i].fault);
        assert_int_equal(link_is_open(link), !garbled);
        assert_true(strlen(link_last_note(link)->text) > 0);
        if (!garbled)
            ask(link, &read_200);
        finish(link, &server);
    }
}

static void test_tcp_echo_of_a_write_that_lies(void **state)
{
    (void)state;
    for (size_t at = 8; at < 12; at++) {
        struct fake_server server;
        struct lie lie = {.at = at, .change = 1};
        told = &lie;
        fake_start_tcp(&server, FRAMING_TCP, serve_lie, NULL);
        struct link *link = open_link(&server.settings, -1);
        ask_in_vain(link, at % 2 ? &write_100 : &write_two, AMPLE_MS, FAULT_GARBLED);
        assert_true(link_last_note(link)->sent);
        finish(link, &server);
    }
}

static void serve_half(struct fake_server *server)
{
    uint8_t frame[MAX_FRAME];
    fake_require(fake_read(server));
    size_t length = fake_answer(server, &server->request, server->transaction, frame);
    fake_write(server, frame, length / 2);
}

static void serve_reset(struct fake_server *server)
{
    struct linger now = {.l_onoff = 1};
    fake_require(fake_read(server));
    (void)setsockopt(server->descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void test_tcp_closed_by_the_device(void **state)
{
    (void)state;
    void (*const scripts[])(struct fake_server *) = {serve_half, serve_reset};
    for (size_t i = 0; i < ARRAY_LENGTH(scripts); i++) {
        struct fake_server server;
        fake_start_tcp(&server, FRAMING_TCP, scripts[i], NULL);
        struct link *link = open_link(&server.settings, -1);
        ask_in_vain(link, &read_100, AMPLE_MS, FAULT_LINK);
        assert_false(link_is_open(link));
        assert_true(link_last_note(link)->sent);
        assert_true(strlen(link_last_note(link)->text) > 0);
        finish(link, &server);
    }
}

// A device that closes idle connections: nothing is sent, so that even a write may be repeated.
static void test_tcp_closed_while_idle(void **state)
{
    (void)state;
    struct fake_server server;
    fake_start_tcp(&server, FRAMING_TCP, serve_once, NULL);
    struct link *link = open_link(&server.settings, -1);
    ask(link, &read_100);
    fake_join(&server);
    ask_in_vain(link, &write_100, AMPLE_MS, FAULT_LINK);
    assert_false(link_last_note(link)->sent);
    assert_false(link_is_open(link));
    // opened again by the caller
    struct error err = {0};
    fake_start(&server);
    assert_int_equal(link_open(link, AMPLE_MS, &err), FAULT_NONE);
    ask(link, &read_200);
    finish(link, &server);
}

// Answers late, twice, out of turn, in pieces, with other heads: whatever is accepted is right.
static void serve_chaos(struct fake_server *server)
{
    uint64_t seed = 42;
    struct request kept = {0};
    uint16_t kept_transaction = 0;
    while (fake_read(server)) {
        uint8_t frame[MAX_FRAME];
        size_t length = 0;
        uint32_t choice = random_below(&seed, 8);
        if (choice >= 4 && kept.count) {
            length = fake_answer(server, &kept, kept_transaction, frame);
            fake_write(server, frame, length);
            kept.count = 0;
        }
        length = fake_answer(server, &server->request, server->transaction, frame);
        if (choice == 0) {
            kept = server->request;
            kept_transaction = server->transaction;
            continue;
        }
        if (choice == 1) {
            frame[6] ^= 1;
            fake_write(server, frame, length);
            frame[6] ^= 1;
        }
        size_t cut = random_below(&seed, (uint32_t)length);
        fake_write(server, frame, cut);
        fake_write(server, frame + cut, length - cut);
        if (choice == 2)
            fake_write(server, frame, length);
    }
}

static void test_tcp_chaos(void **state)
{
    (void)state;
    struct fake_server server;
    fake_start_tcp(&server, FRAMING_TCP, serve_chaos, NULL);
    struct link *link = open_link(&server.settings, -1);
    size_t right = 0;
    size_t in_vain = 0; // in a row: one of eight by the script, more on a machine that is busy
    int64_t timeout_ms = SHORT_MS;
    for (uint16_t i = 0; i < 400; i++) {
        struct request request = {
            .unit_id = 7, .function = 3, .address = (uint16_t)(i * 11), .count = 4};
        struct answer answer;
        enum fault fault = link_transact(link, &request, timeout_ms, &answer);
        assert_true(fault == FAULT_NONE || fault == FAULT_TIMEOUT);
        in_vain = fault == FAULT_NONE ? 0 : in_vain + 1;
        if (in_vain % 4 == 3 && timeout_ms < AMPLE_MS)
            timeout_ms *= 2;
        if (fault != FAULT_NONE)
            continue;
        assert_read(&request, &answer);
        right++;
    }
    assert_true(right > 200);
    assert_true(link_counters(link)->foreign > 50);
    assert_true(link_is_open(link));
    finish(link, &server);
}

// Late answers without end.
static void serve_flood(struct fake_server *server)
{
    uint8_t flood[64 * MAX_FRAME];
    size_t length = 0;
    fake_require(fake_read(server));
    while (length + MAX_FRAME <= sizeof flood)
        length += fake_answer(server, &server->request, (uint16_t)(server->transaction + 7),
                              flood + length);
    while (fake_write(server, flood, length))
        continue;
}

static void test_tcp_flood_does_not_move_the_deadline(void **state)
{
    (void)state;
    struct fake_server server;
    fake_start_tcp(&server, FRAMING_TCP, serve_flood, NULL);
    struct link *link = open_link(&server.settings, -1);
    // A busy machine may start the flood only after the first deadline.
    for (unsigned asked = 0; asked < 5 && link_counters(link)->foreign == 0; asked++) {
        int64_t before_ms = clock_monotonic_ms();
        ask_in_vain(link, &read_100, SHORT_MS << asked, FAULT_TIMEOUT);
        assert_true(clock_monotonic_ms() - before_ms < (SHORT_MS << asked) + AMPLE_MS);
    }
    assert_true(link_counters(link)->foreign > 0);
    finish(link, &server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp_late_answer_is_skipped),
        cmocka_unit_test(test_tcp_late_echo_of_a_write_is_skipped),
        cmocka_unit_test(test_tcp_lies),
        cmocka_unit_test(test_tcp_echo_of_a_write_that_lies),
        cmocka_unit_test(test_tcp_closed_by_the_device),
        cmocka_unit_test(test_tcp_closed_while_idle),
        cmocka_unit_test(test_tcp_chaos),
        cmocka_unit_test(test_tcp_flood_does_not_move_the_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
