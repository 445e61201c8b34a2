// SPDX-License-Identifier: MIT
// What is sent over a connection on which nobody knows yet who is there.
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/mem.h"
#include "bus/identity.h"
#include "bus/placed.h"
#include "support/fake_server.h"
#include "support/plain_point.h"

enum { MODEL = 100, SETPOINT = 200, AMPLE_MS = 5000, OTHER_UNIT = 8 };

static const struct request write_setpoint = {
    .unit_id = 7, .function = 6, .address = SETPOINT, .count = 1, .words = {1234}};
static const struct request read_setpoint = {
    .unit_id = 7, .function = 3, .address = SETPOINT, .count = 1};

struct scene {
    struct fake_server server;
    atomic_int writes;
    uint8_t exception; // every request is answered with; 0: none
    struct value values[1];
    struct identify identify[1];
    struct point points[1];
    struct map map;
    struct device device;
    struct site site;
    struct arena *arena;
    struct line line;
    struct unit *unit;
};

// Answers until the connection is closed, as the device of the map or, being a stranger, as one
// whose registers hold something else.
static void serve(struct fake_server *server, bool is_stranger)
{
    struct scene *scene = server->context;
    while (fake_read(server)) {
        uint8_t frame[MAX_FRAME];
        struct request asked = server->request;
        atomic_fetch_add(&scene->writes, pdu_find_function(asked.function)->is_write);
        struct answer answer = {.count = asked.count, .exception = scene->exception};
        asked.unit_id = is_stranger ? OTHER_UNIT : asked.unit_id;
        for (size_t i = 0; i < asked.count; i++)
            answer.words[i] = fake_word(&asked, i);
        size_t length = frame_build_response(server->framing, server->transaction,
                                             &server->request, &answer, frame);
        fake_write(server, frame, length);
    }
}

static void serve_device(struct fake_server *server)
{
    serve(server, false);
}

static void serve_stranger(struct fake_server *server)
{
    serve(server, true);
}

static void begin(struct scene *scene)
{
    *scene = (struct scene){0};
    fake_start_tcp(&scene->server, FRAMING_TCP, serve_device, scene);
    const struct request model = {.unit_id = 7, .address = MODEL};
    scene->values[0] = value_integer(fake_word(&model, 0));
    scene->identify[0] = (struct identify){0, scene->values, 1};
    scene->points[0] = (struct point){
        .key = "model",
        .source = SOURCE_WORDS,
        .table = TABLE_HOLDING,
        .address = MODEL,
        .word_count = 1,
        .type = TYPE_U16,
        .access = ACCESS_READ,
        .decimals = DECIMALS_SHORTEST,
        .every_ms = EVERY_CONNECT,
        PLAIN_POINT,
    };
    scene->map = (struct map){
        .points = scene->points,
        .point_count = 1,
        .identify = scene->identify,
        .identify_count = 1,
    };
    scene->device = (struct device){
        .name = "pump",
        .map = &scene->map,
        .unit_id = 7,
        .modbus = {.max_registers = 125, .timeout_ms = AMPLE_MS},
    };
    scene->site = (struct site){
        .buses = &scene->server.settings,
        .bus_count = 1,
        .devices = &scene->device,
        .device_count = 1,
    };
    struct error err = {0};
    scene->arena = arena_new();
    assert_int_equal(line_init(&scene->line, scene->arena, &scene->site, 0, -1, &err), 0);
    scene->unit = line_unit(&scene->line, 0);
}

static void done(struct scene *scene)
{
    line_done(&scene->line);
    arena_free(scene->arena);
    fake_join(&scene->server);
    fake_done(&scene->server);
}

// Behind the address there is somebody else from now on.
static void replace(struct scene *scene, void (*serve_next)(struct fake_server *server))
{
    (void)shutdown(scene->server.descriptor, SHUT_RDWR);
    fake_join(&scene->server);
    struct answer answer = {0};
    // The end of the connection is noticed by who asks next.
    assert_int_equal(line_transact(&scene->line, scene->unit, &read_setpoint, &answer),
                     FAULT_LINK);
    scene->server.serve = serve_next;
    fake_start(&scene->server);
}

static void identify(struct scene *scene)
{
    char text[200];
    assert_int_equal(identity_check(&scene->line, scene->unit, text, sizeof text), FAULT_NONE);
    assert_true(identity_is_known(&scene->line, scene->unit));
}

static void test_no_connection_no_identity(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    identify(&scene);
    replace(&scene, serve_device);
    assert_false(identity_is_known(&scene.line, scene.unit));
    identify(&scene);
    done(&scene);
}

