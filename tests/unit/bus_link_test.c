// SPDX-License-Identifier: MIT
// A link against libmodbus's own server on a clean line, and against scripted servers that do
// what equipment does.
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <modbus.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bus/link.h"
#include "support/fake_server.h"
#include "support/random.h"

enum { AMPLE_MS = 5000, SHORT_MS = 30 };

static const struct request read_100 = {
    .unit_id = 7, .function = 3, .address = 100, .count = 2};
static const struct request read_200 = {
    .unit_id = 7, .function = 3, .address = 200, .count = 2};
static const struct request write_100 = {
    .unit_id = 7, .function = 6, .address = 100, .count = 1, .words = {1234}};
static const struct request write_two = {
    .unit_id = 7, .function = 16, .address = 100, .count = 2, .words = {1, 2}};

static struct link *open_link(const struct bus_settings *settings, int stop)
{
    struct error err = {0};
    struct link *link = link_new(settings, stop, &err);
    assert_non_null(link);
    if (link_open(link, AMPLE_MS, &err) != FAULT_NONE)
        fail_msg("%s", err.text);
    assert_true(link_is_open(link));
    // What it took to open it is nothing to wait for any more.
    int64_t until_ms = INT64_MAX;
    assert_int_equal(link_opening(link, &until_ms), -1);
    assert_true(until_ms == INT64_MAX);
    return link;
}

static void assert_read(const struct request *request, const struct answer *answer)
{
    assert_int_equal(answer->exception, 0);
    assert_int_equal(answer->count, request->count);
    for (size_t i = 0; i < request->count; i++)
        assert_int_equal(answer->words[i], fake_word(request, i));
}

// Asks and expects the right words.
static void ask(struct link *link, const struct request *request)
{
    struct answer answer = {.exception = 99};
    enum fault fault = link_transact(link, request, AMPLE_MS, &answer);
    if (fault != FAULT_NONE)
        fail_msg("%s: %s", fault_names[fault], link_last_note(link)->text);
    if (request->function <= 4)
        assert_read(request, &answer);
    assert_true(link_last_note(link)->sent);
    assert_true(link_last_note(link)->response_us > 0);
}

// Asks and expects a fault; the answer is left alone.
static void ask_in_vain(struct link *link, const struct request *request, int64_t timeout_ms,
                        enum fault expected)
{
    struct answer answer = {.exception = 99, .count = 4711};
    assert_int_equal(link_transact(link, request, timeout_ms, &answer), expected);
    assert_int_equal(answer.exception, 99);
    assert_int_equal(answer.count, 4711);
}

static void finish(struct link *link, struct fake_server *server)
{
    link_free(link);
    if (server->slave >= 0)
        fake_signal(server->to_server);
    fake_join(server);
    fake_done(server);
}

// ---- libmodbus's server ----

enum { MAPPED = 300 };

static void serve_libmodbus(struct fake_server *server)
{
    uint8_t query[MODBUS_MAX_ADU_LENGTH];
    modbus_t *modbus = server->listener >= 0 ? modbus_new_tcp("127.0.0.1", 502)
                                             : modbus_new_rtu("/dev/null", 19200, 'E', 8, 1);
    fake_require(modbus != NULL);
    (void)modbus_set_slave(modbus, 7);
    (void)modbus_set_socket(modbus, server->descriptor);
    for (;;) {
        int length = modbus_receive(modbus, query);
        if (length < 0)
            break;
        if (length > 0)
            (void)modbus_reply(modbus, query, length, server->context);
    }
    modbus_free(modbus);
}

