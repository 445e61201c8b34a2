// SPDX-License-Identifier: MIT
#include "cli/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "bus/identity.h"
#include "cli/daemon_link.h"
#include "cli/foreground.h"
#include "cli/rehearsal.h"
#include "cloud/command.h"
#include "daemon/local_answer.h"

int order_put(json_t *object, const char *pair, const char *what, struct error *err)
{
    const char *equals = strchr(pair, '=');
    if (!equals || equals == pair)
        return error_set(err, ERROR_USAGE, "'%s' is not %s=VALUE", pair, what);
    json_t *value = json_loads(equals + 1, JSON_DECODE_ANY, NULL);
    if (!value || json_is_object(value) || json_is_array(value)) {
        json_decref(value);
        value = json_from_text(equals + 1, strlen(equals + 1));
    }
    char key[128];
    (void)snprintf(key, sizeof key, "%.*s", (int)(equals - pair), pair);
    json_put(object, key, value);
    return 0;
}

// What was answered, in words or as the cloud would get it. Returns the exit code; takes the
// answer.
static int print_answer(json_t *answer, bool as_json)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_t *response = json_object_get(answer, "response");
    const char *message =
        json_string_value(json_object_get(json_object_get(response, "payload"), "message"));
    int code = (int)json_integer_value(json_object_get(answer, "code"));
    if (as_json) {
        char *text = json_print(json_incref(response));
        (void)printf("%s\n", text);
        free(text);
    } else if (code != ERROR_NONE) {
        (void)fprintf(stderr, "error: %s\n", message ? message : "no reason was given");
    } else {
        (void)printf("completed\n");
        json_object_foreach(json_object_get(answer, "values"), key, value)(void)
            printf("  %s  %s\n", key, json_string_value(value));
    }
    (void)fflush(stdout); // it does not wait for what is held
    json_decref(answer);
    return code;
}

static int print_result(const struct job_result *result, bool as_json)
{
    char *response = command_response_result("cli", result);
    char *answer = local_answer(response, result);
    int code = print_answer(json_loads(answer, 0, NULL), as_json);
    free(answer);
    free(response);
    return code;
}

// Without a daemon
// ------------------------------------------------------------------------------

static void refuse_stranger(struct job_request *job, const char *other,
                            struct job_result *ret_result)
{
    *ret_result = (struct job_result){.device = job->device, .outcome = JOB_ERROR};
    (void)snprintf(ret_result->message, sizeof ret_result->message,
                   "this is not the device of the map: %s; nothing was written", other);
    job_request_free(job);
}

static int run_here(struct target *target, struct job_request *job, bool as_json)
{
    char other[200];
    struct job_result stranger;
    job->device = target->index;
    if (identity_check(&target->line, target->unit, other, sizeof other) == FAULT_IDENTITY) {
        refuse_stranger(job, other, &stranger);
        return print_result(&stranger, as_json);
    }
    struct foreground foreground;
    foreground_init(&foreground, target);
    struct job_result *result = foreground_run(&foreground, job);
    int code = print_result(result, as_json);
    int end_code = foreground_keep(&foreground, result->outcome == JOB_COMPLETED);
    job_result_free(result);
    foreground_done(&foreground);
    return code != ERROR_NONE ? code : end_code;
}

// Without sending anything
// -----------------------------------------------------------------------

static int rehearse(struct target *target, struct job_request *job, bool as_json,
                    struct error *err)
{
    struct rehearsal rehearsal;
    job->device = target->index;
    int code = rehearsal_run(&rehearsal, target, job, err);
    if (code == 0)
        code = rehearsal_print(&rehearsal, target, as_json);
    rehearsal_done(&rehearsal);
    return code;
}

// Through the daemon
// ----------------------------------------------------------------------------

static void print_log(void *context, const char *text)
{
    (void)context;
    (void)fprintf(stderr, "%s\n", text);
}

