// SPDX-License-Identifier: MIT
#include "daemon/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/control_link.h"
#include "base/local_socket.h"
#include "base/mem.h"
#include "base/suggest.h"
#include "daemon/control_client.h"

enum {
    LISTENER = CONTROL_MAX_CLIENTS, // how events name the listening socket
    EVENTS_AT_ONCE = CONTROL_MAX_CLIENTS + 1,
    ACCEPTS_AT_ONCE = 8,
};

struct control {
    const struct control_handler *handlers;
    size_t handler_count;
    void *context; // of the handlers
    int events;    // epoll
    int listener;
    int64_t accept_ms; // not before; INT64_MAX: accepting is not paused
    char *path;
    struct control_client clients[CONTROL_MAX_CLIENTS];
    uint32_t watched[CONTROL_MAX_CLIENTS]; // the events asked for
};

struct control *control_new(const struct control_handler *handlers, size_t count, void *context)
{
    int events = epoll_create1(EPOLL_CLOEXEC);
    if (events < 0)
        return NULL;
    struct control *control = mem_new(1, sizeof *control);
    control->handlers = handlers;
    control->handler_count = count;
    control->context = context;
    control->events = events;
    control->listener = -1;
    control->accept_ms = INT64_MAX;
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++)
        control->clients[i].descriptor = -1;
    return control;
}

static int watch(const struct control *control, int operation, int descriptor, uint32_t events,
                 uint32_t name)
{
    struct epoll_event event = {.events = events, .data.u32 = name};
    return epoll_ctl(control->events, operation, descriptor, &event);
}

int control_listen(struct control *control, const char *folder, struct error *err)
{
    struct strbuf path = {0};
    strbuf_printf(&path, "%s/%s", folder, CONTROL_SOCKET_NAME);
    int listener = local_socket_listen(strbuf_text(&path), err);
    if (listener < 0) {
        strbuf_done(&path);
        return -1;
    }
    control->listener = listener;
    control->path = strbuf_take(&path);
    if (watch(control, EPOLL_CTL_ADD, listener, EPOLLIN, LISTENER) != 0)
        return error_set_errno(err, "%s cannot be polled", control->path);
    return 0;
}

void control_free(struct control *control)
{
    if (!control)
        return;
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++)
        client_drop(&control->clients[i]);
    if (control->listener >= 0) {
        (void)unlink(control->path);
        (void)close(control->listener);
    }
    (void)close(control->events);
    free(control->path);
    free(control);
}

int control_descriptor(const struct control *control)
{
    return control->events;
}

int64_t control_next_ms(const struct control *control)
{
    int64_t next_ms = control->accept_ms;
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        const struct control_client *client = &control->clients[i];
        size_t length = 0;
        if (client->descriptor < 0)
            continue;
        if (client->patience_ms < next_ms)
            next_ms = client->patience_ms;
        bool waits = client_is_idle(client) &&
                     (client_has_line(client, &length) || !(control->watched[i] & EPOLLIN));
        if (waits && client->ready_ms < next_ms)
            next_ms = client->ready_ms;
    }
    return next_ms;
}

static void drop(struct control *control, size_t index)
{
    client_drop(&control->clients[index]); // a closed descriptor leaves the epoll by itself
    control->watched[index] = 0;
}

// Asks for the events that the client's state has a use for.
static void rewatch(struct control *control, size_t index, int64_t now_ms)
{
    const struct control_client *client = &control->clients[index];
    if (client->descriptor < 0)
        return;
    uint32_t events = 0;
    if (client->out.length)
        events = EPOLLOUT;
    else if (client_is_ready(client, now_ms) && !client->at_end)
        events = EPOLLIN;
    if (events == control->watched[index])
        return;
    (void)watch(control, EPOLL_CTL_MOD, client->descriptor, events, (uint32_t)index);
    control->watched[index] = events;
}

static void say(struct control *control, size_t index, char *line, int64_t now_ms)
{
    if (!client_say(&control->clients[index], line, now_ms))
        drop(control, index);
}

