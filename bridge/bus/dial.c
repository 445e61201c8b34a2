// SPDX-License-Identifier: MIT
#include "bus/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/lookup_task.h"
#include "base/mem.h"

enum {
    MIN_CONNECT_MS = 50,
    KEEPALIVE_IDLE_S = 10,
    KEEPALIVE_INTERVAL_S = 5,
    KEEPALIVE_COUNT = 3,
    UNACKNOWLEDGED_MS = 10000, // how long sent bytes may stay unacknowledged
};

enum dial_state { IDLE, LOOKING_UP, CONNECTING };

struct dial {
    const struct bus_settings *settings;
    enum dial_state state;
    int64_t timeout_ms;
    int64_t until_ms;           // of looking up, then of connecting
    struct lookup_task *lookup; // outlives an attempt for which it took too long
    struct addresses addresses;
    size_t next; // address to try
    int64_t address_until_ms;
    int socket; // that connects; -1: none
    int watch;  // epoll: readable when the socket has an outcome
    int reason; // errno of the last address that was tried
};

struct dial *dial_new(const struct bus_settings *settings)
{
    struct dial *dial = mem_new(1, sizeof *dial);
    *dial = (struct dial){.settings = settings, .socket = -1, .watch = -1};
    return dial;
}

static void drop(int *descriptor)
{
    if (*descriptor >= 0)
        (void)close(*descriptor);
    *descriptor = -1;
}

void dial_give_up(struct dial *dial)
{
    drop(&dial->socket);
    drop(&dial->watch);
    dial->state = IDLE;
}

void dial_free(struct dial *dial)
{
    if (!dial)
        return;
    dial_give_up(dial);
    lookup_task_free(dial->lookup);
    free(dial);
}

int dial_descriptor(const struct dial *dial)
{
    if (dial->state == LOOKING_UP)
        return lookup_task_descriptor(dial->lookup);
    return dial->state == CONNECTING ? dial->watch : -1;
}

int64_t dial_until_ms(const struct dial *dial)
{
    return dial->state == CONNECTING ? dial->address_until_ms : dial->until_ms;
}

static enum dial_progress explain(struct dial *dial, struct error *err)
{
    const struct bus_settings *settings = dial->settings;
    const char *host = settings->host;
    dial_give_up(dial);
    err->code = ERROR_NO_ANSWER;
    switch (dial->reason) {
    case ETIMEDOUT:
        (void)error_set(
            err, ERROR_NO_ANSWER,
            "%s:%u did not accept a connection within %lld ms: check power, network "
            "cable and address",
            host, settings->port, (long long)dial->timeout_ms);
        break;
    case ECONNREFUSED:
        (void)error_set(err, ERROR_NO_ANSWER,
                        "%s:%u refused the connection: check that Modbus TCP is switched on, "
                        "the port, and whether another master occupies it",
                        host, settings->port);
        break;
    case EHOSTUNREACH:
        (void)error_set(err, ERROR_NO_ANSWER,
                        "nobody has the address %s in its network: check power, network cable "
                        "and address",
                        host);
        break;
    case ENETUNREACH:
        (void)error_set(
            err, ERROR_NO_ANSWER,
            "there is no route to %s: check its address and this computer's network", host);
        break;
    case EMFILE:
    case ENFILE:
        (void)error_set(err, ERROR_FAILED,
                        "%s:%u: too many files and connections are open in this process", host,
                        settings->port);
        break;
    default:
        errno = dial->reason;
        (void)error_set_errno(err, "%s:%u could not be connected to", host, settings->port);
        err->code = ERROR_NO_ANSWER;
    }
    return DIAL_FAILED;
}

// Small frames leave at once; a peer that vanished without a word is noticed even when nothing
// is asked.
static void set_options(int descriptor)
{
    static const struct {
        int level;
        int name;
        int value;
    } options[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S},
        {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S},
        {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++)
        (void)setsockopt(descriptor, options[i].level, options[i].name, &options[i].value,
                         sizeof options[i].value);
}

// Begins to connect to an address. 0, or why it cannot be: an errno.
static int call(struct dial *dial, const struct addrinfo *address)
{
    struct epoll_event event = {.events = EPOLLOUT};
    if (dial->watch < 0)
        dial->watch = epoll_create1(EPOLL_CLOEXEC);
    dial->socket =
        socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (dial->watch < 0 || dial->socket < 0)
        return errno;
    set_options(dial->socket);
    if (connect(dial->socket, address->ai_addr, address->ai_addrlen) != 0 &&
        errno != EINPROGRESS)
        return errno;
    return epoll_ctl(dial->watch, EPOLL_CTL_ADD, dial->socket, &event) != 0 ? errno : 0;
}

