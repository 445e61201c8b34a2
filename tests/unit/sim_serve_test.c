// SPDX-License-Identifier: MIT
// libmodbus's own client against the simulator, over TCP and over a pseudo-terminal.
#include "unit/sim_fixture.h"

#include <errno.h>
#include <modbus.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sim/serve.h"

// A server in its own thread; the test's thread is the client.
struct stand {
    struct sim_device *device;
    struct server *server;
    int stop;
    uint16_t port;
    char path[MAX_PORT_PATH];
    pthread_t thread;
    int result;
    modbus_t *client;
};

static void *run(void *context)
{
    struct stand *stand = context;
    struct error err;
    stand->result = server_run(stand->server, stand->stop, NULL, &err);
    return NULL;
}

static void build(struct stand *stand)
{
    struct error err = {0};
    *stand = (struct stand){.stop = eventfd(0, EFD_CLOEXEC)};
    (void)fixture_map();
    const struct sim_device_settings settings = {
        .map = &fixture_map_copy, .modbus = &fixture_modbus, .unit_id = 1};
    assert_int_equal(sim_device_new(&settings, 0, &stand->device, &err), 0);
    stand->server = server_new();
}

static void start_tcp(struct stand *stand, enum framing framing)
{
    struct error err = {0};
    const struct line line = {.devices = &stand->device, .count = 1};
    const struct listen_settings settings = {framing, "127.0.0.1", 0};
    if (server_listen(stand->server, &line, &settings, &stand->port, &err))
        fail_msg("%s", err.text);
    assert_int_equal(pthread_create(&stand->thread, NULL, run, stand), 0);
}

static void connect_tcp(struct stand *stand, int unit_id)
{
    stand->client = modbus_new_tcp("127.0.0.1", stand->port);
    assert_non_null(stand->client);
    assert_int_equal(modbus_set_slave(stand->client, unit_id), 0);
    assert_int_equal(modbus_set_response_timeout(stand->client, 10, 0), 0);
    assert_int_equal(modbus_connect(stand->client), 0);
}

static void stop(struct stand *stand)
{
    if (stand->client) {
        modbus_close(stand->client);
        modbus_free(stand->client);
    }
    assert_int_equal(eventfd_write(stand->stop, 1), 0);
    assert_int_equal(pthread_join(stand->thread, NULL), 0);
    assert_int_equal(stand->result, 0);
    server_free(stand->server);
    sim_device_free(stand->device);
    (void)close(stand->stop);
    fixture_done();
}

static void assert_refused(int result, int exception)
{
    assert_int_equal(result, -1);
    assert_int_equal(errno, MODBUS_ENOBASE + exception);
}

static void exchange_registers(modbus_t *client)
{
    const uint16_t rate[] = {0x4270, 0x1234};
    uint16_t words[40] = {0};
    assert_int_equal(modbus_write_registers(client, 1002, 2, rate), 2);
    assert_int_equal(modbus_read_registers(client, 1002, 2, words), 2);
    assert_memory_equal(words, rate, sizeof rate);
    assert_int_equal(modbus_write_register(client, 1000, 1), 1);
    assert_int_equal(modbus_read_registers(client, 1000, 1, words), 1);
    assert_int_equal(words[0], 1);
    assert_int_equal(modbus_read_input_registers(client, 768, 33, words), 33);
    assert_int_equal(modbus_write_register(client, 4000, 1), 1);
    assert_refused(modbus_read_registers(client, 4000, 1, words), 2);
    assert_refused(modbus_read_registers(client, 1000, 2, words), 2);
    assert_refused(modbus_read_input_registers(client, 5000, 1, words), 2);
    assert_refused(modbus_write_register(client, 5000, 1), 2);
    assert_refused(modbus_write_registers(client, 1001, 2, rate), 2);
}

static void exchange_bits(modbus_t *client)
{
    const uint8_t on[] = {1};
    uint8_t bits[16] = {0};
    assert_int_equal(modbus_write_bit(client, 5, 1), 1);
    assert_int_equal(modbus_read_bits(client, 5, 1, bits), 1);
    assert_int_equal(bits[0], 1);
    assert_int_equal(modbus_write_bit(client, 5, 0), 1);
    assert_int_equal(modbus_write_bits(client, 5, 1, on), 1);
    assert_int_equal(modbus_read_bits(client, 5, 1, bits), 1);
    assert_int_equal(bits[0], 1);
    assert_int_equal(modbus_read_input_bits(client, 10, 1, bits), 1);
    assert_int_equal(bits[0], 0);
    assert_refused(modbus_read_bits(client, 5, 2, bits), 2);
    assert_refused(modbus_read_input_bits(client, 5, 1, bits), 2);
    assert_refused(modbus_write_bit(client, 6, 1), 2);
    assert_refused(modbus_write_bits(client, 6, 1, on), 2);
}

