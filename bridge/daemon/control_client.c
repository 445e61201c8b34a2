// SPDX-License-Identifier: MIT
#include "daemon/control_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/control.h"

enum { CHUNK = 8192 };

void client_begin(struct control_client *client, int descriptor, int64_t now_ms)
{
    *client = (struct control_client){
        .descriptor = descriptor,
        .serial = client->serial + 1, // a late answer is not taken for this one's
        .active_ms = now_ms,
        .patience_ms = INT64_MAX,
    };
}

void client_drop(struct control_client *client)
{
    if (client->descriptor >= 0)
        (void)close(client->descriptor);
    strbuf_done(&client->in);
    strbuf_done(&client->out);
    control_request_done(&client->request);
    *client = (struct control_client){.descriptor = -1, .serial = client->serial + 1};
}

bool client_is_ready(const struct control_client *client, int64_t now_ms)
{
    return client_is_idle(client) && now_ms >= client->ready_ms;
}

bool client_is_idle(const struct control_client *client)
{
    return !client->is_open && !client->is_leaving && client->out.length == 0;
}

bool client_has_line(const struct control_client *client, size_t *ret_length)
{
    const char *end =
        client->in.length ? memchr(client->in.text, '\n', client->in.length) : NULL;
    if (end)
        *ret_length = (size_t)(end - client->in.text);
    return end != NULL;
}

bool client_receive(struct control_client *client, int64_t now_ms)
{
    char bytes[CHUNK];
    while (!client->at_end && client->in.length <= CONTROL_MAX_LINE) {
        ssize_t length = recv(client->descriptor, bytes, sizeof bytes, 0);
        if (length < 0)
            return errno == EAGAIN || errno == EINTR;
        client->at_end = length == 0;
        strbuf_add_bytes(&client->in, bytes, (size_t)length);
        client->active_ms = now_ms;
        if (memchr(bytes, '\n', (size_t)length))
            return true;
    }
    return true;
}

bool client_send(struct control_client *client)
{
    while (client->sent < client->out.length) {
        ssize_t length = send(client->descriptor, client->out.text + client->sent,
                              client->out.length - client->sent, MSG_NOSIGNAL);
        if (length < 0)
            return errno == EAGAIN || errno == EINTR;
        client->sent += (size_t)length;
    }
    strbuf_done(&client->out);
    client->sent = 0;
    client->patience_ms = INT64_MAX;
    return true;
}

bool client_say(struct control_client *client, char *line, int64_t now_ms)
{
    strbuf_add(&client->out, line);
    free(line);
    client->patience_ms = now_ms + CONTROL_PATIENCE_MS;
    return client_send(client);
}
