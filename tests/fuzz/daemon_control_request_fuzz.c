// SPDX-License-Identifier: MIT
// Any bytes are a line on the control socket: a request with a name, or refused with words; the
// answer is one line of JSON that carries the same name and id.
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/control_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_line(const struct control_request *request, char *line, const char *key)
{
    size_t length = strlen(line);
    require(length > 0 && strchr(line, '\n') == line + length - 1);
    json_t *answer = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    require(answer && json_integer_value(json_object_get(answer, "control")) == 1);
    require(json_object_get(answer, key) != NULL);
    const char *name = json_string_value(json_object_get(answer, "request"));
    require(name ? strcmp(name, request->name) == 0 : request->name[0] == '\0');
    json_t *id = json_object_get(answer, "id");
    require(!id == (request->id[0] == '\0'));
    require(!id || json_equal(id, json_object_get(request->root, "id")));
    json_decref(answer);
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct control_request request;
    struct error err = {0};
    bool refused = control_request_parse((const char *)data, size, &request, &err) != 0;
    require(refused == (err.text[0] != '\0'));
    require(refused || (request.root && request.name[0]));
    if (refused)
        check_line(&request, control_error_line(&request, err.text), "error");
    else
        check_line(&request, control_answer_line(&request, "{\"a\":[]}"), "result");
    control_request_done(&request);
    return 0;
}
