// SPDX-License-Identifier: MIT
// The control socket: other programs of the same user (or root) ask the running daemon. One
// JSON object in a line each way (daemon/control_request.h); a client has one request open at a
// time, the next line is read when the answer is gone. Nothing here blocks, everything is
// bounded: a hostile client can only lose its own connection. The main thread owns it.
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "daemon/control_request.h"

enum {
    CONTROL_MAX_CLIENTS = 16,       // one more takes the place of the one idle longest
    CONTROL_PACE_MS = 50,           // between two requests of one client
    CONTROL_PATIENCE_MS = 5000,     // in which an answer must be taken
    CONTROL_ACCEPT_PAUSE_MS = 1000, // when the process has no descriptors left
};

struct control;

// A request that is open. It may be answered later, also when its client is gone.
struct control_ticket {
    size_t client;
    uint64_t serial;
};

// What the daemon can be asked: a row per request. `take` gets it once; the request is borrowed
// until it returns. It answers with control_answer or control_refuse, then or later, once.
struct control_handler {
    const char *name;
    void (*take)(void *context, const struct control_request *request,
                 struct control_ticket ticket);
};

// A control without a socket yet; the handlers are borrowed, each gets `context`. NULL when the
// system has no more descriptors.
struct control *control_new(const struct control_handler *handlers, size_t count,
                            void *context);

// Listens at `folder`/control.sock, which the caller has locked.
int control_listen(struct control *control, const char *folder, struct error *err);

// Closes everything and removes the socket. NULL is allowed.
void control_free(struct control *control);

// Readable when control_turn has something to do; for poll().
int control_descriptor(const struct control *control);

// When control_turn has something to do that the descriptor does not tell; INT64_MAX: never.
int64_t control_next_ms(const struct control *control);

// Takes clients and requests, sends answers. Never waits.
void control_turn(struct control *control, int64_t now_ms);

// Whether a request is open still and its client is there.
bool control_is_awaited(const struct control *control, struct control_ticket ticket);

// The client of a request need not keep the pace before its next one: what it asked for took
// its time elsewhere.
void control_hasten(struct control *control, struct control_ticket ticket);

// Says something about a request that stays open. A client that does not take it in time is
// dropped.
void control_tell(struct control *control, struct control_ticket ticket, const char *text,
                  int64_t now_ms);

// Answers a request with JSON in one line, or says why not. Nothing happens when the client is
// gone.
void control_answer(struct control *control, struct control_ticket ticket, const char *result,
                    int64_t now_ms);
void control_refuse(struct control *control, struct control_ticket ticket, const char *text,
                    int64_t now_ms);

#endif
