// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cloud/command.h"

static const struct argument charge_arguments[] = {
    {.key = "power", .type = ARGUMENT_INTEGER, .required = true, .target = NO_INDEX},
    {.key = "mode", .type = ARGUMENT_STRING, .target = NO_INDEX},
    {.key = "soft", .type = ARGUMENT_BOOLEAN, .target = NO_INDEX},
    {.key = "rate", .type = ARGUMENT_FLOAT, .target = NO_INDEX},
};
static const struct command commands[] = {
    {.key = "stop"},
    {.key = "charge",
     .arguments = charge_arguments,
     .argument_count = ARRAY_LENGTH(charge_arguments)},
};
static const struct map map = {.commands = commands, .command_count = ARRAY_LENGTH(commands)};
static const struct device device = {.name = "battery", .map = &map};

static void parse(const char *payload, struct command_request *ret_request)
{
    command_parse(&device, payload, strlen(payload), ret_request);
}

static void accepts_a_command_with_arguments(void **state)
{
    (void)state;
    struct command_request request;
    parse("{\"id\":\"a-1\",\"name\":\"charge\",\"arguments\":"
          "{\"power\":5.0,\"mode\":\"eco\",\"soft\":true,\"rate\":2}}",
          &request);
    assert_int_equal(request.kind, COMMAND_ACCEPTED);
    assert_string_equal(request.id, "a-1");
    assert_ptr_equal(request.job->command, &commands[1]);
    assert_int_equal(request.job->argument_count, 4);
    const struct value *values = request.job->arguments;
    assert_int_equal(value_number(&values[0]), 5);
    assert_int_equal(values[1].text.length, 3);
    assert_memory_equal(values[1].text.bytes, "eco", 3);
    assert_true(values[2].boolean);
    assert_int_equal(value_number(&values[3]), 2);
    command_request_done(&request);
}

static void accepts_missing_and_null_arguments(void **state)
{
    (void)state;
    static const char *const payloads[] = {
        "{\"id\":\"a\",\"name\":\"stop\"}",
        "{\"id\":\"a\",\"name\":\"stop\",\"arguments\":null}",
        "{\"id\":\"a\",\"name\":\"stop\",\"arguments\":{}}",
        "{\"alias\":\"x\",\"id\":\"a\",\"name\":\"stop\"}",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(payloads); i++) {
        struct command_request request;
        parse(payloads[i], &request);
        assert_int_equal(request.kind, COMMAND_ACCEPTED);
        assert_string_equal(request.fingerprint, "stop{}");
        command_request_done(&request);
    }
}

static void refuses_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *payload;
        const char *message;
    } rows[] = {
        {"{\"id\":\"a\"}", "the request has no command name"},
        {"{\"id\":\"a\",\"name\":5}", "the request has no command name"},
        {"{\"id\":\"a\",\"name\":\"stpo\"}", "unknown command 'stpo'; did you mean 'stop'?"},
        {"{\"id\":\"a\",\"name\":\"x\\n\\u001b\"}", "unknown command 'x?"
                                                    "?'"},
        {"{\"id\":\"a\",\"name\":\"stop\",\"arguments\":[]}",
         "\"arguments\" must be an object, {\"name\": value}"},
        {"{\"id\":\"a\",\"name\":\"charge\",\"arguments\":{\"power\":null}}",
         "argument 'power' must be a number, a text, true or false"},
        {"{\"id\":\"a\",\"name\":\"charge\",\"arguments\":{\"power\":{\"w\":1}}}",
         "argument 'power' must be a number, a text, true or false"},
        {"{\"id\":\"a\",\"name\":\"charge\",\"arguments\":{\"power\":1,\"mode\":[1]}}",
         "argument 'mode' must be a number, a text, true or false"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct command_request request;
        parse(rows[i].payload, &request);
        assert_int_equal(request.kind, COMMAND_REFUSED);
        assert_string_equal(request.id, "a");
        assert_string_equal(request.error.text, rows[i].message);
        assert_null(request.job);
        command_request_done(&request);
    }
}