// `path`: of the site that it is to run, NULL: any; `device`: the name it has there.
static json_t *daemon_request(const char *path, const char *device, const json_t *order)
{
    json_t *write = json_object_get(order, "write");
    json_t *request = json_new_object();
    json_put_text(request, "request", write ? "write" : "command");
    if (path)
        json_put_text(request, "site", path);
    json_put_text(request, "device", device);
    if (write) {
        void *pair = json_object_iter(write);
        json_put_text(request, "register", json_object_iter_key(pair));
        json_put(request, "value", json_incref(json_object_iter_value(pair)));
    } else {
        json_put(request, "name", json_incref(json_object_get(order, "name")));
        json_put(request, "arguments", json_incref(json_object_get(order, "arguments")));
    }
    return request;
}

static int explain_end(const struct control_listener *listener, struct error *err)
{
    if (listener->was_stopped)
        (void)fprintf(stderr,
                      "the command goes on in the daemon: 'modbridge status' shows what "
                      "becomes of it\n");
    else if (err->code == ERROR_NO_ANSWER)
        (void)fprintf(stderr, "error: %s: what became of the command is in its log\n",
                      err->text);
    else
        return -1;
    return ERROR_NO_ANSWER;
}

static int take_answer(json_t *answer, bool as_json, struct error *err)
{
    const char *refused = json_string_value(json_object_get(answer, "refused"));
    if (!refused)
        return print_answer(answer, as_json);
    (void)error_set(err, ERROR_FAILED, "%s", refused);
    json_decref(answer);
    return -1;
}

// False when the daemon is that of another site. Takes the request.
static bool run_there(struct control_link *link, const struct target *target, json_t *request,
                      bool as_json, int *ret_code, struct error *err)
{
    struct control_listener listener = {.log = print_log,
                                        .stop_descriptor = target->line.stop_descriptor};
    json_t *answer = control_link_follow(link, request, &listener, err);
    bool is_other = json_object_get(answer, "site") != NULL;
    if (is_other)
        json_decref(answer);
    else
        *ret_code = answer ? take_answer(answer, as_json, err) : explain_end(&listener, err);
    return !is_other;
}

// The daemon of the target's own site, if there is one: false.
static bool run_at_site(struct target *target, const json_t *order, bool as_json, int *ret_code,
                        struct error *err)
{
    struct control_link *link = NULL;
    *ret_code = daemon_link_find(target, &link, err);
    if (!link)
        return *ret_code != 0;
    char *path = realpath(target->site->path, NULL);
    json_t *request =
        daemon_request(path ? path : target->site->path, target->device->name, order);
    bool is_done = run_there(link, target, request, as_json, ret_code, err);
    free(path);
    control_link_close(link);
    return is_done;
}

// Any daemon that has the line: false when there is none.
static bool run_on_line(struct target *target, const json_t *order, bool as_json, int *ret_code,
                        struct error *err)
{
    target_seek_daemon(target);
    if (!target->served)
        return false;
    const char *device = served_find_device(target->served, target->device, err);
    *ret_code = -1;
    if (!device)
        return true;
    (void)fprintf(stderr,
                  "modbridge: bus %s (%s) belongs to the running daemon, which executes this "
                  "for its device %s\n",
                  served_bus(target->served), served_place(target->served), device);
    return run_there(served_daemon(target->served), target, daemon_request(NULL, device, order),
                     as_json, ret_code, err);
}

// What is wrong with it whoever executes it is said here, in the same words.
static int parse(const struct target *target, json_t *order, struct job_request **ret_job,
                 struct error *err)
{
    struct command_request request;
    json_put_text(order, "id", "cli");
    char *text = json_print(json_incref(order));
    command_parse_local(target->device, text, strlen(text), &request);
    free(text);
    bool is_refused = request.kind != COMMAND_ACCEPTED;
    if (is_refused)
        (void)error_set(err, ERROR_FAILED, "%s", request.error.text);
    *ret_job = request.job;
    request.job = NULL;
    command_request_done(&request);
    return is_refused ? -1 : 0;
}

int order_execute(struct target *target, const struct options *options, json_t *request,
                  struct error *err)
{
    struct job_request *job = NULL;
    int code = parse(target, request, &job, err);
    if (code == 0 && options->dry_run) {
        json_decref(request);
        return rehearse(target, job, options->json, err);
    }
    bool is_done = code != 0 || run_at_site(target, request, options->json, &code, err) ||
                   run_on_line(target, request, options->json, &code, err);
    if (is_done)
        job_request_free(job);
    else
        code = run_here(target, job, options->json);
    json_decref(request);
    return code;
}