static void test_write_does_not_go_to_a_stranger(void **state)
{
    (void)state;
    struct scene scene;
    struct answer answer = {0};
    begin(&scene);
    identify(&scene);
    replace(&scene, serve_stranger);
    assert_int_equal(
        placed_transact(&scene.line, scene.unit, &write_setpoint, SUNSPEC_NONE, &answer),
        FAULT_IDENTITY);
    assert_false(scene.line.was_sent);
    done(&scene);
    assert_int_equal(atomic_load(&scene.writes), 0);
}

// What a command reads back, or tells of the device, is not a stranger's.
static void test_read_does_not_go_to_a_stranger(void **state)
{
    (void)state;
    struct scene scene;
    struct answer answer = {0};
    begin(&scene);
    identify(&scene);
    replace(&scene, serve_stranger);
    assert_int_equal(
        placed_transact(&scene.line, scene.unit, &read_setpoint, SUNSPEC_NONE, &answer),
        FAULT_IDENTITY);
    assert_false(scene.line.was_sent);
    done(&scene);
}

static void test_write_after_the_device_is_back(void **state)
{
    (void)state;
    struct scene scene;
    struct answer answer = {0};
    begin(&scene);
    identify(&scene);
    replace(&scene, serve_device);
    assert_int_equal(
        placed_transact(&scene.line, scene.unit, &write_setpoint, SUNSPEC_NONE, &answer),
        FAULT_NONE);
    assert_true(scene.line.was_sent);
    assert_true(identity_is_known(&scene.line, scene.unit));
    done(&scene);
    assert_int_equal(atomic_load(&scene.writes), 1);
}

// What a walk of the chain of models comes to when each of its reads is answered so.
static enum fault walk_against(uint8_t exception)
{
    static const uint16_t marker = 40000;
    struct scene scene;
    char text[200];
    begin(&scene);
    scene.exception = exception;
    scene.device.modbus.sunspec = &marker;
    scene.device.modbus.sunspec_count = 1;
    enum fault fault = identity_check(&scene.line, scene.unit, text, sizeof text);
    assert_false(identity_is_known(&scene.line, scene.unit));
    done(&scene);
    return fault;
}

static void test_the_word_of_a_gateway_is_no_answer_of_the_unit(void **state)
{
    (void)state;
    assert_int_equal(walk_against(10), FAULT_TIMEOUT);
    assert_int_equal(walk_against(11), FAULT_TIMEOUT);
    assert_int_equal(walk_against(6), FAULT_EXCEPTION); // busy: it is there
    assert_int_equal(walk_against(2), FAULT_IDENTITY);  // no marker
}

// What becomes of the identity when the register that says it is answered so.
static const struct settling_case {
    uint8_t exception;
    enum fault fault;
} settling_cases[] = {
    {0, FAULT_NONE},      {1, FAULT_NONE},      {2, FAULT_NONE},      {3, FAULT_NONE},
    {4, FAULT_EXCEPTION}, {5, FAULT_EXCEPTION}, {6, FAULT_EXCEPTION}, {128, FAULT_EXCEPTION},
    {10, FAULT_TIMEOUT},  {11, FAULT_TIMEOUT},
};

static void test_only_a_refusal_for_good_settles_who_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(settling_cases); i++) {
        const struct settling_case *row = &settling_cases[i];
        struct scene scene;
        struct answer answer = {0};
        char text[200];
        begin(&scene);
        scene.exception = row->exception;
        enum fault fault = identity_check(&scene.line, scene.unit, text, sizeof text);
        bool is_known = identity_is_known(&scene.line, scene.unit);
        if (fault != row->fault || is_known != (row->fault == FAULT_NONE))
            fail_msg("exception %u: %s, known: %d", row->exception, fault_names[fault],
                     is_known);
        assert_string_equal(text, "");
        if (row->fault == FAULT_EXCEPTION) {
            // Nothing is written to it, and who wants to hears why.
            assert_int_equal(placed_transact(&scene.line, scene.unit, &write_setpoint,
                                             SUNSPEC_NONE, &answer),
                             FAULT_EXCEPTION);
            assert_false(scene.line.was_sent);
            assert_int_equal(answer.exception, row->exception);
        }
        done(&scene);
        assert_int_equal(atomic_load(&scene.writes), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_connection_no_identity),
        cmocka_unit_test(test_write_does_not_go_to_a_stranger),
        cmocka_unit_test(test_read_does_not_go_to_a_stranger),
        cmocka_unit_test(test_write_after_the_device_is_back),
        cmocka_unit_test(test_the_word_of_a_gateway_is_no_answer_of_the_unit),
        cmocka_unit_test(test_only_a_refusal_for_good_settles_who_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
