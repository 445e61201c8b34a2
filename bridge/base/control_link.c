// SPDX-License-Identifier: MIT
#include "base/control_link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/local_socket.h"
#include "base/mem.h"
#include "base/strbuf.h"

enum {
    MAX_ANSWER = 16 * 1024 * 1024,
    MAX_ANSWER_DEPTH = 32,
};

struct control_link {
    int descriptor;
    int stop_descriptor; // ends every wait; -1: none
    bool is_broken;
    bool is_stopped;
};

static const char *reason_of(int failure)
{
    switch (failure) {
    case ENOENT:
        return "no socket there";
    case ECONNREFUSED:
        return "nobody listens";
    case EACCES:
        return "not permitted: ask as root, or as the user that runs it";
    default:
        return error_reason(failure);
    }
}

// Tries the folders; -1 with what was found in each, and whether one may not be asked.
static int connect_to_one(const char *const *folders, size_t count, struct strbuf *ret_tried,
                          bool *ret_is_forbidden)
{
    *ret_is_forbidden = false;
    for (size_t i = 0; i < count; i++) {
        struct strbuf path = {0};
        struct error err;
        strbuf_printf(&path, "%s/%s", folders[i], CONTROL_SOCKET_NAME);
        int descriptor =
            local_socket_connect(strbuf_text(&path), CONTROL_LINK_PATIENCE_MS, &err);
        *ret_is_forbidden |= descriptor < 0 && errno == EACCES;
        if (descriptor < 0)
            strbuf_printf(ret_tried, "%s%s (%s)", i ? ", " : "", strbuf_text(&path),
                          reason_of(errno));
        strbuf_done(&path);
        if (descriptor >= 0)
            return descriptor;
    }
    return -1;
}

struct control_link *control_link_connect(const char *const *folders, size_t count,
                                          struct error *err)
{
    struct strbuf tried = {0};
    bool is_forbidden = false;
    int descriptor = connect_to_one(folders, count, &tried, &is_forbidden);
    if (descriptor < 0)
        (void)error_set(err, ERROR_FAILED, "no modbridge answers; looked at %s",
                        strbuf_text(&tried));
    strbuf_done(&tried);
    if (descriptor < 0) {
        errno = is_forbidden ? EACCES : ENOENT;
        return NULL;
    }
    struct control_link *link = mem_new(1, sizeof *link);
    link->descriptor = descriptor;
    link->stop_descriptor = -1;
    return link;
}

void control_link_close(struct control_link *link)
{
    if (!link)
        return;
    (void)close(link->descriptor);
    free(link);
}

void control_link_stop_at(struct control_link *link, int descriptor)
{
    link->stop_descriptor = descriptor;
}

bool control_link_is_stopped(const struct control_link *link)
{
    return link->is_stopped;
}

bool control_link_is_broken(const struct control_link *link)
{
    return link->is_broken;
}

// A daemon that does not want this client has said why before it closed: whether the request
// went out is seen from the answer.
static void send_request(const struct control_link *link, json_t *request)
{
    struct strbuf line = {0};
    char *text = json_print(request);
    strbuf_printf(&line, "%s\n", text);
    (void)send(link->descriptor, line.text, line.length, MSG_NOSIGNAL);
    strbuf_done(&line);
    free(text);
}

static bool is_readable(struct control_link *link, int64_t until_ms)
{
    struct pollfd wanted[] = {
        {.fd = link->descriptor, .events = POLLIN},
        {.fd = link->stop_descriptor, .events = POLLIN},
    };
    int64_t left_ms = until_ms - clock_monotonic_ms();
    bool is_ready = left_ms > 0 && poll(wanted, 2, (int)clock_earlier(left_ms, INT32_MAX)) > 0;
    link->is_stopped = is_ready && wanted[1].revents;
    return is_ready && !link->is_stopped;
}

