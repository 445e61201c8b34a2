// SPDX-License-Identifier: MIT
#include "sim/serve.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/time_units.h"
#include "sim/client.h"

struct endpoint {
    enum framing framing;
    struct line line;
    int listener; // -1: a pseudo-terminal
    int held;     // the terminal's other end, or -1
    char *link;   // to the terminal, or NULL
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

enum {
    POLL_STOP = 0,
    POLL_WATCH = 1,
    POLL_ENDPOINTS = 2,
};

enum { LONGEST_WAIT_US = 60 * US_PER_S };

struct server *server_new(void)
{
    return mem_new(1, sizeof(struct server));
}

static void close_client(struct server *server, size_t index)
{
    struct client *client = server->clients[index];
    server->endpoints[client->endpoint].client_count--;
    client_free(client);
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
        if (server->endpoints[i].link)
            (void)unlink(server->endpoints[i].link);
        free(server->endpoints[i].link);
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
    struct endpoint *place = &server->endpoints[endpoint];
    struct client *client = client_new(descriptor, place->listener < 0, place->framing,
                                       &place->line, clock_monotonic_us());
    client->endpoint = endpoint;
    server->clients[server->client_count++] = client;
    place->client_count++;
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

int server_listen(struct server *server, const struct line *line,
                  const struct listen_settings *settings, uint16_t *ret_port, struct error *err)
{
    struct endpoint endpoint = {.framing = settings->framing, .line = *line, .held = -1};
    if (port_listen(settings->host, settings->port, &endpoint.listener, ret_port, err))
        return -1;
    if (add_endpoint(server, &endpoint, err)) {
        (void)close(endpoint.listener);
        return -1;
    }
    return 0;
}

// A terminal under a name that stays, whatever the system calls it this time.
static int open_terminal(struct endpoint *endpoint, int *ret_descriptor,
                         char ret_path[MAX_PORT_PATH], struct error *err)
{
    if (port_open_terminal(ret_descriptor, &endpoint->held, ret_path, err))
        return -1;
    if (!endpoint->link)
        return 0;
    (void)unlink(endpoint->link);
    if (symlink(ret_path, endpoint->link) == 0)
        return 0;
    (void)error_set_errno(err, "cannot make the link %s", endpoint->link);
    (void)close(*ret_descriptor);
    (void)close(endpoint->held);
    return -1;
}

int server_open_terminal(struct server *server, const struct line *line, const char *link,
                         char ret_path[MAX_PORT_PATH], struct error *err)
{
    struct endpoint endpoint = {.framing = FRAMING_RTU, .line = *line, .listener = -1};
    int descriptor = -1;
    endpoint.link = link ? mem_copy_text(link) : NULL;
    if (open_terminal(&endpoint, &descriptor, ret_path, err)) {
        free(endpoint.link);
        return -1;
    }
    if (add_endpoint(server, &endpoint, err)) {
        (void)close(descriptor);
        (void)close(endpoint.held);
        free(endpoint.link);
        return -1;
    }
    add_client(server, server->endpoint_count - 1, descriptor);
    return 0;
}

static struct client *terminal_of(const struct server *server, size_t endpoint)
{
    for (size_t i = 0; i < server->client_count; i++) {
        struct client *client = server->clients[i];
        if (client && client->is_terminal && client->endpoint == endpoint)
            return client;
    }
    return NULL;
}

struct meter *server_meter(const struct server *server, size_t index)
{
    struct client *client = terminal_of(server, index);
    return client && client->channel.line.pace.byte_ns ? &client->channel.meter : NULL;
}

static bool is_away(const struct endpoint *endpoint, int64_t now_ms)
{
    for (size_t i = 0; i < endpoint->line.count; i++) {
        if (!sim_device_is_away(endpoint->line.devices[i], now_ms))
            return false;
    }
    return endpoint->line.count > 0;
}

static bool is_refusing(const struct endpoint *endpoint, int64_t now_us)
{
    struct fault_effect effect;
    faults_of_line(endpoint->line.faults, endpoint->line.bus, now_us, &effect);
    return effect.refuse;
}

static void accept_client(struct server *server, size_t index, int64_t now_us)
{
    struct endpoint *endpoint = &server->endpoints[index];
    int descriptor = port_accept(endpoint->listener);
    if (descriptor < 0)
        return;
    if (endpoint->client_count >= MAX_ENDPOINT_CONNECTIONS ||
        is_away(endpoint, now_us / 1000) || is_refusing(endpoint, now_us))
        (void)close(descriptor);
    else
        add_client(server, index, descriptor);
}

static void close_clients(struct server *server, size_t endpoint)
{
    for (size_t i = 0; i < server->client_count; i++) {
        const struct client *client = server->clients[i];
        if (client && client->endpoint == endpoint && !client->is_terminal)
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

// Pulls the terminal out or plugs it in, as the faults say. A terminal that the system does not
// give is asked for again in the next round.
static void plug_terminal(struct server *server, size_t index, bool is_unplugged)
{
    char path[MAX_PORT_PATH];
    struct error ignored;
    int descriptor = -1;
    struct endpoint *endpoint = &server->endpoints[index];
    struct client *client = terminal_of(server, index);
    if (!client || is_unplugged == (client->descriptor < 0))
        return;
    if (is_unplugged) {
        client_unplug(client);
        (void)close(endpoint->held);
        endpoint->held = -1;
        if (endpoint->link)
            (void)unlink(endpoint->link);
    } else if (open_terminal(endpoint, &descriptor, path, &ignored) == 0) {
        client_plug(client, descriptor);
    }
}

// Faults of lines that began or ended.
static void step_lines(struct server *server, int64_t now_us)
{
    for (size_t i = 0; i < server->endpoint_count; i++) {
        struct fault_effect effect;
        const struct endpoint *endpoint = &server->endpoints[i];
        faults_of_line(endpoint->line.faults, endpoint->line.bus, now_us, &effect);
        if (endpoint->listener < 0)
            plug_terminal(server, i, effect.unplug);
        else if (effect.refuse)
            close_clients(server, i);
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

static void sooner(int64_t *next_us, int64_t other_us)
{
    if (other_us >= 0 && (*next_us < 0 || other_us < *next_us))
        *next_us = other_us;
}

static int64_t next_us(const struct server *server, int64_t now_us)
{
    int64_t next = -1;
    for (size_t i = 0; i < server->endpoint_count; i++) {
        const struct line *line = &server->endpoints[i].line;
        sooner(&next, faults_next_us(line->faults, now_us));
        for (size_t k = 0; k < line->count; k++) {
            int64_t device_ms = sim_device_next(line->devices[k]);
            sooner(&next, device_ms < 0 ? -1 : device_ms * 1000);
        }
    }
    for (size_t i = 0; i < server->client_count; i++)
        sooner(&next, client_next_us(server->clients[i], now_us));
    return next;
}

static struct timespec wait_time(const struct server *server, int64_t now_us)
{
    int64_t next = next_us(server, now_us);
    int64_t wait_us =
        next < 0 || next - now_us > LONGEST_WAIT_US ? LONGEST_WAIT_US : next - now_us;
    if (wait_us < 0)
        wait_us = 0;
    return (struct timespec){.tv_sec = wait_us / US_PER_S,
                             .tv_nsec = (long)(wait_us % US_PER_S * NS_PER_US)};
}

static nfds_t fill_polls(struct server *server, int stop_descriptor,
                         const struct server_watch *watch, int64_t now_us)
{
    nfds_t count = POLL_ENDPOINTS;
    server->polls[POLL_STOP] = (struct pollfd){.fd = stop_descriptor, .events = POLLIN};
    server->polls[POLL_WATCH] =
        (struct pollfd){.fd = watch ? watch->descriptor : -1, .events = POLLIN};
    for (size_t i = 0; i < server->endpoint_count; i++)
        server->polls[count++] =
            (struct pollfd){.fd = server->endpoints[i].listener, .events = POLLIN};
    for (size_t i = 0; i < server->client_count; i++) {
        struct client *client = server->clients[i];
        server->polls[count++] =
            (struct pollfd){.fd = client->descriptor, .events = client_events(client, now_us)};
    }
    return count;
}

static void serve_clients(struct server *server, int64_t now_us)
{
    size_t first_client = POLL_ENDPOINTS + server->endpoint_count;
    for (size_t i = 0; i < server->client_count; i++) {
        short events = server->polls[first_client + i].revents;
        if (!client_serve(server->clients[i], events, now_us))
            close_client(server, i);
    }
}

static void serve_round(struct server *server, int64_t now_us)
{
    serve_clients(server, now_us);
    step_devices(server, now_us / 1000);
    step_lines(server, now_us);
    for (size_t i = 0; i < server->endpoint_count; i++) {
        if (server->polls[POLL_ENDPOINTS + i].revents & POLLIN)
            accept_client(server, i, now_us);
    }
    sweep_clients(server);
}

int server_run(struct server *server, int stop_descriptor, const struct server_watch *watch,
               struct error *err)
{
    make_polls(server);
    // A byte that leaves late makes the next request late: no slack for the sake of power.
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    for (;;) {
        int64_t now_us = clock_monotonic_us();
        nfds_t count = fill_polls(server, stop_descriptor, watch, now_us);
        struct timespec wait = wait_time(server, now_us);
        int ready = ppoll(server->polls, count, &wait, NULL);
        if (ready < 0 && errno != EINTR)
            return error_set_errno(err, "cannot wait for clients");
        if (ready < 0)
            continue;
        if (server->polls[POLL_STOP].revents)
            return 0;
        if (server->polls[POLL_WATCH].revents)
            watch->serve(watch->context);
        serve_round(server, clock_monotonic_us());
    }
}
