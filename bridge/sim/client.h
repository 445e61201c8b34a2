// SPDX-License-Identifier: MIT
// One client of the simulator, or one pseudo-terminal (which outlives its clients): the
// descriptor and the channel behind it. One owner, one thread.
#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/channel.h"

struct client {
    int descriptor; // -1: a terminal that is unplugged
    bool is_terminal;
    size_t endpoint; // index
    struct channel channel;
};

// Takes over the descriptor. The caller owns the client.
struct client *client_new(int descriptor, bool is_terminal, enum framing framing,
                          const struct line *line, int64_t now_us);
void client_free(struct client *client);

// What to poll for.
short client_events(struct client *client, int64_t now_us);

// Takes what came and sends what is due. False when the connection is of no more use.
bool client_serve(struct client *client, short events, int64_t now_us);

// When there is something to do without an event, or CHANNEL_IDLE.
int64_t client_next_us(struct client *client, int64_t now_us);

// A terminal is pulled out: what was on its way is lost. And plugged in again.
void client_unplug(struct client *client);
void client_plug(struct client *client, int descriptor);

#endif
