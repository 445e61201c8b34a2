// SPDX-License-Identifier: MIT
#include "web/http.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/strbuf.h"
#include "base/thread.h"
#include "web/listener.h"
#include "web/reply.h"
#include "web/stream.h"
#include "web/visitors.h"

enum { SEND_BUFFER = 128 * 1024 }; // so that a client that does not read is found out soon

struct http_exchange {
    struct http *http;
    struct MHD_Connection *connection;
    struct visitor *visitor;
    bool is_asked;     // `answer` was called
    bool is_ready;     // the reply is there
    bool is_suspended; // the server leaves the connection alone until it is resumed
    struct reply reply;
    struct strbuf body;
    bool is_too_long; // the body
    bool is_stream;
    struct stream stream;
    struct http_exchange *next; // of those that watch
};

struct http {
    struct http_settings settings;
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock; // for all below, and what other threads see of exchanges
    struct visitors visitors;
    struct broadcast broadcast;
    struct http_exchange *watchers;
    size_t watcher_count;
    bool is_stopping;
};

static const struct header {
    const char *name;
    const char *value;
} headers[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
     "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (MHD_add_response_header(response, name, value) != MHD_YES)
        mem_exhausted();
}

static void add_headers(struct MHD_Response *response, const struct reply *reply)
{
    for (size_t i = 0; i < ARRAY_LENGTH(headers); i++)
        add_header(response, headers[i].name, headers[i].value);
    add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type);
    add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, reply->etag ? "no-cache" : "no-store");
    if (reply->etag)
        add_header(response, MHD_HTTP_HEADER_ETAG, reply->etag);
    if (reply->status == MHD_HTTP_UNAUTHORIZED)
        add_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    if (reply->allow)
        add_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
    if (reply->cookie[0])
        add_header(response, MHD_HTTP_HEADER_SET_COOKIE, reply->cookie);
}

static void give_text_back(void *text)
{
    shared_text_unref(text);
}

static ssize_t read_stream(void *context, uint64_t position, char *bytes, size_t size)
{
    struct http_exchange *exchange = context;
    struct http *http = exchange->http;
    (void)position;
    (void)pthread_mutex_lock(&http->lock);
    ssize_t length = MHD_CONTENT_READER_END_OF_STREAM;
    if (!http->is_stopping) {
        length = (ssize_t)stream_read(&exchange->stream, &http->broadcast, bytes, size,
                                      clock_monotonic_ms());
        if (length == 0) {
            exchange->is_suspended = true;
            MHD_suspend_connection(exchange->connection);
        }
    }
    (void)pthread_mutex_unlock(&http->lock);
    return length;
}

static void begin_watching(struct http_exchange *exchange)
{
    struct http *http = exchange->http;
    (void)pthread_mutex_lock(&http->lock);
    exchange->is_stream = true;
    exchange->next = http->watchers;
    http->watchers = exchange;
    http->watcher_count++;
    (void)pthread_mutex_unlock(&http->lock);
}

static struct MHD_Response *make_response(struct http_exchange *exchange)
{
    enum { STREAM_BLOCK = 16 * 1024 };
    struct reply *reply = &exchange->reply;
    if (reply->kind == REPLY_WATCH)
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream,
                                                 exchange, NULL);
    // The library takes a pointer to what it will not change.
    union {
        const char *given;
        void *taken;
    } bytes = {shared_text_bytes(reply->text)};
    struct shared_text *text = reply->text;
    reply->text = NULL;
    return MHD_create_response_from_buffer_with_free_callback_cls(
        shared_text_length(text), bytes.taken, give_text_back, text);
}

static enum MHD_Result send_reply(struct http_exchange *exchange)
{
    struct http *http = exchange->http;
    const struct reply *reply = &exchange->reply;
    bool watches = reply->kind == REPLY_WATCH;
    if (watches)
        begin_watching(exchange);
    struct MHD_Response *response = make_response(exchange);
    if (!response)
        mem_exhausted();
    add_headers(response, reply);
    (void)pthread_mutex_lock(&http->lock);
    visitor_set(exchange->visitor, watches ? VISITOR_WATCHES : VISITOR_IS_TOLD,
                clock_monotonic_ms());
    (void)pthread_mutex_unlock(&http->lock);
    enum MHD_Result queued = MHD_queue_response(exchange->connection, reply->status, response);
    MHD_destroy_response(response);
    return queued;
}

// A header that is there once; more than one is none, since others may read another of them.
struct sought {
    const char *name;
    const char *value;
    size_t count;
};

static enum MHD_Result look_at_header(void *context, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    struct sought *sought = context;
    (void)kind;
    if (strcasecmp(name, sought->name) == 0) {
        sought->value = value;
        sought->count++;
    }
    return MHD_YES;
}