static void tcp_clients_agree_on_every_function(void **state)
{
    (void)state;
    struct stand stand;
    uint16_t word = 0;
    build(&stand);
    start_tcp(&stand, FRAMING_TCP);
    connect_tcp(&stand, 1);
    exchange_registers(stand.client);
    exchange_bits(stand.client);
    // Read and write multiple registers (function 23) is not offered.
    assert_refused(
        modbus_write_and_read_registers(stand.client, 1000, 1, &word, 1000, 1, &word), 1);
    assert_int_equal(modbus_set_slave(stand.client, 2), 0);
    assert_refused(modbus_read_registers(stand.client, 1000, 1, &word), 11);
    stop(&stand);
}

static void a_terminal_is_a_serial_line(void **state)
{
    (void)state;
    struct stand stand;
    struct error err = {0};
    build(&stand);
    const struct line line = {.devices = &stand.device, .count = 1};
    if (server_open_terminal(stand.server, &line, NULL, stand.path, &err))
        fail_msg("%s", err.text);
    assert_int_equal(pthread_create(&stand.thread, NULL, run, &stand), 0);
    for (int turn = 0; turn < 2; turn++) { // a client that left may come again
        stand.client = modbus_new_rtu(stand.path, 9600, 'N', 8, 1);
        assert_non_null(stand.client);
        assert_int_equal(modbus_set_slave(stand.client, 1), 0);
        assert_int_equal(modbus_set_response_timeout(stand.client, 10, 0), 0);
        assert_int_equal(modbus_connect(stand.client), 0);
        exchange_registers(stand.client);
        exchange_bits(stand.client);
        if (turn == 0) {
            modbus_close(stand.client);
            modbus_free(stand.client);
        }
    }
    stop(&stand);
}

static void several_clients_are_served_at_once(void **state)
{
    (void)state;
    struct stand stand;
    modbus_t *others[5];
    uint16_t word = 0;
    build(&stand);
    start_tcp(&stand, FRAMING_TCP);
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        connect_tcp(&stand, 1);
        others[i] = stand.client;
    }
    for (int turn = 0; turn < 3; turn++) {
        for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
            assert_int_equal(modbus_read_registers(others[i], 1000, 1, &word), 1);
    }
    for (size_t i = 0; i + 1 < ARRAY_LENGTH(others); i++) {
        modbus_close(others[i]);
        modbus_free(others[i]);
    }
    stop(&stand);
}

static void a_restart_closes_connections_and_refuses_new_ones(void **state)
{
    (void)state;
    struct stand stand;
    uint16_t word = 0;
    build(&stand);
    sim_device_free(stand.device);
    const struct simulation_rule rules[] = {{FIXTURE_WRITTEN(REBOOT),
                                             .when = fixture_formula("reboot"),
                                             .silent_ms = 600000, .close = true}};
    const struct simulation simulation = {.rules = rules, .rule_count = 1};
    fixture_map_copy.simulation = &simulation;
    const struct sim_device_settings settings = {
        .map = &fixture_map_copy, .modbus = &fixture_modbus, .unit_id = 1};
    struct error err = {0};
    assert_int_equal(sim_device_new(&settings, 0, &stand.device, &err), 0);
    start_tcp(&stand, FRAMING_TCP);
    connect_tcp(&stand, 1);
    assert_int_equal(modbus_write_register(stand.client, 4, 1), 1); // answered first
    assert_int_equal(modbus_read_registers(stand.client, 1000, 1, &word), -1);
    assert_int_equal(errno, ECONNRESET);
    modbus_close(stand.client);
    assert_int_equal(modbus_connect(stand.client), 0); // the kernel's hand, not the device's
    assert_int_equal(modbus_read_registers(stand.client, 1000, 1, &word), -1);
    assert_int_equal(errno, ECONNRESET);
    stop(&stand);
}

static void an_address_that_cannot_be_listened_on_is_named(void **state)
{
    (void)state;
    struct stand stand;
    struct error err = {0};
    uint16_t port = 0;
    build(&stand);
    const struct line line = {.devices = &stand.device, .count = 1};
    const struct listen_settings named = {FRAMING_TCP, "localhost", 0};
    assert_int_equal(server_listen(stand.server, &line, &named, &port, &err), -1);
    assert_non_null(strstr(err.text, "'localhost'"));
    start_tcp(&stand, FRAMING_TCP);
    struct server *second = server_new();
    const struct listen_settings taken = {FRAMING_TCP, "127.0.0.1", stand.port};
    assert_int_equal(server_listen(second, &line, &taken, &port, &err), -1);
    assert_non_null(strstr(err.text, "in use"));
    server_free(second);
    stop(&stand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_clients_agree_on_every_function),
        cmocka_unit_test(a_terminal_is_a_serial_line),
        cmocka_unit_test(several_clients_are_served_at_once),
        cmocka_unit_test(a_restart_closes_connections_and_refuses_new_ones),
        cmocka_unit_test(an_address_that_cannot_be_listened_on_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