static void talk_to_libmodbus(struct link *link, modbus_mapping_t *mapping)
{
    struct answer answer;
    for (uint8_t function = 1; function <= 4; function++) {
        const uint16_t counts[] = {1, 2, 8, 9, 17, 125};
        for (size_t c = 0; c < ARRAY_LENGTH(counts); c++) {
            struct request request = {
                .unit_id = 7, .function = function, .address = 20, .count = counts[c]};
            assert_int_equal(link_transact(link, &request, AMPLE_MS, &answer), FAULT_NONE);
            assert_int_equal(answer.count, counts[c]);
            for (size_t i = 0; i < counts[c]; i++) {
                const uint8_t *bits =
                    function == 1 ? mapping->tab_bits : mapping->tab_input_bits;
                const uint16_t *words =
                    function == 3 ? mapping->tab_registers : mapping->tab_input_registers;
                if (function <= 2)
                    assert_int_equal(answer.words[i / 16] >> i % 16 & 1, bits[20 + i]);
                else
                    assert_int_equal(answer.words[i], words[20 + i]);
            }
        }
    }
    struct request coil = {.unit_id = 7, .function = 5, .address = 5, .count = 1, .words = {1}};
    assert_int_equal(link_transact(link, &coil, AMPLE_MS, &answer), FAULT_NONE);
    assert_int_equal(mapping->tab_bits[5], 1);
    coil.words[0] = 0;
    assert_int_equal(link_transact(link, &coil, AMPLE_MS, &answer), FAULT_NONE);
    assert_int_equal(mapping->tab_bits[5], 0);
    assert_int_equal(link_transact(link, &write_100, AMPLE_MS, &answer), FAULT_NONE);
    assert_int_equal(mapping->tab_registers[100], 1234);
    struct request coils = {
        .unit_id = 7, .function = 15, .address = 40, .count = 18, .words = {0xA5C3, 2}};
    assert_int_equal(link_transact(link, &coils, AMPLE_MS, &answer), FAULT_NONE);
    for (size_t i = 0; i < 18; i++)
        assert_int_equal(mapping->tab_bits[40 + i], coils.words[i / 16] >> i % 16 & 1);
    struct request many = {.unit_id = 7, .function = 16, .address = 150, .count = 123};
    for (size_t i = 0; i < 123; i++)
        many.words[i] = (uint16_t)(i * 7 + 1);
    assert_int_equal(link_transact(link, &many, AMPLE_MS, &answer), FAULT_NONE);
    assert_memory_equal(mapping->tab_registers + 150, many.words, 123 * sizeof(uint16_t));

    const uint8_t all[] = {1, 2, 3, 4, 5, 6, 15, 16};
    for (size_t i = 0; i < ARRAY_LENGTH(all); i++) {
        struct request beyond = {
            .unit_id = 7, .function = all[i], .address = MAPPED, .count = 1};
        assert_int_equal(link_transact(link, &beyond, AMPLE_MS, &answer), FAULT_EXCEPTION);
        assert_int_equal(answer.exception, EXCEPTION_ILLEGAL_ADDRESS);
    }
    assert_int_equal(link_counters(link)->exceptions, ARRAY_LENGTH(all));
    assert_int_equal(link_counters(link)->requests, link_counters(link)->answers);
    assert_int_equal(link_counters(link)->foreign, 0);
    assert_true(link_is_open(link));
}

static modbus_mapping_t *new_mapping(void)
{
    modbus_mapping_t *mapping = modbus_mapping_new(MAPPED, MAPPED, MAPPED, MAPPED);
    assert_non_null(mapping);
    for (int i = 0; i < MAPPED; i++) {
        mapping->tab_bits[i] = (uint8_t)(i % 3 == 0);
        mapping->tab_input_bits[i] = (uint8_t)(i % 5 == 0);
        mapping->tab_registers[i] = (uint16_t)(i * 211 + 3);
        mapping->tab_input_registers[i] = (uint16_t)(i * 499 + 5);
    }
    return mapping;
}

static void test_libmodbus_over_tcp(void **state)
{
    (void)state;
    struct fake_server server;
    modbus_mapping_t *mapping = new_mapping();
    fake_start_tcp(&server, FRAMING_TCP, serve_libmodbus, mapping);
    struct link *link = open_link(&server.settings, -1);
    talk_to_libmodbus(link, mapping);
    assert_int_equal(link_counters(link)->unsolicited_bytes, 0);
    finish(link, &server);
    modbus_mapping_free(mapping);
}

