// SPDX-License-Identifier: MIT
#include "sim/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

struct client *client_new(int descriptor, bool is_terminal, enum framing framing,
                          const struct line *line, int64_t now_us)
{
    struct client *client = mem_new(1, sizeof *client);
    client->descriptor = descriptor;
    client->is_terminal = is_terminal;
    channel_init(&client->channel, framing, line, now_us);
    return client;
}

void client_free(struct client *client)
{
    if (!client)
        return;
    if (client->descriptor >= 0)
        (void)close(client->descriptor);
    channel_done(&client->channel);
    free(client);
}

short client_events(struct client *client, int64_t now_us)
{
    size_t room = 0;
    size_t length = 0;
    (void)channel_space(&client->channel, &room);
    short events = room ? POLLIN : 0;
    if (channel_output(&client->channel, now_us, &length))
        events |= POLLOUT;
    return events;
}

// False when the peer is gone.
static bool receive(struct client *client, int64_t now_us)
{
    size_t room = 0;
    uint8_t *space = channel_space(&client->channel, &room);
    if (!room)
        return true;
    ssize_t length = read(client->descriptor, space, room);
    if (length < 0)
        return errno == EAGAIN || errno == EINTR;
    channel_heard(&client->channel, (size_t)length, now_us);
    return length > 0;
}

// A reset: what was sent and not taken is thrown away, and the peer is told so.
static void prepare_reset(const struct client *client)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(client->descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

// False when the connection is at its end.
static bool conclude(const struct client *client, enum outlet_end end)
{
    if (client->is_terminal || end == OUTLET_STAYS)
        return true;
    if (end == OUTLET_RESETS)
        prepare_reset(client);
    return false;
}

static ssize_t put(const struct client *client, const uint8_t *bytes, size_t length)
{
    if (!length)
        return 0;
    return client->is_terminal ? write(client->descriptor, bytes, length)
                               : send(client->descriptor, bytes, length, MSG_NOSIGNAL);
}

// Sends what is due. False when the connection is of no more use.
static bool transmit(struct client *client, int64_t now_us)
{
    size_t length = 0;
    const uint8_t *bytes = channel_output(&client->channel, now_us, &length);
    while (bytes) {
        ssize_t sent = put(client, bytes, length);
        if (sent < 0)
            return errno == EAGAIN || errno == EINTR;
        if (!conclude(client, channel_sent(&client->channel, (size_t)sent)))
            return false;
        bytes = channel_output(&client->channel, now_us, &length);
    }
    return true;
}

bool client_serve(struct client *client, short events, int64_t now_us)
{
    if (client->descriptor < 0)
        return true;
    bool is_good = (events & (POLLHUP | POLLERR)) == 0;
    if (events & POLLIN)
        is_good = receive(client, now_us) && is_good;
    is_good = is_good && channel_work(&client->channel, now_us) && transmit(client, now_us) &&
              channel_work(&client->channel, now_us); // there may be room for more now
    return is_good || client->is_terminal;
}

int64_t client_next_us(struct client *client, int64_t now_us)
{
    size_t length = 0;
    if (client->descriptor < 0 || channel_output(&client->channel, now_us, &length))
        return CHANNEL_IDLE;
    return channel_next_us(&client->channel);
}

void client_unplug(struct client *client)
{
    (void)close(client->descriptor);
    client->descriptor = -1;
    channel_reset(&client->channel);
}

void client_plug(struct client *client, int descriptor)
{
    client->descriptor = descriptor;
}
