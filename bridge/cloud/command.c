// SPDX-License-Identifier: MIT
#include "cloud/command.h"

#include <ctype.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "cloud/json.h"
#include "registers/arguments.h"
#include "registers/setter.h"

static int take_id(const json_t *root, char ret_id[COMMAND_ID_SIZE], struct error *err)
{
    const json_t *id = json_object_get(root, "id");
    if (!id)
        return error_set(err, ERROR_FAILED, "a command request without an id");
    if (!json_is_string(id))
        return error_set(err, ERROR_FAILED, "a command request with an id that is no string");
    size_t length = json_string_length(id);
    if (length == 0 || length >= COMMAND_ID_SIZE)
        return error_set(err, ERROR_FAILED,
                         "a command request with an id of %zu bytes; 1 to %d are allowed",
                         length, COMMAND_ID_SIZE - 1);
    const char *text = json_string_value(id);
    for (size_t i = 0; i < length; i++) {
        if (!isprint((unsigned char)text[i]))
            return error_set(err, ERROR_FAILED,
                             "a command request with an id that has unprintable characters");
    }
    memcpy(ret_id, text, length + 1);
    return 0;
}

// A name as a message may show it: bounded and without control characters.
static void shown_name(const char *name, char *ret_text, size_t size)
{
    size_t used = 0;
    for (; *name && used + 1 < size; name++)
        ret_text[used++] = (char)(isprint((unsigned char)*name) ? *name : '?');
    ret_text[used] = '\0';
}

static const struct command *find_command(const struct map *map, const json_t *root,
                                          char ret_name[COMMAND_NAME_SIZE], struct error *err)
{
    const json_t *json = json_object_get(root, "name");
    if (!json_is_string(json)) {
        (void)error_set(err, ERROR_FAILED, "the request has no command name");
        return NULL;
    }
    const char *name = json_string_value(json);
    shown_name(name, ret_name, COMMAND_NAME_SIZE);
    const struct command *command = map_find_command(map, name);
    if (command)
        return command;
    struct suggestion suggestion;
    suggest_start(&suggestion, name);
    for (size_t i = 0; i < map->command_count; i++)
        suggest_candidate(&suggestion, map->commands[i].key);
    struct strbuf text = {0};
    strbuf_printf(&text, "unknown command '%s'", ret_name);
    suggest_append(&suggestion, &text);
    (void)error_set(err, ERROR_FAILED, "%s", strbuf_text(&text));
    strbuf_done(&text);
    return NULL;
}

static int given_value(const char *key, const json_t *json, struct value *ret_value,
                       struct error *err)
{
    switch (json_typeof(json)) {
    case JSON_INTEGER:
        *ret_value = value_integer(json_integer_value(json));
        return 0;
    case JSON_REAL:
        *ret_value = value_real(json_real_value(json), DECIMALS_SHORTEST);
        return 0;
    case JSON_TRUE:
    case JSON_FALSE:
        *ret_value = value_boolean(json_is_true(json));
        return 0;
    case JSON_STRING:
        *ret_value = value_text_bytes(json_string_value(json), json_string_length(json));
        return 0;
    case JSON_OBJECT:
    case JSON_ARRAY:
    case JSON_NULL:
        break;
    }
    char shown[80];
    shown_name(key, shown, sizeof shown);
    return error_set(err, ERROR_FAILED, "argument '%s' must be a number, a text, true or false",
                     shown);
}

static int check_arguments(const struct map *map, const struct command *command,
                           json_t *arguments, struct job_request **ret_job, struct error *err)
{
    size_t count = json_object_size(arguments);
    struct given_argument *given = mem_new(count, sizeof *given);
    size_t at = 0;
    int failed = 0;
    const char *key = NULL;
    json_t *json = NULL;
    json_object_foreach(arguments, key, json)
    {
        given[at].key = key;
        failed = given_value(key, json, &given[at++].value, err);
        if (failed)
            break;
    }
    if (!failed)
        failed = arguments_check(map, command, given, count, ret_job, err);
    free(given);
    return failed;
}

static char *make_fingerprint(const struct command *command, const json_t *arguments)
{
    char *sorted = json_text(arguments, JSON_COMPACT | JSON_SORT_KEYS);
    struct strbuf text = {0};
    strbuf_printf(&text, "%s%s", command->key, sorted ? sorted : "{}");
    free(sorted);
    return strbuf_take(&text);
}