// Closing the slave does not end the server's read: the last holder of it goes too.
static void unplug(struct fake_server *server)
{
    (void)close(server->slave);
    server->slave = -1;
}

static void test_libmodbus_over_rtu(void **state)
{
    (void)state;
    struct fake_server server;
    modbus_mapping_t *mapping = new_mapping();
    fake_start_pty(&server, serve_libmodbus, mapping);
    struct link *link = open_link(&server.settings, -1);
    talk_to_libmodbus(link, mapping);
    assert_int_equal(link_counters(link)->unsolicited_bytes, 0);
    unplug(&server);
    finish(link, &server);
    modbus_mapping_free(mapping);
}

// ---- what all lines have in common ----

enum line_kind { LINE_TCP, LINE_RTU_OVER_TCP, LINE_RTU, LINE_COUNT };

static void start(struct fake_server *server, int kind, void (*serve)(struct fake_server *),
                  void *context)
{
    if (kind == LINE_RTU)
        fake_start_pty(server, serve, context);
    else
        fake_start_tcp(server, kind == LINE_TCP ? FRAMING_TCP : FRAMING_RTU, serve, context);
}

static void serve_bytewise(struct fake_server *server)
{
    while (fake_read(server)) {
        uint8_t frame[MAX_FRAME];
        size_t length = fake_answer(server, &server->request, server->transaction, frame);
        for (size_t i = 0; i < length; i++)
            fake_write(server, frame + i, 1);
    }
}

static void test_dribble(void **state)
{
    (void)state;
    for (int kind = 0; kind < LINE_COUNT; kind++) {
        struct fake_server server;
        start(&server, kind, serve_bytewise, NULL);
        struct link *link = open_link(&server.settings, -1);
        ask(link, &read_100);
        ask(link, &write_two);
        ask(link, &read_200);
        assert_int_equal(link_counters(link)->garbled, 0);
        if (kind == LINE_RTU)
            unplug(&server);
        finish(link, &server);
    }
}

static void serve_silence(struct fake_server *server)
{
    if (fake_read(server))
        fake_signal(server->to_test);
    fake_await(server->to_server);
}

static void test_timeout_is_kept(void **state)
{
    (void)state;
    for (int kind = 0; kind < LINE_COUNT; kind++) {
        struct fake_server server;
        start(&server, kind, serve_silence, NULL);
        struct link *link = open_link(&server.settings, -1);
        int64_t before = clock_monotonic_ms();
        ask_in_vain(link, &read_100, SHORT_MS, FAULT_TIMEOUT);
        int64_t elapsed = clock_monotonic_ms() - before;
        assert_true(elapsed >= SHORT_MS);
        assert_true(elapsed < SHORT_MS + 1000);
        assert_true(link_is_open(link));
        assert_true(link_last_note(link)->sent);
        assert_int_equal(link_counters(link)->timeouts, 1);
        if (kind != LINE_RTU)
            fake_signal(server.to_server);
        finish(link, &server);
    }
}

struct stopper {
    int stop;
    int64_t stopped_us;
};

static void serve_stop(struct fake_server *server)
{
    struct stopper *stopper = server->context;
    if (fake_read(server)) {
        stopper->stopped_us = clock_monotonic_us();
        fake_signal(stopper->stop);
    }
    fake_await(server->to_server);
}

static void test_stop_ends_the_wait(void **state)
{
    (void)state;
    for (int kind = 0; kind < LINE_COUNT; kind++) {
        struct fake_server server;
        struct stopper stopper = {.stop = eventfd(0, EFD_CLOEXEC)};
        start(&server, kind, serve_stop, &stopper);
        struct link *link = open_link(&server.settings, stopper.stop);
        ask_in_vain(link, &read_100, AMPLE_MS, FAULT_STOPPED);
        int64_t ended_us = clock_monotonic_us();
        // and from now on nothing is sent
        ask_in_vain(link, &write_100, AMPLE_MS, FAULT_STOPPED);
        assert_false(link_last_note(link)->sent);
        assert_int_equal(link_counters(link)->requests, 1);
        if (kind != LINE_RTU)
            fake_signal(server.to_server);
        finish(link, &server); // the server's thread has ended: what it wrote may be read
        assert_true(ended_us - stopper.stopped_us < 100000);
        (void)close(stopper.stop);
    }
}