static void leaves_the_arguments_to_the_map(void **state)
{
    (void)state;
    static const char *const payloads[] = {
        "{\"id\":\"a\",\"name\":\"charge\"}",
        "{\"id\":\"a\",\"name\":\"charge\",\"arguments\":{\"power\":5.5}}",
        "{\"id\":\"a\",\"name\":\"charge\",\"arguments\":{\"power\":5,\"watt\":1}}",
        "{\"id\":\"a\",\"name\":\"stop\",\"arguments\":{\"power\":5}}",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(payloads); i++) {
        struct command_request request;
        parse(payloads[i], &request);
        assert_int_equal(request.kind, COMMAND_REFUSED);
        assert_int_not_equal(strlen(request.error.text), 0);
        command_request_done(&request);
    }
}

// Beyond 64 bits: the parser takes them for reals, and who sent them hears what is wrong.
static void answers_numbers_of_any_size(void **state)
{
    (void)state;
    static const struct {
        const char *arguments;
        const char *message; // "": accepted
    } rows[] = {
        {"{\"power\":18446744073709551615}",
         "power: 1.8446744073709552e+19 is not a whole number"},
        {"{\"power\":-9223372036854775809}",
         "power: -9.223372036854776e+18 is not a whole number"},
        {"{\"power\":5,\"watt\":99999999999999999999}",
         "charge has no argument \"watt\"; did you mean 'rate'?"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct command_request request;
        char payload[200];
        (void)snprintf(payload, sizeof payload,
                       "{\"id\":\"a\",\"name\":\"charge\",\"arguments\":%s}",
                       rows[i].arguments);
        parse(payload, &request);
        assert_string_equal(request.error.text, rows[i].message);
        assert_int_equal(request.kind, COMMAND_REFUSED);
        assert_string_equal(request.id, "a");
        command_request_done(&request);
    }
}

static void cannot_use_a_request_without_an_id(void **state)
{
    (void)state;
    static const struct {
        const char *payload;
        const char *message;
    } rows[] = {
        {"", "a command request that is not JSON: "},
        {"{\"id\":\"a\",\"name\":\"stop\"", "a command request that is not JSON: line 1, "},
        {"{\"id\":\"a\",\"id\":\"b\"}", "a command request that is not JSON: line 1, "},
        {"{\"id\":\"a\"} {}", "a command request that is not JSON: line 1, "},
        {"{\"id\":\"a\",\"x\":1e400}", "a command request that is not JSON: line 1, "},
        {"[]", "a command request that is no JSON object"},
        {"{\"name\":\"stop\"}", "a command request without an id"},
        {"{\"id\":5}", "a command request with an id that is no string"},
        {"{\"id\":\"\"}", "a command request with an id of 0 bytes; 1 to 128 are allowed"},
        {"{\"id\":\"a\\u0007\"}",
         "a command request with an id that has unprintable characters"},
        {"{\"id\":\"\xc3\xa9\"}",
         "a command request with an id that has unprintable characters"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct command_request request;
        parse(rows[i].payload, &request);
        assert_int_equal(request.kind, COMMAND_UNUSABLE);
        assert_memory_equal(request.error.text, rows[i].message, strlen(rows[i].message));
        command_request_done(&request);
    }
}

static void bounds_ids(void **state)
{
    (void)state;
    char payload[300] = "{\"name\":\"stop\",\"id\":\"";
    size_t head = strlen(payload);
    memset(payload + head, 'x', 128);
    memcpy(payload + head + 128, "\"}", 3);
    struct command_request request;
    parse(payload, &request);
    assert_int_equal(request.kind, COMMAND_ACCEPTED);
    assert_int_equal(strlen(request.id), 128);
    command_request_done(&request);
    memcpy(payload + head + 128, "x\"}", 4);
    parse(payload, &request);
    assert_int_equal(request.kind, COMMAND_UNUSABLE);
    command_request_done(&request);
}

static void bounds_size_and_nesting(void **state)
{
    (void)state;
    struct command_request request;
    command_parse(&device, NULL, COMMAND_MAX_BYTES + 1, &request);
    assert_int_equal(request.kind, COMMAND_UNUSABLE);
    assert_string_equal(request.error.text, "a command request of 65537 bytes; at most 65536 "
                                            "are read");
    char *payload = mem_new(COMMAND_MAX_BYTES, 1);
    memset(payload, '[', COMMAND_MAX_BYTES);
    command_parse(&device, payload, COMMAND_MAX_BYTES, &request);
    assert_int_equal(request.kind, COMMAND_UNUSABLE);
    assert_string_equal(request.error.text, "a command request nested deeper than 16 levels");
    free(payload);
    parse("{\"id\":\"a\",\"name\":\"stop\",\"x\":\"[[[[[[[[[[[[[[[[[[[[\\\"[[[[\"}", &request);
    assert_int_equal(request.kind, COMMAND_ACCEPTED);
    command_request_done(&request);
    parse("{\"id\":\"a\",\"name\":\"stop\",\"x\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}", &request);
    assert_int_equal(request.kind, COMMAND_ACCEPTED);
    command_request_done(&request);
    parse("{\"id\":\"a\",\"name\":\"stop\",\"x\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}", &request);
    assert_int_equal(request.kind, COMMAND_UNUSABLE);
}

static void fingerprints_name_and_arguments_in_any_order(void **state)
{
    (void)state;
    static const struct {
        const char *payload;
        const char *fingerprint;
    } rows[] = {
        {"{\"id\":\"a\",\"name\":\"charge\",\"arguments\":{\"soft\":false,\"power\":5}}",
         "charge{\"power\":5,\"soft\":false}"},
        {"{\"arguments\": {\"power\" : 5, \"soft\": false}, \"name\":\"charge\",\"id\":\"b\"}",
         "charge{\"power\":5,\"soft\":false}"},
        {"{\"id\":\"a\",\"name\":\"charge\",\"arguments\":{\"power\":6}}",
         "charge{\"power\":6}"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct command_request request;
        parse(rows[i].payload, &request);
        assert_int_equal(request.kind, COMMAND_ACCEPTED);
        assert_string_equal(request.fingerprint, rows[i].fingerprint);
        command_request_done(&request);
    }
}

static void writes_logs_and_errors(void **state)
{
    (void)state;
    char *text = command_response_log("a-1", "restarting");
    assert_string_equal(
        text, "{\"id\":\"a-1\",\"state\":\"log\",\"payload\":{\"message\":\"restarting\"}}");
    free(text);
    text = command_response_error("a\"1", "holds 5 \xc2\xb0"
                                          "C, wanted 6 \xc2");
    assert_string_equal(text, "{\"id\":\"a\\\"1\",\"state\":\"error\",\"payload\":"
                              "{\"message\":\"holds 5 \xc2\xb0"
                              "C, wanted 6 \"}}");
    free(text);
}

static void writes_results(void **state)
{
    (void)state;
    struct job_result result = {
        .outcome = JOB_COMPLETED,
        .value_count = 6,
        .values = {{"rate", value_real(60.5, 1), PUBLISH_FLOAT},
                   {"mode", value_text("eco"), PUBLISH_STRING},
                   {"lost", value_unknown(), PUBLISH_FLOAT},
                   {"power", value_integer(-5), PUBLISH_AUTO},
                   {"serial", value_integer(7), PUBLISH_STRING},
                   {"steps", value_real(10, 0), PUBLISH_INTEGER}},
    };
    char *text = command_response_result("a", &result);
    assert_string_equal(text, "{\"id\":\"a\",\"state\":\"completed\",\"payload\":"
                              "{\"rate\":60.5,\"mode\":\"eco\",\"power\":-5,\"serial\":\"7\","
                              "\"steps\":10}}");
    free(text);
    result.value_count = 0;
    text = command_response_result("a", &result);
    assert_string_equal(text, "{\"id\":\"a\",\"state\":\"completed\",\"payload\":{}}");
    free(text);
    result.outcome = JOB_ERROR;
    strcpy(result.message, "stopped");
    text = command_response_result("a", &result);
    assert_string_equal(text, "{\"id\":\"a\",\"state\":\"error\",\"payload\":"
                              "{\"message\":\"stopped\"}}");
    free(text);
}

// A register that the map has no command for, one with set:, one whose limit another command
// has, one that is read-only.
static const struct point points[] = {
    {.key = "power",
     .type = TYPE_U16,
     .word_count = 1,
     .access = ACCESS_READ_WRITE,
     .bit_low = NO_INDEX,
     .sf = NO_INDEX,
     .from = NO_INDEX,
     .scale = {1, 0}},
    {.key = "rate",
     .type = TYPE_U16,
     .word_count = 1,
     .access = ACCESS_READ_WRITE,
     .bit_low = NO_INDEX,
     .sf = NO_INDEX,
     .from = NO_INDEX,
     .scale = {1, -1}},
    {.key = "state",
     .type = TYPE_U16,
     .word_count = 1,
     .access = ACCESS_READ,
     .bit_low = NO_INDEX,
     .sf = NO_INDEX,
     .from = NO_INDEX,
     .scale = {1, 0}},
};
static const struct argument set_arguments[] = {
    {.key = "rate", .type = ARGUMENT_FLOAT, .required = true, .target = 1}};
static const struct command set_commands[] = {
    {.key = "set_rate", .arguments = set_arguments, .argument_count = 1, .set_point = 1}};
static const struct map register_map = {.name = "pump",
                                        .points = points,
                                        .point_count = ARRAY_LENGTH(points),
                                        .commands = set_commands,
                                        .command_count = ARRAY_LENGTH(set_commands)};
static const struct device pump = {.name = "pump", .map = &register_map};

static void parse_write(const char *write, struct command_request *ret_request)
{
    char payload[200];
    (void)snprintf(payload, sizeof payload, "{\"id\":\"a\",\"write\":%s}", write);
    command_parse_local(&pump, payload, strlen(payload), ret_request);
}

static void writes_one_register_for_the_gateway_only(void **state)
{
    (void)state;
    static const char payload[] = "{\"id\":\"a\",\"write\":{\"power\":7}}";
    struct command_request request;
    command_parse(&pump, payload, strlen(payload), &request);
    assert_int_equal(request.kind, COMMAND_REFUSED);
    assert_string_equal(request.error.text, "the request has no command name");
    command_request_done(&request);
    parse_write("{\"power\":7}", &request);
    assert_int_equal(request.kind, COMMAND_ACCEPTED);
    assert_string_equal(request.name, "write");
    assert_string_equal(request.fingerprint, "write{\"power\":7}");
    const struct command *command = request.job->command;
    assert_int_equal(command->step_count, 1);
    assert_int_equal(command->steps[0].kind, STEP_WRITE);
    assert_true(command->steps[0].verify);
    assert_int_equal(command->steps[0].writes[0].point, 0);
    assert_string_equal(command->results[0].key, "power");
    command_request_done(&request);
}

static void writes_as_the_command_of_the_map_does(void **state)
{
    (void)state;
    struct command_request request;
    parse_write("{\"rate\":7.5}", &request);
    assert_int_equal(request.kind, COMMAND_ACCEPTED);
    assert_ptr_equal(request.job->command, &set_commands[0]);
    assert_string_equal(request.name, "set_rate");
    command_request_done(&request);
}

static void refuses_what_cannot_be_written(void **state)
{
    (void)state;
    static const struct {
        const char *write;
        const char *text;
    } rows[] = {
        {"{\"state\":1}",
         "'state' is read-only: a register that commands write needs access: rw "
         "(or w)"},
        {"{\"powr\":1}", "pump has no entry 'powr'; did you mean 'power'?"},
        {"{\"power\":70000}", "power: 70000 is outside 0..65535"},
        {"{\"power\":1.5}", "power: 1.5 is not a whole number"},
        {"{\"power\":null}", "argument 'power' must be a number, a text, true or false"},
        {"{}", "\"write\" must be an object of one entry, {\"name\": value}"},
        {"{\"power\":1,\"rate\":1}",
         "\"write\" must be an object of one entry, {\"name\": value}"},
        {"7", "\"write\" must be an object of one entry, {\"name\": value}"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct command_request request;
        parse_write(rows[i].write, &request);
        assert_int_equal(request.kind, COMMAND_REFUSED);
        assert_string_equal(request.error.text, rows[i].text);
        command_request_done(&request);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_a_command_with_arguments),
        cmocka_unit_test(accepts_missing_and_null_arguments),
        cmocka_unit_test(refuses_with_a_reason),
        cmocka_unit_test(leaves_the_arguments_to_the_map),
        cmocka_unit_test(answers_numbers_of_any_size),
        cmocka_unit_test(cannot_use_a_request_without_an_id),
        cmocka_unit_test(bounds_ids),
        cmocka_unit_test(bounds_size_and_nesting),
        cmocka_unit_test(fingerprints_name_and_arguments_in_any_order),
        cmocka_unit_test(writes_logs_and_errors),
        cmocka_unit_test(writes_results),
        cmocka_unit_test(writes_one_register_for_the_gateway_only),
        cmocka_unit_test(writes_as_the_command_of_the_map_does),
        cmocka_unit_test(refuses_what_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