static const char *find_header(struct MHD_Connection *connection, const char *name)
{
    struct sought sought = {.name = name};
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, look_at_header, &sought);
    return sought.count == 1 ? sought.value : NULL;
}

static struct request describe(const struct http_exchange *exchange, const char *method,
                               const char *path)
{
    struct MHD_Connection *connection = exchange->connection;
    return (struct request){
        .method = method,
        .path = path,
        .host = find_header(connection, MHD_HTTP_HEADER_HOST),
        .origin = find_header(connection, MHD_HTTP_HEADER_ORIGIN),
        .fetch_site = find_header(connection, "Sec-Fetch-Site"),
        .content_type = find_header(connection, MHD_HTTP_HEADER_CONTENT_TYPE),
        .authorization = find_header(connection, MHD_HTTP_HEADER_AUTHORIZATION),
        .cookie = find_header(connection, MHD_HTTP_HEADER_COOKIE),
        .marker = find_header(connection, "X-Modbridge"),
        .etag = find_header(connection, MHD_HTTP_HEADER_IF_NONE_MATCH),
        .body = strbuf_text(&exchange->body),
        .body_length = exchange->body.length,
    };
}

// Asks for the reply. False when it will come later.
static bool ask(struct http_exchange *exchange, const char *method, const char *path)
{
    struct http *http = exchange->http;
    struct reply reply = {0};
    if (exchange->is_too_long) {
        reply_text(&reply, MHD_HTTP_CONTENT_TOO_LARGE, "that is more than is read here\n");
    } else {
        struct request request = describe(exchange, method, path);
        http->settings.answer(http->settings.context, &request, exchange, &reply);
        if (reply.kind == REPLY_WATCH && http_watchers(http) >= HTTP_MAX_WATCHERS)
            reply_text(&reply, MHD_HTTP_SERVICE_UNAVAILABLE, "too many watch already\n");
    }
    (void)pthread_mutex_lock(&http->lock);
    exchange->is_asked = true;
    if (reply.kind != REPLY_LATER) {
        exchange->reply = reply;
        exchange->is_ready = true;
    } else if (!exchange->is_ready) {
        exchange->is_suspended = true;
        visitor_set(exchange->visitor, VISITOR_WAITS, clock_monotonic_ms());
        MHD_suspend_connection(exchange->connection);
    }
    bool is_ready = exchange->is_ready;
    (void)pthread_mutex_unlock(&http->lock);
    return is_ready;
}

static void take_body(struct http_exchange *exchange, const char *bytes, size_t length)
{
    if (exchange->body.length + length > HTTP_MAX_BODY)
        exchange->is_too_long = true;
    else
        strbuf_add_bytes(&exchange->body, bytes, length);
}

static bool announces_too_much(struct MHD_Connection *connection)
{
    const char *length = find_header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    int64_t bytes = 0;
    return length && (!num_parse_int(length, &bytes) || bytes > HTTP_MAX_BODY);
}

static struct http_exchange *begin(struct http *http, struct MHD_Connection *connection)
{
    struct http_exchange *exchange = mem_new(1, sizeof *exchange);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    exchange->http = http;
    exchange->connection = connection;
    exchange->visitor = info->socket_context;
    return exchange;
}

// Called by the library: first with the headers, then with each piece of the body, then without
// any, and again when a suspended connection was resumed.
// NOLINTNEXTLINE(readability-function-size): its signature
static enum MHD_Result handle(void *context, struct MHD_Connection *connection,
                              const char *path, const char *method, const char *version,
                              const char *bytes, size_t *length, void **exchange_place)
{
    struct http *http = context;
    struct http_exchange *exchange = *exchange_place;
    (void)version;
    if (!exchange) {
        exchange = begin(http, connection);
        *exchange_place = exchange;
        if (!exchange->visitor)
            return MHD_NO; // there was no place for it
        exchange->is_too_long = announces_too_much(connection);
        // What was announced is not waited for.
        return exchange->is_too_long && ask(exchange, method, path) ? send_reply(exchange)
                                                                    : MHD_YES;
    }
    if (*length > 0) {
        take_body(exchange, bytes, *length);
        *length = 0;
        return MHD_YES;
    }
    if (!exchange->is_asked && !ask(exchange, method, path))
        return MHD_YES;
    return send_reply(exchange);
}

static void forget_watcher(struct http *http, struct http_exchange *exchange)
{
    struct http_exchange **at = &http->watchers;
    while (*at != exchange)
        at = &(*at)->next;
    *at = exchange->next;
    http->watcher_count--;
}

