// SPDX-License-Identifier: MIT
#include "daemon/control_request.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/strbuf.h"

static int take_id(const json_t *id, struct control_request *ret_request, struct error *err)
{
    if (!id)
        return 0;
    if (!json_is_string(id) && !json_is_integer(id))
        return error_set(err, ERROR_FAILED, "id: a text or a whole number is expected");
    char *text = json_text(id, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    size_t length = strlen(text);
    if (length < CONTROL_ID_SIZE)
        memcpy(ret_request->id, text, length + 1);
    free(text);
    if (length >= CONTROL_ID_SIZE)
        return error_set(err, ERROR_FAILED, "id: longer than %d bytes as JSON",
                         CONTROL_ID_SIZE - 1);
    return 0;
}

static int take_name(const json_t *name, struct control_request *ret_request, struct error *err)
{
    if (!json_is_string(name))
        return error_set(err, ERROR_FAILED,
                         "a request is an object such as {\"request\": \"status\"}");
    size_t length = json_string_length(name);
    const char *text = json_string_value(name);
    if (length == 0 || length >= CONTROL_NAME_SIZE ||
        strspn(text, "abcdefghijklmnopqrstuvwxyz_") != length)
        return error_set(err, ERROR_FAILED,
                         "request: a name of lower-case letters is expected");
    memcpy(ret_request->name, text, length + 1);
    return 0;
}

int control_request_parse(const char *line, size_t length, struct control_request *ret_request,
                          struct error *err)
{
    static const struct json_limits limits = {CONTROL_MAX_LINE, CONTROL_MAX_DEPTH};
    *ret_request =
        (struct control_request){.root = json_read("a request", line, length, &limits, err)};
    if (!ret_request->root)
        return -1;
    if (take_id(json_object_get(ret_request->root, "id"), ret_request, err) != 0)
        return -1;
    return take_name(json_object_get(ret_request->root, "request"), ret_request, err);
}

void control_request_done(struct control_request *request)
{
    json_decref(request->root);
    request->root = NULL;
}

static void add_envelope(const struct control_request *request, struct strbuf *line)
{
    strbuf_printf(line, "{\"control\":%d,", CONTROL_VERSION);
    if (request->id[0])
        strbuf_printf(line, "\"id\":%s,", request->id);
    if (request->name[0])
        strbuf_printf(line, "\"request\":\"%s\",", request->name);
}

char *control_answer_line(const struct control_request *request, const char *result)
{
    struct strbuf line = {0};
    add_envelope(request, &line);
    strbuf_printf(&line, "\"result\":%s}\n", result);
    return strbuf_take(&line);
}

static char *text_line(const struct control_request *request, const char *key, const char *text)
{
    struct strbuf line = {0};
    add_envelope(request, &line);
    json_t *object = json_new_object();
    json_put(object, key, json_from_text(text, strlen(text)));
    char *json = json_print(object);
    strbuf_printf(&line, "%s\n", json + 1); // without the brace that the envelope has
    free(json);
    return strbuf_take(&line);
}

char *control_error_line(const struct control_request *request, const char *text)
{
    return text_line(request, "error", text);
}

char *control_log_line(const struct control_request *request, const char *text)
{
    return text_line(request, "log", text);
}
