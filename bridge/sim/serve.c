// SPDX-License-Identifier: MIT
#include "sim/serve.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sim/behaviour.h"

// One client, or one pseudo-terminal (which is never closed).
struct client {
    int descriptor;
    size_t endpoint; // index
    struct channel channel;
};

struct endpoint {
    enum framing framing;
    struct line line;
    int listener; // -1: a pseudo-terminal
    int held;     // the terminal's other end, or -1
    size_t client_count;
};

struct server {
    struct endpoint *endpoints;
    size_t endpoint_count;
    struct client **clients; // NULL: was closed; swept after each round
    size_t client_count;
    size_t client_room;
    struct pollfd *polls; // stop, listeners of all endpoints, clients
};

enum { POLL_STOP = 0, POLL_ENDPOINTS = 1 };

struct server *server_new(void)
{
    return mem_new(1, sizeof(struct server));
}

static void close_client(struct server *server, size_t index)
{
    struct client *client = server->clients[index];
    server->endpoints[client->endpoint].client_count--;
    (void)close(client->descriptor);
    free(client);
    server->clients[index] = NULL;
}

void server_free(struct server *server)
{
    if (!server)
        return;
    for (size_t i = 0; i < server->client_count; i++)
        close_client(server, i);
    for (size_t i = 0; i < server->endpoint_count; i++) {
        if (server->endpoints[i].listener >= 0)
            (void)close(server->endpoints[i].listener);
        if (server->endpoints[i].held >= 0)
            (void)close(server->endpoints[i].held);
    }
    free(server->endpoints);
    free(server->clients);
    free(server->polls);
    free(server);
}

static void make_polls(struct server *server)
{
    size_t count = POLL_ENDPOINTS + server->endpoint_count + server->client_room;
    server->polls = mem_resize(server->polls, count, sizeof *server->polls);
}

static void add_client(struct server *server, size_t endpoint, int descriptor)
{
    if (server->client_count == server->client_room) {
        server->client_room = server->client_room ? server->client_room * 2 : 8;
        server->clients =
            mem_resize(server->clients, server->client_room, sizeof(struct client *));
        make_polls(server);
    }
    struct client *client = mem_new(1, sizeof *client);
    client->descriptor = descriptor;
    client->endpoint = endpoint;
    channel_init(&client->channel, server->endpoints[endpoint].framing,
                 server->endpoints[endpoint].line);
    server->clients[server->client_count++] = client;
    server->endpoints[endpoint].client_count++;
}

static int add_endpoint(struct server *server, const struct endpoint *endpoint,
                        struct error *err)
{
    if (server->endpoint_count == MAX_ENDPOINTS)
        return error_set(err, ERROR_FAILED, "more than %d endpoints to simulate",
                         (int)MAX_ENDPOINTS);
    server->endpoints =
        mem_resize(server->endpoints, server->endpoint_count + 1, sizeof *server->endpoints);
    server->endpoints[server->endpoint_count++] = *endpoint;
    make_polls(server);
    return 0;
}

int server_listen(struct server *server, struct line line,
                  const struct listen_settings *settings, uint16_t *ret_port, struct error *err)
{
    struct endpoint endpoint = {.framing = settings->framing, .line = line, .held = -1};
    if (port_listen(settings->host, settings->port, &endpoint.listener, ret_port, err))
        return -1;
    if (add_endpoint(server, &endpoint, err)) {
        (void)close(endpoint.listener);
        return -1;
    }
    return 0;
}

int server_open_terminal(struct server *server, struct line line, char ret_path[MAX_PORT_PATH],
                         struct error *err)
{
    struct endpoint endpoint = {.framing = FRAMING_RTU, .line = line, .listener = -1};
    int descriptor = -1;
    if (port_open_terminal(&descriptor, &endpoint.held, ret_path, err))
        return -1;
    if (add_endpoint(server, &endpoint, err)) {
        (void)close(descriptor);
        (void)close(endpoint.held);
        return -1;
    }
    add_client(server, server->endpoint_count - 1, descriptor);
    return 0;
}

static bool is_away(const struct endpoint *endpoint, int64_t now_ms)
{
    for (size_t i = 0; i < endpoint->line.count; i++) {
        if (!sim_device_is_away(endpoint->line.devices[i], now_ms))
            return false;
    }
    return endpoint->line.count > 0;
}

static void accept_client(struct server *server, size_t index, int64_t now_ms)
{
    struct endpoint *endpoint = &server->endpoints[index];
    int descriptor = port_accept(endpoint->listener);
    if (descriptor < 0)
        return;
    if (endpoint->client_count >= MAX_ENDPOINT_CONNECTIONS || is_away(endpoint, now_ms))
        (void)close(descriptor);
    else
        add_client(server, index, descriptor);
}

// False when the peer is gone.
static bool receive(struct client *client, int64_t now_ms)
{
    size_t room = 0;
    uint8_t *space = channel_space(&client->channel, &room);
    if (!room)
        return true;
    ssize_t length = read(client->descriptor, space, room);
    if (length < 0)
        return errno == EAGAIN || errno == EINTR;
    channel_heard(&client->channel, (size_t)length, now_ms);
    return length > 0;
}

static bool is_terminal(const struct server *server, const struct client *client)
{
    return server->endpoints[client->endpoint].listener < 0;
}

