// SPDX-License-Identifier: MIT
// Requests of tools and their answers, from one end of the control socket to the other.
#include "daemon/guest_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/mem.h"

static const struct bus_settings buses[] = {{.name = "cabinet"}, {.name = "roof"}};
static const struct site site = {.buses = buses, .bus_count = 2};

static struct guest guest_of(uint8_t function, uint16_t address, uint16_t count)
{
    return (struct guest){
        .request = {.unit_id = 4, .function = function, .address = address, .count = count}};
}

static void test_a_request_arrives_as_it_was_meant(void **state)
{
    (void)state;
    static const uint8_t functions[] = {1, 2, 3, 4, 43};
    for (size_t i = 0; i < ARRAY_LENGTH(functions); i++) {
        struct guest sent = guest_of(functions[i], 0x0100, functions[i] == 43 ? 1 : 7);
        struct guest read;
        struct error err = {0};
        uint16_t bus = 9;
        sent.timeout_ms = i ? 300 : 0;
        json_t *json = guest_request_json("roof", &sent);
        assert_int_equal(guest_read_request(json, &site, &bus, &read, &err), 0);
        json_decref(json);
        assert_int_equal(bus, 1);
        assert_memory_equal(&read.request, &sent.request, sizeof read.request);
        assert_int_equal(read.timeout_ms, sent.timeout_ms);
    }
}

static void assert_refused(const char *text, const char *reason)
{
    struct guest read;
    struct error err = {0};
    uint16_t bus = 0;
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    assert_int_equal(guest_read_request(json, &site, &bus, &read, &err), -1);
    if (!strstr(err.text, reason))
        fail_msg("%s: %s", text, err.text);
    json_decref(json);
}

static void test_what_is_no_read_is_refused(void **state)
{
    (void)state;
    assert_refused("{}", "bus: the name of a bus");
    assert_refused("{\"bus\": 1}", "bus: the name of a bus");
    assert_refused("{\"bus\": \"rof\"}", "there is no bus 'rof'; did you mean 'roof'?");
    assert_refused("{\"bus\": \"roof\", \"unit\": -1}", "unit: a number from 0 to 255");
    assert_refused("{\"bus\": \"roof\", \"unit\": 1, \"function\": 0}", "function: a number");
    assert_refused("{\"bus\": \"roof\", \"unit\": 1, \"function\": 3, \"address\": 65536}",
                   "address: a number from 0 to 65535");
    assert_refused(
        "{\"bus\": \"roof\", \"unit\": 1, \"function\": 3, \"address\": 0, \"count\": 0}",
        "count: a number from 1 to 2000");
    assert_refused(
        "{\"bus\": \"roof\", \"unit\": 1, \"function\": 3, \"address\": 0, \"count\": 126}",
        "function 3 cannot ask for 126");
    assert_refused(
        "{\"bus\": \"roof\", \"unit\": 1, \"function\": 3, \"address\": 65535, \"count\": 2}",
        "from address 65535");
    assert_refused(
        "{\"bus\": \"roof\", \"unit\": 1, \"function\": 16, \"address\": 0, \"count\": 1}",
        "one that reads is expected");
    assert_refused(
        "{\"bus\": \"roof\", \"unit\": 1, \"function\": 20, \"address\": 0, \"count\": 1}",
        "one that reads is expected");
    assert_refused("{\"bus\": \"roof\", \"unit\": 1, \"function\": 3, \"address\": 0, "
                   "\"count\": 1, \"timeout_ms\": \"1s\"}",
                   "timeout_ms: a number");
}

static struct guest carry(const struct guest *sent)
{
    struct guest read = {.request = sent->request};
    char *text = guest_result_json(sent);
    json_t *json = json_loads(text, 0, NULL);
    assert_int_equal(guest_read_result(json, &read), 0);
    json_decref(json);
    free(text);
    return read;
}

static void test_words_arrive(void **state)
{
    (void)state;
    struct guest sent = guest_of(3, 10, 125);
    sent.answer.count = 125;
    for (uint16_t i = 0; i < 125; i++)
        sent.answer.words[i] = (uint16_t)(65535 - 7 * i);
    sent.response_us = 12345;
    struct guest read = carry(&sent);
    assert_memory_equal(&read.answer, &sent.answer, sizeof read.answer);
    assert_int_equal(read.response_us, 12345);
    assert_true(read.was_sent);
    sent = guest_of(1, 10, 17);
    sent.answer = (struct answer){.count = 17, .words = {0xA5C3, 1}};
    read = carry(&sent);
    assert_memory_equal(&read.answer, &sent.answer, sizeof read.answer);
}

static void test_faults_arrive(void **state)
{
    (void)state;
    struct guest sent = guest_of(4, 10, 2);
    sent.fault = FAULT_EXCEPTION;
    sent.answer.exception = 2;
    strcpy(sent.text, "exception 2: illegal data address");
    struct guest read = carry(&sent);
    assert_int_equal(read.fault, FAULT_EXCEPTION);
    assert_int_equal(read.answer.exception, 2);
    assert_string_equal(read.text, sent.text);
    for (int end = 0; end < GUEST_END_COUNT; end++) {
        sent = guest_of(4, 10, 2);
        sent.end = (enum guest_end)end;
        sent.fault = FAULT_TIMEOUT;
        read = carry(&sent);
        assert_int_equal(read.end, end);
        assert_int_equal(read.fault, FAULT_TIMEOUT);
        assert_int_equal(read.was_sent, end == GUEST_ASKED);
    }
}

static void test_an_answer_that_does_not_fit_is_none(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "{}",
        "{\"end\": \"asked\"}",
        "{\"end\": \"later\", \"fault\": \"timeout\"}",
        "{\"end\": \"asked\", \"fault\": \"tired\"}",
        "{\"end\": \"asked\", \"fault\": \"exception\"}",
        "{\"end\": \"asked\", \"fault\": \"exception\", \"exception\": 256}",
        "{\"end\": \"asked\", \"count\": 2, \"words\": [1]}",
        "{\"end\": \"asked\", \"count\": 2, \"words\": [1, 65536]}",
        "{\"end\": \"asked\", \"count\": 2000, \"words\": []}",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(answers); i++) {
        struct guest read = guest_of(3, 0, 2);
        json_t *json = json_loads(answers[i], 0, NULL);
        if (guest_read_result(json, &read) == 0)
            fail_msg("%s is taken", answers[i]);
        json_decref(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_arrives_as_it_was_meant),
        cmocka_unit_test(test_what_is_no_read_is_refused),
        cmocka_unit_test(test_words_arrive),
        cmocka_unit_test(test_faults_arrive),
        cmocka_unit_test(test_an_answer_that_does_not_fit_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
