// SPDX-License-Identifier: MIT
// modbridge command TARGET NAME [ARGUMENT=VALUE...]: as the cloud would, without the cloud.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus/identity.h"
#include "cli/cli.h"
#include "cli/foreground.h"
#include "cli/target.h"
#include "cloud/command.h"

// The request as it would come from the cloud: numbers, true and false where they look like it,
// else text. Heap.
static char *make_request(const char *name, const char *const *arguments, int count,
                          struct error *err)
{
    json_t *given = json_object();
    for (int i = 0; i < count; i++) {
        const char *equals = strchr(arguments[i], '=');
        if (!equals || equals == arguments[i]) {
            json_decref(given);
            (void)error_set(err, ERROR_USAGE, "'%s' is not ARGUMENT=VALUE", arguments[i]);
            return NULL;
        }
        json_t *value = json_loads(equals + 1, JSON_DECODE_ANY, NULL);
        if (!value || json_is_object(value) || json_is_array(value)) {
            json_decref(value);
            value = json_string(equals + 1);
        }
        char key[128];
        (void)snprintf(key, sizeof key, "%.*s", (int)(equals - arguments[i]), arguments[i]);
        (void)json_object_set_new(given, key, value);
    }
    json_t *request =
        json_pack("{s:s, s:s, s:o}", "id", "cli", "name", name, "arguments", given);
    char *text = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    return text;
}

static void print_result(const struct job_result *result, bool json)
{
    if (json) {
        char *response = command_response_result("cli", result);
        (void)printf("%s\n", response);
        free(response);
        return;
    }
    if (result->outcome == JOB_ERROR) {
        (void)fprintf(stderr, "error: %s\n", result->message);
        return;
    }
    (void)printf("completed\n");
    for (size_t i = 0; i < result->value_count; i++) {
        char text[256];
        value_format(&result->values[i].value, text, sizeof text);
        (void)printf("  %s  %s\n", result->values[i].key, text);
    }
}

static int run(struct target *target, struct job_request *job, bool json)
{
    struct foreground foreground;
    foreground_init(&foreground, target);
    struct job_result *result = foreground_run(&foreground, job);
    print_result(result, json);
    (void)fflush(stdout); // the response does not wait for what is held
    int code = foreground_code(result);
    int end_code = foreground_keep(&foreground, result->outcome == JOB_COMPLETED);
    job_result_free(result);
    foreground_done(&foreground);
    return code != ERROR_NONE ? code : end_code;
}

static int execute(struct target *target, const struct options *options, struct error *err)
{
    int first = target->next + 1;
    if (options->positional_count < first)
        return error_set(err, ERROR_USAGE, "name a command");
    char *text = make_request(options->positionals[target->next], &options->positionals[first],
                              options->positional_count - first, err);
    if (!text)
        return -1;
    struct command_request request;
    command_parse(target->device, text, strlen(text), &request);
    free(text);
    if (request.kind != COMMAND_ACCEPTED) {
        (void)error_set(err, ERROR_FAILED, "%s", request.error.text);
        command_request_done(&request);
        return -1;
    }
    char other[200];
    if (identity_check(&target->line, target->unit, other, sizeof other) == FAULT_IDENTITY) {
        command_request_done(&request);
        return error_set(err, ERROR_FAILED,
                         "this is not the device of the map: %s; nothing was written", other);
    }
    request.job->device = target->index;
    struct job_request *job = request.job;
    request.job = NULL;
    command_request_done(&request);
    return run(target, job, options->json);
}

int cmd_command(const struct options *options)
{
    struct error err;
    struct target target;
    if (target_open_alone(&target, options, &err) != 0)
        return cli_fail("command", &err);
    int code = execute(&target, options, &err);
    target_close(&target);
    return code < 0 ? cli_fail("command", &err) : code;
}