// Says why a client is not served, and drops it when it has taken that.
static void turn_away(struct control *control, size_t index, const char *text, int64_t now_ms)
{
    static const struct control_request none = {0};
    control->clients[index].is_leaving = true;
    say(control, index, control_error_line(&none, text), now_ms);
}

static const struct control_handler *find_handler(const struct control *control,
                                                  const char *name)
{
    for (size_t i = 0; i < control->handler_count; i++) {
        if (strcmp(control->handlers[i].name, name) == 0)
            return &control->handlers[i];
    }
    return NULL;
}

static void refuse_unknown(struct control *control, size_t index, int64_t now_ms)
{
    struct control_client *client = &control->clients[index];
    struct suggestion suggestion;
    struct strbuf text = {0};
    suggest_start(&suggestion, client->request.name);
    for (size_t i = 0; i < control->handler_count; i++)
        suggest_candidate(&suggestion, control->handlers[i].name);
    strbuf_printf(&text, "there is no request '%s'", client->request.name);
    suggest_append(&suggestion, &text);
    control_refuse(control, (struct control_ticket){index, client->serial}, strbuf_text(&text),
                   now_ms);
    strbuf_done(&text);
}

static void turn_away_long_line(struct control *control, size_t index, int64_t now_ms)
{
    struct error err;
    (void)error_set(&err, ERROR_FAILED,
                    "a request whose line does not end; at most %d are read", CONTROL_MAX_LINE);
    turn_away(control, index, err.text, now_ms);
}

static void take_line(struct control *control, size_t index, size_t length, int64_t now_ms)
{
    struct control_client *client = &control->clients[index];
    struct error err;
    client->serial++;
    client->is_open = true;
    client->ready_ms = now_ms + CONTROL_PACE_MS;
    int failed = control_request_parse(client->in.text, length, &client->request, &err);
    strbuf_skip(&client->in, length + 1);
    struct control_ticket ticket = {index, client->serial};
    const struct control_handler *handler = find_handler(control, client->request.name);
    if (failed)
        control_refuse(control, ticket, err.text, now_ms);
    else if (!handler)
        refuse_unknown(control, index, now_ms);
    else
        handler->take(control->context, &client->request, ticket);
}

// Deals with what a client has said and not been heard on yet.
static void hear(struct control *control, size_t index, int64_t now_ms)
{
    struct control_client *client = &control->clients[index];
    size_t length = 0;
    if (client->descriptor < 0 || !client_is_ready(client, now_ms))
        return;
    if (client_has_line(client, &length))
        take_line(control, index, length, now_ms);
    else if (client->in.length > CONTROL_MAX_LINE)
        turn_away_long_line(control, index, now_ms);
    else if (client->at_end)
        drop(control, index);
}

// After a client has taken all that was said to it.
static void settle(struct control *control, size_t index)
{
    const struct control_client *client = &control->clients[index];
    if (client->descriptor >= 0 && client->is_leaving && client->out.length == 0)
        drop(control, index);
}

static void finish(struct control *control, struct control_ticket ticket, char *line,
                   int64_t now_ms)
{
    struct control_client *client = &control->clients[ticket.client];
    client->is_open = false;
    control_request_done(&client->request);
    say(control, ticket.client, line, now_ms);
    rewatch(control, ticket.client, now_ms);
}

static bool is_gone(const struct control *control, struct control_ticket ticket)
{
    const struct control_client *client = &control->clients[ticket.client];
    return !client->is_open || client->serial != ticket.serial;
}

bool control_is_awaited(const struct control *control, struct control_ticket ticket)
{
    return !is_gone(control, ticket);
}

void control_hasten(struct control *control, struct control_ticket ticket)
{
    if (!is_gone(control, ticket))
        control->clients[ticket.client].ready_ms = 0;
}

void control_tell(struct control *control, struct control_ticket ticket, const char *text,
                  int64_t now_ms)
{
    if (is_gone(control, ticket))
        return;
    const struct control_request *request = &control->clients[ticket.client].request;
    say(control, ticket.client, control_log_line(request, text), now_ms);
    rewatch(control, ticket.client, now_ms);
}

