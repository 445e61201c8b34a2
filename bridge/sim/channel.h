// SPDX-License-Identifier: MIT
// One client's bytes on their way in and out: finds whole requests in what arrived in pieces or
// several at once, lets the faults have their way with them, and keeps answers until they are
// due. On a paced line bytes take as long as on a wire, in both directions. No sockets, time is
// an argument. One owner, one thread.
#ifndef SIM_CHANNEL_H
#define SIM_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/device.h"
#include "sim/faults.h"
#include "sim/meter.h"
#include "sim/outlet.h"
#include "wire/frame.h"

enum {
    CHANNEL_IDLE = -1,
    CHANNEL_ROOM = 4 * MAX_TCP_FRAME,
};

// The devices behind one endpoint. Pointers are borrowed.
struct line {
    struct sim_device *const *devices;
    size_t count;
    int bus;               // index, for the faults
    struct faults *faults; // NULL: none
    struct pace pace;      // of a serial line; all zero: everything happens at once
};

struct channel {
    enum framing framing;
    struct line line;
    uint8_t in[CHANNEL_ROOM];
    size_t in_length;
    int64_t arrived_us; // when the last byte that came had ended on the wire
    bool was_judged;    // what is in `in` is no whole frame yet
    bool broke_gap;     // what is in `in` came too soon after the frame before
    struct outlet out;
    uint8_t last[MAX_FRAME]; // the answer before, for faults that repeat it
    size_t last_length;
    struct meter meter; // of a paced line
};

// An empty channel; `line` is copied. Ends with channel_done.
void channel_init(struct channel *channel, enum framing framing, const struct line *line,
                  int64_t now_us);
void channel_done(struct channel *channel);

// Forgets what is on its way in and out.
void channel_reset(struct channel *channel);

// Where the next bytes go, and how many fit; 0 while too many answers wait to be taken.
uint8_t *channel_space(struct channel *channel, size_t *ret_room);

// So many bytes were put there.
void channel_heard(struct channel *channel, size_t length, int64_t now_us);

// Works through the requests that are whole. False when the bytes are no Modbus TCP: close the
// connection.
bool channel_work(struct channel *channel, int64_t now_us);

// The bytes that may leave now, none (only its end) included; NULL: nothing to do.
const uint8_t *channel_output(struct channel *channel, int64_t now_us, size_t *ret_length);

// So many of them left; what is to become of the connection now.
enum outlet_end channel_sent(struct channel *channel, size_t length);

// When channel_work or channel_output has something to do without new bytes; CHANNEL_IDLE:
// never.
int64_t channel_next_us(const struct channel *channel);

#endif