// Everything behind the id. `arguments` is a new empty object for the case that none are given.
static int accept(const struct map *map, const json_t *root, json_t *empty,
                  struct command_request *request)
{
    struct error *err = &request->error;
    const struct command *command = find_command(map, root, request->name, err);
    if (!command)
        return -1;
    json_t *arguments = json_object_get(root, "arguments");
    if (!arguments || json_is_null(arguments))
        arguments = empty;
    if (!json_is_object(arguments))
        return error_set(err, ERROR_FAILED,
                         "\"arguments\" must be an object, {\"name\": value}");
    if (check_arguments(map, command, arguments, &request->job, err) != 0)
        return -1;
    request->fingerprint = make_fingerprint(command, arguments);
    return 0;
}

// One entry, as the map's command for it would, or one that is made for this.
static int accept_write(const struct map *map, json_t *write, struct command_request *request)
{
    struct error *err = &request->error;
    const char *key = json_object_iter_key(json_object_iter(write));
    if (!json_is_object(write) || json_object_size(write) != 1)
        return error_set(err, ERROR_FAILED,
                         "\"write\" must be an object of one entry, {\"name\": value}");
    struct arena *arena = arena_new();
    const struct command *command = setter_find(arena, map, key, err);
    shown_name(command ? command->key : setter_name, request->name, COMMAND_NAME_SIZE);
    if (!command || check_arguments(map, command, write, &request->job, err) != 0) {
        arena_free(arena);
        return -1;
    }
    request->job->arena = arena; // freed with it, also when the command is the map's
    request->fingerprint = make_fingerprint(command, write);
    return 0;
}

static int accept_local(const struct map *map, const json_t *root, json_t *empty,
                        struct command_request *request)
{
    json_t *write = json_object_get(root, "write");
    return write ? accept_write(map, write, request) : accept(map, root, empty, request);
}

static void parse(const struct map *map, const char *payload, size_t length,
                  int (*accept_with)(const struct map *, const json_t *, json_t *,
                                     struct command_request *),
                  struct command_request *ret_request)
{
    *ret_request = (struct command_request){.kind = COMMAND_UNUSABLE};
    static const struct json_limits limits = {COMMAND_MAX_BYTES, COMMAND_MAX_DEPTH};
    json_t *root =
        json_read("a command request", payload, length, &limits, &ret_request->error);
    if (!root)
        return;
    if (!json_is_object(root)) {
        (void)error_set(&ret_request->error, ERROR_FAILED,
                        "a command request that is no JSON object");
    } else if (take_id(root, ret_request->id, &ret_request->error) == 0) {
        json_t *empty = json_new_object();
        int failed = accept_with(map, root, empty, ret_request);
        ret_request->kind = failed ? COMMAND_REFUSED : COMMAND_ACCEPTED;
        json_decref(empty);
    }
    json_decref(root);
}

void command_parse(const struct device *device, const char *payload, size_t length,
                   struct command_request *ret_request)
{
    parse(device->map, payload, length, accept, ret_request);
}

void command_parse_local(const struct device *device, const char *payload, size_t length,
                         struct command_request *ret_request)
{
    parse(device->map, payload, length, accept_local, ret_request);
}

void command_request_done(struct command_request *request)
{
    free(request->fingerprint);
    job_request_free(request->job);
    *request = (struct command_request){.kind = COMMAND_UNUSABLE};
}

static char *make_response(const char *id, const char *state, json_t *payload)
{
    json_t *response = json_new_object();
    json_put(response, "id", json_from_text(id, strlen(id)));
    json_put(response, "state", json_from_text(state, strlen(state)));
    json_put(response, "payload", payload);
    return json_print(response);
}

static json_t *make_message(const char *text)
{
    json_t *payload = json_new_object();
    json_put(payload, "message", json_from_text(text, strlen(text)));
    return payload;
}

char *command_response_log(const char *id, const char *text)
{
    return make_response(id, "log", make_message(text));
}

char *command_response_error(const char *id, const char *message)
{
    return make_response(id, "error", make_message(message));
}

char *command_response_result(const char *id, const struct job_result *result)
{
    if (result->outcome == JOB_ERROR)
        return command_response_error(id, result->message);
    json_t *payload = json_new_object();
    for (size_t i = 0; i < result->value_count; i++) {
        const struct job_value *told = &result->values[i];
        json_put(payload, told->key, json_from_published(&told->value, told->publish));
    }
    return make_response(id, "completed", payload);
}
