// SPDX-License-Identifier: MIT
// One client of the control socket: what it sent and is not read yet, the request that is open,
// the answer that is not taken yet. Bytes in, lines out; decisions take the time as an
// argument. The main thread owns it.
#ifndef DAEMON_CONTROL_CLIENT_H
#define DAEMON_CONTROL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "daemon/control_request.h"

struct control_client {
    int descriptor;                 // -1: none
    uint64_t serial;                // of the open request
    bool is_open;                   // a request is being dealt with
    bool at_end;                    // nothing more will come
    bool is_leaving;                // it is dropped when its answer is taken
    int64_t active_ms;              // when it last said something
    int64_t ready_ms;               // when its next request may be read
    int64_t patience_ms;            // when its answer must be taken; INT64_MAX: there is none
    struct strbuf in;               // at most a line and what is read at once
    struct strbuf out;              // the answer
    size_t sent;                    // of it
    struct control_request request; // the open one
};

// A new connection in this place; the descriptor is the client's from now on.
void client_begin(struct control_client *client, int descriptor, int64_t now_ms);

// Closes it and forgets everything.
void client_drop(struct control_client *client);

// Whether it may say its next request now.
bool client_is_ready(const struct control_client *client, int64_t now_ms);

// Whether nothing is open for it: then it may be dropped for another one.
bool client_is_idle(const struct control_client *client);

// Whether a whole line was received; its length without the end.
bool client_has_line(const struct control_client *client, size_t *ret_length);

// Receives what came, at most what a line may have. False when the connection broke.
bool client_receive(struct control_client *client, int64_t now_ms);

// Puts an answer on its way (takes ownership of the text) and sends what the client takes now.
// False when the connection broke.
bool client_say(struct control_client *client, char *line, int64_t now_ms);

// Sends more of the answer. False when the connection broke.
bool client_send(struct control_client *client);

#endif