static void test_closed_link_says_so(void **state)
{
    (void)state;
    struct bus_settings settings = {.transport = TRANSPORT_TCP, .host = "127.0.0.1", .port = 1};
    struct error err = {0};
    struct link *link = link_new(&settings, -1, &err);
    assert_non_null(link);
    assert_false(link_is_open(link));
    ask_in_vain(link, &read_100, SHORT_MS, FAULT_LINK);
    assert_false(link_last_note(link)->sent);
    link_free(link);
    link_free(NULL);
}

// ---- TCP ----

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

static void serve_once(struct fake_server *server)
{
    if (fake_read(server))
        fake_reply(server);
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
    for (uint16_t i = 0; i < 400; i++) {
        struct request request = {
            .unit_id = 7, .function = 3, .address = (uint16_t)(i * 11), .count = 4};
        struct answer answer;
        enum fault fault = link_transact(link, &request, SHORT_MS, &answer);
        assert_true(fault == FAULT_NONE || fault == FAULT_TIMEOUT);
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
        assert_true(clock_monotonic_ms() - before_ms < (SHORT_MS << asked) + 1000);
    }
    assert_true(link_counters(link)->foreign > 0);
    finish(link, &server);
}

// ---- RTU ----

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
        start(&server, i % 2 ? LINE_RTU : LINE_RTU_OVER_TCP, serve_prefix, NULL);
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
        start(&server, kind, serve_echo, &answers_writes);
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
        start(&server, kind, serve_after_timeout, NULL);
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
    for (int kind = LINE_RTU_OVER_TCP; kind <= LINE_RTU; kind++) {
        struct fake_server server;
        start(&server, kind, serve_wrong_crc, NULL);
        struct link *link = open_link(&server.settings, -1);
        ask_in_vain(link, &read_100, SHORT_MS, FAULT_GARBLED);
        assert_non_null(strstr(link_last_note(link)->text, "9 bytes came"));
        ask_in_vain(link, &read_100, SHORT_MS, FAULT_GARBLED);
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
        for (int n = 0; n < 20; n++)
            ask(link, n % 2 ? &read_100 : &read_200);
        unplug(&server);
        finish(link, &server);
        assert_int_equal(gaps.count, 19);
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

// ---- settings and opening ----

static void test_settings_that_cannot_work(void **state)
{
    (void)state;
    static const struct {
        struct bus_settings settings;
        const char *says;
    } rows[] = {
        {{.transport = TRANSPORT_TCP, .port = 502}, "no host"},
        {{.transport = TRANSPORT_TCP, .host = "", .port = 502}, "no host"},
        {{.transport = TRANSPORT_TCP, .host = "999.1.1.1", .port = 502}, "'999.1.1.1'"},
        {{.transport = TRANSPORT_TCP, .host = "10.5", .port = 502}, "four numbers"},
        {{.transport = TRANSPORT_TCP, .host = "0x7f.1", .port = 502}, "four numbers"},
        {{.transport = TRANSPORT_TCP, .host = "10.0.0.0x5", .port = 502}, "four numbers"},
        {{.transport = TRANSPORT_TCP, .host = "10.0.0.5"}, "port 0"},
        {{.transport = TRANSPORT_RTU, .baud = 9600, .stop_bits = 1}, "no serial port"},
        {{.transport = TRANSPORT_RTU, .path = "/dev/x", .baud = 14400, .stop_bits = 1},
         "14400"},
        {{.transport = TRANSPORT_RTU, .path = "/dev/x", .baud = 0, .stop_bits = 1}, "rate 0"},
        {{.transport = TRANSPORT_RTU, .path = "/dev/x", .baud = 9600, .stop_bits = 3},
         "stop_bits 3"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct error err = {0};
        assert_null(link_new(&rows[i].settings, -1, &err));
        assert_int_equal(err.code, ERROR_CONFIG);
        if (!strstr(err.text, rows[i].says))
            fail_msg("'%s' does not say '%s'", err.text, rows[i].says);
    }
    static const char *const good[] = {"::1", "10.0.0.5", "meter", "meter.plant.example",
                                       "4u.de"};
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        struct bus_settings settings = {
            .transport = TRANSPORT_TCP, .host = good[i], .port = 502};
        struct error err = {0};
        struct link *link = link_new(&settings, -1, &err);
        assert_non_null(link);
        link_free(link);
    }
}

static void assert_not_opened(const struct bus_settings *settings, enum error_code code,
                              const char *says)
{
    struct error err = {0};
    struct link *link = link_new(settings, -1, &err);
    assert_non_null(link);
    assert_int_equal(link_open(link, AMPLE_MS, &err), FAULT_LINK);
    assert_int_equal(err.code, code);
    if (!strstr(err.text, says))
        fail_msg("'%s' does not say '%s'", err.text, says);
    assert_false(link_is_open(link));
    link_free(link);
}

static void test_opening_explains_itself(void **state)
{
    (void)state;
    uint16_t port = 0;
    (void)close(fake_listen(&port));
    struct bus_settings refused = {
        .transport = TRANSPORT_TCP, .host = "127.0.0.1", .port = port};
    assert_not_opened(&refused, ERROR_NO_ANSWER, "refused the connection");
    struct bus_settings serial = {.transport = TRANSPORT_RTU,
                                  .path = "/dev/serial/by-id/usb-nobody",
                                  .baud = 9600,
                                  .stop_bits = 1};
    assert_not_opened(&serial, ERROR_FAILED, "plugged in");
    serial.path = "/dev/null";
    assert_not_opened(&serial, ERROR_FAILED, "not a serial port");
}

static void serve_nothing(struct fake_server *server)
{
    (void)server;
}

static void test_a_port_has_one_master(void **state)
{
    (void)state;
    struct fake_server server;
    fake_start_pty(&server, serve_nothing, NULL);
    server.settings.baud = 9600;
    struct link *link = open_link(&server.settings, -1);
    struct bus_settings second = server.settings;
    second.baud = 38400;
    assert_not_opened(&second, ERROR_FAILED, "used by another program");
    struct termios mode;
    assert_int_equal(tcgetattr(server.slave, &mode), 0);
    assert_int_equal(cfgetospeed(&mode), B9600); // the first keeps its rate
    link_close(link);
    struct error err = {0};
    assert_int_equal(link_open(link, SHORT_MS, &err), FAULT_NONE);
    finish(link, &server);
}

static void test_serial_mode_is_set(void **state)
{
    (void)state;
    static const struct {
        int baud;
        speed_t speed;
        enum parity parity;
        int stop_bits;
        tcflag_t flags; // CSTOPB; a pseudo-terminal's driver clears parity
    } rows[] = {
        {1200, B1200, PARITY_NONE, 1, 0},       {9600, B9600, PARITY_EVEN, 1, 0},
        {19200, B19200, PARITY_ODD, 1, 0},      {115200, B115200, PARITY_NONE, 2, CSTOPB},
        {230400, B230400, PARITY_NONE, 1, 0},   {921600, B921600, PARITY_NONE, 1, 0},
        {4000000, B4000000, PARITY_NONE, 1, 0}, {110, B110, PARITY_NONE, 1, 0},
        {576000, B576000, PARITY_NONE, 1, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct fake_server server;
        fake_start_pty(&server, serve_nothing, NULL);
        server.settings.baud = rows[i].baud;
        server.settings.parity = rows[i].parity;
        server.settings.stop_bits = rows[i].stop_bits;
        struct link *link = open_link(&server.settings, -1);
        struct termios mode;
        assert_int_equal(tcgetattr(server.slave, &mode), 0);
        assert_int_equal(cfgetospeed(&mode), rows[i].speed);
        assert_int_equal(mode.c_cflag & CSTOPB, rows[i].flags);
        finish(link, &server);
    }
}

// Nothing waits with select(), which aborts the process at descriptors from 1024 on.
static void test_descriptors_above_a_thousand(void **state)
{
    (void)state;
    struct rlimit before;
    struct rlimit more;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    more = before;
    more.rlim_cur = 1200;
    if (before.rlim_max < 1200 || setrlimit(RLIMIT_NOFILE, &more) != 0)
        skip();
    struct fake_server servers[2];
    fake_start_tcp(&servers[0], FRAMING_TCP, serve_once, NULL);
    fake_start_pty(&servers[1], serve_once, NULL);
    int first = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int last = first;
    while (last < 1100)
        last = dup(first);
    for (size_t i = 0; i < ARRAY_LENGTH(servers); i++) {
        struct link *link = open_link(&servers[i].settings, -1);
        ask(link, &read_100);
        finish(link, &servers[i]);
    }
    for (int descriptor = first; descriptor <= last; descriptor++)
        (void)close(descriptor);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void test_no_descriptor_left(void **state)
{
    (void)state;
    struct rlimit before;
    uint16_t port = 0;
    int listener = fake_listen(&port);
    struct bus_settings tcp = {.transport = TRANSPORT_TCP, .host = "127.0.0.1", .port = port};
    struct fake_server server;
    fake_start_pty(&server, serve_nothing, NULL);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit none = {.rlim_cur = 3, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_not_opened(&tcp, ERROR_FAILED, "too many");
    assert_not_opened(&server.settings, ERROR_FAILED, "too many");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    (void)close(listener);
    fake_join(&server);
    fake_done(&server);
}

static void test_names_and_ipv6(void **state)
{
    (void)state;
    struct fake_server server;
    fake_start_tcp(&server, FRAMING_TCP, serve_once, NULL);
    server.settings.host = "localhost"; // maybe ::1 first, where nobody listens
    struct link *link = open_link(&server.settings, -1);
    ask(link, &read_100);
    finish(link, &server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_libmodbus_over_tcp),
        cmocka_unit_test(test_libmodbus_over_rtu),
        cmocka_unit_test(test_dribble),
        cmocka_unit_test(test_timeout_is_kept),
        cmocka_unit_test(test_stop_ends_the_wait),
        cmocka_unit_test(test_closed_link_says_so),
        cmocka_unit_test(test_tcp_late_answer_is_skipped),
        cmocka_unit_test(test_tcp_late_echo_of_a_write_is_skipped),
        cmocka_unit_test(test_tcp_lies),
        cmocka_unit_test(test_tcp_echo_of_a_write_that_lies),
        cmocka_unit_test(test_tcp_closed_by_the_device),
        cmocka_unit_test(test_tcp_closed_while_idle),
        cmocka_unit_test(test_tcp_chaos),
        cmocka_unit_test(test_tcp_flood_does_not_move_the_deadline),
        cmocka_unit_test(test_rtu_stray_bytes),
        cmocka_unit_test(test_rtu_adapter_that_echoes),
        cmocka_unit_test(test_rtu_late_answer_is_drained),
        cmocka_unit_test(test_rtu_garbage_is_named),
        cmocka_unit_test(test_rtu_silence_before_each_request),
        cmocka_unit_test(test_rtu_long_silence_after_a_timeout),
        cmocka_unit_test(test_rtu_broadcast),
        cmocka_unit_test(test_rtu_unplugged),
        cmocka_unit_test(test_rtu_noise),
        cmocka_unit_test(test_settings_that_cannot_work),
        cmocka_unit_test(test_opening_explains_itself),
        cmocka_unit_test(test_a_port_has_one_master),
        cmocka_unit_test(test_serial_mode_is_set),
        cmocka_unit_test(test_descriptors_above_a_thousand),
        cmocka_unit_test(test_no_descriptor_left),
        cmocka_unit_test(test_names_and_ipv6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