static void complete(void *context, struct MHD_Connection *connection, void **exchange_place,
                     enum MHD_RequestTerminationCode why)
{
    struct http *http = context;
    struct http_exchange *exchange = *exchange_place;
    (void)connection;
    (void)why;
    if (!exchange)
        return;
    (void)pthread_mutex_lock(&http->lock);
    if (exchange->is_stream)
        forget_watcher(http, exchange);
    if (exchange->visitor)
        visitor_set(exchange->visitor, VISITOR_ASKS, clock_monotonic_ms());
    (void)pthread_mutex_unlock(&http->lock);
    stream_done(&exchange->stream);
    shared_text_unref(exchange->reply.text);
    strbuf_done(&exchange->body);
    free(exchange);
    *exchange_place = NULL;
}

static void notice_connection(void *context, struct MHD_Connection *connection,
                              void **visitor_place, enum MHD_ConnectionNotificationCode what)
{
    struct http *http = context;
    (void)pthread_mutex_lock(&http->lock);
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *visitor_place = visitors_come(&http->visitors, info->connect_fd, clock_monotonic_ms());
    } else if (*visitor_place) {
        // The descriptor is closed after this: nobody else's is shut down in its place.
        visitor_set(*visitor_place, VISITOR_GONE, 0);
    }
    (void)pthread_mutex_unlock(&http->lock);
}

static struct MHD_Daemon *start_daemon(struct http *http, int listener)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, handle, http, MHD_OPTION_LISTEN_SOCKET, listener,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)VISITORS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)VISITORS_MAX_OF_ONE, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HTTP_MAX_HEADERS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S,
        MHD_OPTION_THREAD_STACK_SIZE, (size_t)THREAD_STACK_BYTES, MHD_OPTION_STRICT_FOR_CLIENT,
        1, MHD_OPTION_NOTIFY_COMPLETED, complete, http, MHD_OPTION_NOTIFY_CONNECTION,
        notice_connection, http, MHD_OPTION_END);
}

struct http *http_start(const struct http_settings *settings, struct error *err)
{
    int listener = listener_open(settings->address, settings->port, err);
    if (listener < 0)
        return NULL;
    struct http *http = mem_new(1, sizeof *http);
    http->settings = *settings;
    (void)pthread_mutex_init(&http->lock, NULL);
    http->daemon = start_daemon(http, listener);
    if (http->daemon)
        return http;
    (void)error_set(err, ERROR_FAILED,
                    "the HTTP server does not start: no descriptors or threads");
    (void)close(listener);
    (void)pthread_mutex_destroy(&http->lock);
    free(http);
    return NULL;
}

// Lets the server look at a connection again. Under the lock.
static void resume(struct http_exchange *exchange)
{
    if (!exchange->is_suspended)
        return;
    exchange->is_suspended = false;
    MHD_resume_connection(exchange->connection);
}

void http_stop(struct http *http)
{
    (void)pthread_mutex_lock(&http->lock);
    http->is_stopping = true;
    for (struct http_exchange *at = http->watchers; at; at = at->next)
        resume(at);
    (void)pthread_mutex_unlock(&http->lock);
    MHD_stop_daemon(http->daemon);
    shared_text_unref(http->broadcast.latest);
    (void)pthread_mutex_destroy(&http->lock);
    free(http);
}

void http_finish(struct http *http, struct http_exchange *exchange, const struct reply *reply)
{
    (void)pthread_mutex_lock(&http->lock);
    exchange->reply = *reply;
    exchange->is_ready = true;
    resume(exchange);
    (void)pthread_mutex_unlock(&http->lock);
}

void http_publish(struct http *http, struct shared_text *event)
{
    (void)pthread_mutex_lock(&http->lock);
    shared_text_unref(http->broadcast.latest);
    http->broadcast.latest = event;
    http->broadcast.count++;
    for (struct http_exchange *at = http->watchers; at; at = at->next)
        resume(at);
    (void)pthread_mutex_unlock(&http->lock);
}

size_t http_watchers(struct http *http)
{
    (void)pthread_mutex_lock(&http->lock);
    size_t count = http->watcher_count;
    (void)pthread_mutex_unlock(&http->lock);
    return count;
}

void http_sweep(struct http *http)
{
    int64_t now_ms = clock_monotonic_ms();
    size_t index = 0;
    const struct visitor *visitor = NULL;
    (void)pthread_mutex_lock(&http->lock);
    // A connection that is shut down is closed by the server, which finds its end.
    while ((visitor = visitors_next_overdue(&http->visitors, &index, now_ms)))
        (void)shutdown(visitor->descriptor, SHUT_RDWR);
    for (struct http_exchange *at = http->watchers; at; at = at->next) {
        if (stream_is_stuck(&at->stream, now_ms))
            (void)shutdown(at->visitor->descriptor, SHUT_RDWR);
    }
    (void)pthread_mutex_unlock(&http->lock);
}