void control_answer(struct control *control, struct control_ticket ticket, const char *result,
                    int64_t now_ms)
{
    if (is_gone(control, ticket))
        return;
    const struct control_request *request = &control->clients[ticket.client].request;
    finish(control, ticket, control_answer_line(request, result), now_ms);
}

void control_refuse(struct control *control, struct control_ticket ticket, const char *text,
                    int64_t now_ms)
{
    if (is_gone(control, ticket))
        return;
    const struct control_request *request = &control->clients[ticket.client].request;
    finish(control, ticket, control_error_line(request, text), now_ms);
}

// A free place, if need be that of the client idle longest. CONTROL_MAX_CLIENTS: none.
static size_t find_place(struct control *control)
{
    size_t longest = CONTROL_MAX_CLIENTS;
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        const struct control_client *client = &control->clients[i];
        if (client->descriptor < 0)
            return i;
        if (client_is_idle(client) && (longest == CONTROL_MAX_CLIENTS ||
                                       client->active_ms < control->clients[longest].active_ms))
            longest = i;
    }
    if (longest < CONTROL_MAX_CLIENTS)
        drop(control, longest);
    return longest;
}

static void welcome(struct control *control, int descriptor, int64_t now_ms)
{
    size_t place = find_place(control);
    if (place == CONTROL_MAX_CLIENTS) {
        (void)close(descriptor);
        return;
    }
    client_begin(&control->clients[place], descriptor, now_ms);
    control->watched[place] = EPOLLIN;
    if (watch(control, EPOLL_CTL_ADD, descriptor, EPOLLIN, (uint32_t)place) != 0)
        drop(control, place);
    else if (!local_socket_is_permitted(descriptor))
        turn_away(control, place, "only the user that runs modbridge and root may ask", now_ms);
    settle(control, place);
    rewatch(control, place, now_ms);
}

static void accept_clients(struct control *control, int64_t now_ms)
{
    for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
        int descriptor = local_socket_accept(control->listener);
        if (descriptor >= 0) {
            welcome(control, descriptor, now_ms);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            // It would stay readable: look again later instead of spinning.
            (void)watch(control, EPOLL_CTL_MOD, control->listener, 0, LISTENER);
            control->accept_ms = now_ms + CONTROL_ACCEPT_PAUSE_MS;
        }
        return;
    }
}

static void take_event(struct control *control, const struct epoll_event *event, int64_t now_ms)
{
    size_t index = event->data.u32;
    struct control_client *client = &control->clients[index];
    if (client->descriptor < 0)
        return; // dropped earlier in this turn
    bool alive = !(event->events & (EPOLLERR | EPOLLHUP)) || (event->events & EPOLLIN);
    if (alive && (event->events & EPOLLOUT))
        alive = client_send(client);
    if (alive && (event->events & EPOLLIN))
        alive = client_receive(client, now_ms);
    if (!alive)
        drop(control, index);
}

void control_turn(struct control *control, int64_t now_ms)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    bool somebody_comes = false;
    int count = epoll_wait(control->events, events, EVENTS_AT_ONCE, 0);
    for (int i = 0; i < count; i++) {
        if (events[i].data.u32 == LISTENER)
            somebody_comes = true;
        else
            take_event(control, &events[i], now_ms);
    }
    if (somebody_comes) // last: it may give a client's place, with events pending, to another
        accept_clients(control, now_ms);
    if (now_ms >= control->accept_ms) {
        control->accept_ms = INT64_MAX;
        (void)watch(control, EPOLL_CTL_MOD, control->listener, EPOLLIN, LISTENER);
    }
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        if (control->clients[i].descriptor >= 0 && now_ms >= control->clients[i].patience_ms)
            drop(control, i);
        hear(control, i, now_ms);
        settle(control, i);
        rewatch(control, i, now_ms);
    }
}
