// SPDX-License-Identifier: MIT
// Command requests and responses: JSON <-> a checked job. Pure, any thread. Everything a
// request can be refused for without asking the equipment is refused here, in words for the
// person who sent it.
// Source: Enapter MQTT API page (requests: id, name, arguments; responses: id, state, payload);
// the key "message": Enapter python-sdk.
#ifndef CLOUD_COMMAND_H
#define CLOUD_COMMAND_H

#include <stddef.h>

#include "base/error.h"
#include "model/message.h"
#include "model/site.h"

enum {
    COMMAND_MAX_BYTES = 64 * 1024, // of a request's payload
    COMMAND_MAX_DEPTH = 16,        // of nested objects and lists
    COMMAND_ID_SIZE = 129,         // an id is 1 to 128 printable ASCII characters
    COMMAND_NAME_SIZE = 80,
};

enum command_kind {
    COMMAND_ACCEPTED, // execute `job`, unless the journal says otherwise
    COMMAND_REFUSED,  // answer `error.text` under this id
    COMMAND_UNUSABLE, // nobody to answer: log `error.text`
};

struct command_request {
    enum command_kind kind;
    char id[COMMAND_ID_SIZE];
    char name[COMMAND_NAME_SIZE]; // of the command, cut, as messages may show it; "": none
    char *fingerprint;       // accepted: equal for the same name and arguments, in any order
    struct job_request *job; // accepted: the device's index and serial are left 0
    struct error error;      // refused, unusable
};

// Reads the payload of a request to the device. `payload` need not be NUL-terminated; it may be
// NULL when `length` is beyond the limit. Fills in *ret_request, to be given to
// command_request_done.
void command_parse(const struct device *device, const char *payload, size_t length,
                   struct command_request *ret_request);

// The same for a request that comes from the gateway itself, which may also write one entry
// that the map has no command for: {"id": ..., "write": {"entry": value}}. The cloud cannot.
void command_parse_local(const struct device *device, const char *payload, size_t length,
                         struct command_request *ret_request);

// Frees what the request still holds; set `job` to NULL when it was handed on.
void command_request_done(struct command_request *request);

// Responses as JSON text: {"id": ..., "state": ..., "payload": {...}}. Heap; the caller frees
// them.

// "log": execution began, or a step reports.
char *command_response_log(const char *id, const char *text);

// "error", final.
char *command_response_error(const char *id, const char *message);

// "completed", final: the payload holds the result's values; those without one are left out. A
// result that is an error gives command_response_error.
char *command_response_result(const char *id, const struct job_result *result);

#endif
