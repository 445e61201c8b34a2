// SPDX-License-Identifier: MIT
// One request to the daemon's control socket: a JSON object in a line,
//     {"request": "status"}
// with an optional "id" (a text or whole number) that comes back in the answer, and whatever
// the request itself takes. Pure; the answer's envelope is made here too:
//     {"control": 1, "id": ..., "request": "status", "result": {...}}
//     {"control": 1, "id": ..., "request": "status", "error": "why not"}
// Before the answer to a request that takes its time, there may be lines
//     {"control": 1, "id": ..., "request": "command", "log": "what happens"}
#ifndef DAEMON_CONTROL_REQUEST_H
#define DAEMON_CONTROL_REQUEST_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

enum {
    CONTROL_VERSION = 1,
    CONTROL_MAX_LINE = 64 * 1024, // bytes of a request
    CONTROL_MAX_DEPTH = 16,
    CONTROL_NAME_SIZE = 32,
    CONTROL_ID_SIZE = 80, // of the id as JSON
};

struct control_request {
    char name[CONTROL_NAME_SIZE]; // "" when it could not be read
    char id[CONTROL_ID_SIZE];     // as JSON; "" when there is none
    json_t *root;                 // the whole object; NULL when it could not be read
};

// Reads a line without its end. -1 with err, for the client to read, when it is no request; the
// name and id are kept as far as they could be read, for the answer. control_request_done frees
// it either way.
int control_request_parse(const char *line, size_t length, struct control_request *ret_request,
                          struct error *err);
void control_request_done(struct control_request *request);

// The line (with its end) that answers a request: `result` is JSON in one line. Heap; the
// caller frees it.
char *control_answer_line(const struct control_request *request, const char *result);
char *control_error_line(const struct control_request *request, const char *text);

// The line that says something before that.
char *control_log_line(const struct control_request *request, const char *text);

#endif
