// SPDX-License-Identifier: MIT
// One client's bytes on their way in and out: finds whole requests in what arrived in pieces or
// several at once, and keeps answers until they are due. No sockets, time is an argument. One
// owner, one thread.
#ifndef SIM_CHANNEL_H
#define SIM_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/device.h"
#include "wire/tcp.h"

enum framing { FRAMING_TCP, FRAMING_RTU };

enum {
    CHANNEL_IDLE = -1,
    CHANNEL_ROOM = 4 * MAX_TCP_FRAME,
};

// The devices behind one endpoint. `devices` is borrowed.
struct line {
    struct sim_device *const *devices;
    size_t count;
};

struct channel {
    enum framing framing;
    struct line line;
    uint8_t in[CHANNEL_ROOM];
    size_t in_length;
    int64_t heard_ms; // when the last bytes came
    uint8_t out[MAX_TCP_FRAME];
    size_t out_length;
    size_t out_sent;
    int64_t due_ms; // when `out` may leave
};

void channel_init(struct channel *channel, enum framing framing, struct line line);

// Where the next bytes go, and how many fit; 0 while answers wait to be taken.
uint8_t *channel_space(struct channel *channel, size_t *ret_room);

// So many bytes were put there.
void channel_heard(struct channel *channel, size_t length, int64_t now_ms);

// Works through the requests that are whole, until one is answered: the next waits until that
// answer has left. False when the bytes are no Modbus TCP: close the connection.
bool channel_work(struct channel *channel, int64_t now_ms);

// The bytes that may leave now; NULL when there are none.
const uint8_t *channel_output(const struct channel *channel, int64_t now_ms,
                              size_t *ret_length);

// So many of them left.
void channel_sent(struct channel *channel, size_t length);

// Whether an answer waits, due or not.
bool channel_has_answer(const struct channel *channel);

// When channel_work or channel_output has something to do without new bytes; CHANNEL_IDLE:
// never.
int64_t channel_next(const struct channel *channel);

#endif