static bool transmit(const struct server *server, struct client *client, int64_t now_ms)
{
    size_t length = 0;
    const uint8_t *bytes = channel_output(&client->channel, now_ms, &length);
    if (!bytes)
        return true;
    ssize_t sent = is_terminal(server, client)
                       ? write(client->descriptor, bytes, length)
                       : send(client->descriptor, bytes, length, MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN || errno == EINTR;
    channel_sent(&client->channel, (size_t)sent);
    return true;
}

// Answers what is whole and sends what is due until there is nothing more, or an answer has to
// wait. False when the connection is of no more use.
static bool work(const struct server *server, struct client *client, int64_t now_ms)
{
    do {
        if (!channel_work(&client->channel, now_ms))
            return false;
        if (!channel_has_answer(&client->channel))
            return true;
        if (!transmit(server, client, now_ms))
            return false;
    } while (!channel_has_answer(&client->channel));
    return true;
}

static void serve_client(struct server *server, size_t index, short events, int64_t now_ms)
{
    struct client *client = server->clients[index];
    bool is_good = (events & (POLLHUP | POLLERR)) == 0;
    if (events & POLLIN)
        is_good = receive(client, now_ms) && is_good;
    is_good = is_good && work(server, client, now_ms);
    if (!is_good && !is_terminal(server, client))
        close_client(server, index);
}

static void close_clients(struct server *server, size_t endpoint)
{
    for (size_t i = 0; i < server->client_count; i++) {
        const struct client *client = server->clients[i];
        if (client && client->endpoint == endpoint && !is_terminal(server, client))
            close_client(server, i);
    }
}

// Rules that are due, and connections they close.
static void step_devices(struct server *server, int64_t now_ms)
{
    for (size_t i = 0; i < server->endpoint_count; i++) {
        const struct line *line = &server->endpoints[i].line;
        for (size_t k = 0; k < line->count; k++) {
            sim_device_step(line->devices[k], now_ms);
            if (sim_device_take_close(line->devices[k]))
                close_clients(server, i);
        }
    }
}

static void sweep_clients(struct server *server)
{
    size_t kept = 0;
    for (size_t i = 0; i < server->client_count; i++) {
        if (server->clients[i])
            server->clients[kept++] = server->clients[i];
    }
    server->client_count = kept;
}

static void sooner(int64_t *next_ms, int64_t other_ms)
{
    if (other_ms >= 0 && (*next_ms < 0 || other_ms < *next_ms))
        *next_ms = other_ms;
}

static int wait_ms(const struct server *server, int64_t now_ms)
{
    int64_t next_ms = -1;
    for (size_t i = 0; i < server->endpoint_count; i++) {
        const struct line *line = &server->endpoints[i].line;
        for (size_t k = 0; k < line->count; k++)
            sooner(&next_ms, sim_device_next(line->devices[k]));
    }
    for (size_t i = 0; i < server->client_count; i++) {
        size_t length = 0;
        const struct channel *channel = &server->clients[i]->channel;
        if (!channel_output(channel, now_ms, &length))
            sooner(&next_ms, channel_next(channel));
    }
    if (next_ms < 0)
        return -1;
    int64_t wait = next_ms - now_ms;
    return wait < 0 ? 0 : (int)(wait < 60000 ? wait : 60000);
}

static nfds_t fill_polls(struct server *server, int stop_descriptor, int64_t now_ms)
{
    nfds_t count = POLL_ENDPOINTS;
    server->polls[POLL_STOP] = (struct pollfd){.fd = stop_descriptor, .events = POLLIN};
    for (size_t i = 0; i < server->endpoint_count; i++)
        server->polls[count++] =
            (struct pollfd){.fd = server->endpoints[i].listener, .events = POLLIN};
    for (size_t i = 0; i < server->client_count; i++) {
        size_t length = 0;
        struct client *client = server->clients[i];
        short events = channel_has_answer(&client->channel) ? 0 : POLLIN;
        if (channel_output(&client->channel, now_ms, &length))
            events = POLLOUT;
        server->polls[count++] = (struct pollfd){.fd = client->descriptor, .events = events};
    }
    return count;
}

static void serve_round(struct server *server, int64_t now_ms)
{
    size_t first_client = POLL_ENDPOINTS + server->endpoint_count;
    size_t client_count = server->client_count;
    for (size_t i = 0; i < client_count; i++)
        serve_client(server, i, server->polls[first_client + i].revents, now_ms);
    step_devices(server, now_ms);
    for (size_t i = 0; i < server->endpoint_count; i++) {
        if (server->polls[POLL_ENDPOINTS + i].revents & POLLIN)
            accept_client(server, i, now_ms);
    }
    sweep_clients(server);
}

int server_run(struct server *server, int stop_descriptor, struct error *err)
{
    make_polls(server);
    for (;;) {
        int64_t now_ms = clock_monotonic_ms();
        nfds_t count = fill_polls(server, stop_descriptor, now_ms);
        int ready = poll(server->polls, count, wait_ms(server, now_ms));
        if (ready < 0 && errno != EINTR)
            return error_set_errno(err, "cannot wait for clients");
        if (ready < 0)
            continue;
        if (server->polls[POLL_STOP].revents)
            return 0;
        serve_round(server, clock_monotonic_ms());
    }
}