static void call_next(struct dial *dial, int64_t now_ms)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *address = NULL;
    char service[8];
    int64_t left = (int64_t)(dial->addresses.count - dial->next);
    int64_t share_ms = (dial->until_ms - now_ms) / left;
    dial->address_until_ms = now_ms + (share_ms > MIN_CONNECT_MS ? share_ms : MIN_CONNECT_MS);
    (void)snprintf(service, sizeof service, "%u", dial->settings->port);
    if (getaddrinfo(dial->addresses.texts[dial->next++], service, &hints, &address) != 0) {
        dial->reason = EADDRNOTAVAIL;
        return;
    }
    dial->reason = call(dial, address);
    if (dial->reason)
        drop(&dial->socket);
    freeaddrinfo(address);
}

// EINPROGRESS: not yet; 0: connected; else why not.
static int find_outcome(const struct dial *dial, int64_t now_ms)
{
    struct pollfd polled = {.fd = dial->socket, .events = POLLOUT};
    int outcome = 0;
    socklen_t size = sizeof outcome;
    if (poll(&polled, 1, 0) <= 0)
        return now_ms < dial->address_until_ms ? EINPROGRESS : ETIMEDOUT;
    if (getsockopt(dial->socket, SOL_SOCKET, SO_ERROR, &outcome, &size) != 0)
        return errno;
    return outcome;
}

static enum dial_progress go_on_connecting(struct dial *dial, int64_t now_ms, int *ret_socket,
                                           struct error *err)
{
    for (;;) {
        if (dial->socket >= 0) {
            dial->reason = find_outcome(dial, now_ms);
            if (dial->reason == EINPROGRESS)
                return DIAL_GOES_ON;
            if (dial->reason == 0)
                break;
            drop(&dial->socket);
        }
        if (dial->next == dial->addresses.count)
            return explain(dial, err);
        call_next(dial, now_ms);
    }
    *ret_socket = dial->socket;
    dial->socket = -1;
    dial_give_up(dial);
    return DIAL_CONNECTED;
}

static void begin_connecting(struct dial *dial, int64_t now_ms)
{
    dial->state = CONNECTING;
    dial->until_ms = now_ms + dial->timeout_ms;
    dial->next = 0;
}

static int begin(struct dial *dial, int64_t timeout_ms, int64_t now_ms, struct error *err)
{
    dial->timeout_ms = timeout_ms;
    if (lookup_numeric(dial->settings->host, &dial->addresses)) {
        begin_connecting(dial, now_ms);
        return 0;
    }
    if (!dial->lookup)
        dial->lookup = lookup_task_start(dial->settings->host, err);
    if (!dial->lookup)
        return error_prefix(err, "%s", dial->settings->host);
    dial->state = LOOKING_UP;
    dial->until_ms = now_ms + timeout_ms;
    return 0;
}

static enum dial_progress go_on_looking_up(struct dial *dial, int64_t now_ms, struct error *err)
{
    const char *host = dial->settings->host;
    if (!lookup_task_is_over(dial->lookup)) {
        if (now_ms < dial->until_ms)
            return DIAL_GOES_ON;
        dial_give_up(dial);
        (void)error_set(err, ERROR_NO_ANSWER,
                        "no address of %s within %lld ms: check the name server, or write the "
                        "address",
                        host, (long long)dial->timeout_ms);
        return DIAL_FAILED;
    }
    int result = lookup_task_take(dial->lookup, &dial->addresses, err);
    lookup_task_free(dial->lookup);
    dial->lookup = NULL;
    if (result == 0) {
        begin_connecting(dial, now_ms);
        return DIAL_GOES_ON;
    }
    dial_give_up(dial);
    (void)error_prefix(err, "%s", host);
    err->code = ERROR_NO_ANSWER;
    return DIAL_FAILED;
}

enum dial_progress dial_go_on(struct dial *dial, int64_t timeout_ms, int64_t now_ms,
                              int *ret_socket, struct error *err)
{
    if (dial->state == IDLE && begin(dial, timeout_ms, now_ms, err) != 0)
        return DIAL_FAILED;
    if (dial->state == LOOKING_UP) {
        enum dial_progress progress = go_on_looking_up(dial, now_ms, err);
        if (dial->state != CONNECTING)
            return progress;
    }
    return go_on_connecting(dial, now_ms, ret_socket, err);
}
