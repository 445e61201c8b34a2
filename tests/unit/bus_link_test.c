// SPDX-License-Identifier: MIT
// A link: against libmodbus's own server on a clean line, against silence, and what opening it
// says.
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
#include "support/link_talk.h"

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
        start_line(&server, kind, serve_bytewise, NULL);
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
        start_line(&server, kind, serve_silence, NULL);
        struct link *link = open_link(&server.settings, -1);
        int64_t before = clock_monotonic_ms();
        ask_in_vain(link, &read_100, SHORT_MS, FAULT_TIMEOUT);
        int64_t elapsed = clock_monotonic_ms() - before;
        assert_true(elapsed >= SHORT_MS);
        assert_true(elapsed < AMPLE_MS);
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
        start_line(&server, kind, serve_stop, &stopper);
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
        assert_true(ended_us - stopper.stopped_us < AMPLE_MS * 1000L / 2);
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
    int reserved = fake_reserve(&port);
    struct bus_settings refused = {
        .transport = TRANSPORT_TCP, .host = "127.0.0.1", .port = port};
    assert_not_opened(&refused, ERROR_NO_ANSWER, "refused the connection");
    (void)close(reserved);
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
