// SPDX-License-Identifier: MIT
// The HTTP server: the only file that knows libmicrohttpd. Its thread calls `answer` for each
// whole request; answers that take longer are finished by another thread, and clients that
// watch get every event that is published. Connections, headers, bodies and every kind of delay
// are bounded: a hostile client can only lose its own connection.
#ifndef WEB_HTTP_H
#define WEB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "web/request.h"
#include "web/shared_text.h"

enum {
    HTTP_MAX_HEADERS = 16 * 1024, // bytes of memory for a request's line and headers
    HTTP_MAX_BODY = 16 * 1024,
    HTTP_MAX_WATCHERS = 64,
    HTTP_IDLE_S = 15, // after which a connection on which nothing moves is closed
};

enum reply_kind {
    REPLY_TEXT,
    REPLY_WATCH, // the events, without end
    REPLY_LATER, // http_finish will say
};

struct reply {
    enum reply_kind kind;
    unsigned status;
    const char *content_type; // static
    struct shared_text *text; // its reference changes hands
    const char *etag;         // of the text; NULL: it must not be kept
    const char *allow;        // methods, of a 405; or NULL
    char cookie[160];         // to be set; "": none
};

struct http;
struct http_exchange; // a request that is not answered yet

struct http_settings {
    const char *address;
    uint16_t port;
    void *context;
    // Fills in the reply of a request, which is borrowed. Never blocks. Server's thread.
    void (*answer)(void *context, const struct request *request, struct http_exchange *exchange,
                   struct reply *ret_reply);
};

// Listens and starts the thread. NULL with err.
struct http *http_start(const struct http_settings *settings, struct error *err);

// Closes all connections and ends the thread. Nothing may be finished any more.
void http_stop(struct http *http);

// Answers a request that got REPLY_LATER; exactly once, from any thread.
void http_finish(struct http *http, struct http_exchange *exchange, const struct reply *reply);

// Sends an event to everybody who watches; the reference changes hands. Any thread.
void http_publish(struct http *http, struct shared_text *event);

// How many watch. Any thread.
size_t http_watchers(struct http *http);

// Closes the connections that have had their time; once a second or so. Any thread.
void http_sweep(struct http *http);

#endif