static int receive_line(struct control_link *link, int64_t until_ms, struct strbuf *ret_line,
                        struct error *err)
{
    char bytes[16384];
    while (!ret_line->length || ret_line->text[ret_line->length - 1] != '\n') {
        ssize_t length = -1;
        if (is_readable(link, until_ms) && ret_line->length <= MAX_ANSWER)
            length = recv(link->descriptor, bytes, sizeof bytes, 0);
        if (length == 0)
            return error_set(err, ERROR_FAILED, "modbridge has closed the connection");
        if (length < 0)
            return error_set(err, ERROR_FAILED, "modbridge does not answer");
        strbuf_add_bytes(ret_line, bytes, (size_t)length);
    }
    return 0;
}

static json_t *result_of(struct control_link *link, const struct strbuf *line,
                         struct error *err)
{
    static const struct json_limits limits = {MAX_ANSWER, MAX_ANSWER_DEPTH};
    json_t *answer = json_read("an answer", line->text, line->length, &limits, err);
    link->is_broken = !answer;
    if (!answer)
        return NULL;
    json_t *result = json_incref(json_object_get(answer, "result"));
    const char *refusal = json_string_value(json_object_get(answer, "error"));
    if (!result)
        (void)error_set(err, ERROR_FAILED, "%s",
                        refusal ? refusal : "an answer without result");
    json_decref(answer);
    return result;
}

json_t *control_link_request(struct control_link *link, json_t *request, int64_t within_ms,
                             struct error *err)
{
    struct strbuf line = {0};
    json_t *result = NULL;
    send_request(link, request);
    link->is_broken = true;
    if (receive_line(link, clock_monotonic_ms() + within_ms, &line, err) == 0)
        result = result_of(link, &line, err);
    strbuf_done(&line);
    return result;
}

// Waits for bytes and takes them; -1: there are none to come, or the listener wants no more.
static int receive_more(const struct control_link *link, struct control_listener *listener,
                        struct strbuf *in, struct error *err)
{
    char bytes[16384];
    struct pollfd wanted[] = {{.fd = link->descriptor, .events = POLLIN},
                              {.fd = listener->stop_descriptor, .events = POLLIN}};
    (void)poll(wanted, 2, -1);
    listener->was_stopped = (wanted[1].revents & POLLIN) != 0;
    if (listener->was_stopped)
        return error_set(err, ERROR_NO_ANSWER, "stopped waiting");
    if (!wanted[0].revents)
        return 0;
    ssize_t length = recv(link->descriptor, bytes, sizeof bytes, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (length <= 0 || in->length > MAX_ANSWER)
        return error_set(err, ERROR_NO_ANSWER, "modbridge has closed the connection");
    strbuf_add_bytes(in, bytes, (size_t)length);
    return 0;
}

// Hands the line on, if it only says something.
static bool is_log(const struct strbuf *line, const struct control_listener *listener)
{
    json_t *object = json_loadb(line->text, line->length, 0, NULL);
    const char *text = json_string_value(json_object_get(object, "log"));
    if (text)
        listener->log(listener->context, text);
    json_decref(object);
    return text != NULL;
}

// Takes the first line out of what came; false when it is not whole.
static bool take_line(struct strbuf *in, struct strbuf *ret_line)
{
    const char *end = in->length ? memchr(in->text, '\n', in->length) : NULL;
    if (!end)
        return false;
    size_t length = (size_t)(end - in->text) + 1;
    strbuf_clear(ret_line);
    strbuf_add_bytes(ret_line, in->text, length);
    strbuf_skip(in, length);
    return true;
}

json_t *control_link_follow(struct control_link *link, json_t *request,
                            struct control_listener *listener, struct error *err)
{
    struct strbuf in = {0};
    struct strbuf line = {0};
    json_t *result = NULL;
    bool is_over = false;
    send_request(link, request);
    link->is_broken = true;
    while (!is_over) {
        if (take_line(&in, &line)) {
            is_over = !is_log(&line, listener);
            result = is_over ? result_of(link, &line, err) : NULL;
        } else {
            is_over = receive_more(link, listener, &in, err) != 0;
        }
    }
    strbuf_done(&in);
    strbuf_done(&line);
    return result;
}

json_t *control_link_ask(struct control_link *link, const char *name, struct error *err)
{
    json_t *request = json_new_object();
    json_put_text(request, "request", name);
    return control_link_request(link, request, CONTROL_LINK_PATIENCE_MS, err);
}
