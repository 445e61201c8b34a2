// SPDX-License-Identifier: MIT
#include "sim/channel.h"

#include <string.h>

#include "wire/rtu.h"

enum {
    BROADCAST_UNIT = 0,
    EXCEPTION_NO_TARGET = 11, // "gateway target device failed to respond", section 7
    // What ends a frame whose length its first bytes do not tell. Longer than a line's silence:
    // a pseudo-terminal hands bytes over in bursts.
    RTU_PAUSE_MS = 20,
};

void channel_init(struct channel *channel, enum framing framing, struct line line)
{
    *channel = (struct channel){.framing = framing, .line = line};
}

uint8_t *channel_space(struct channel *channel, size_t *ret_room)
{
    *ret_room = channel_has_answer(channel) ? 0 : sizeof channel->in - channel->in_length;
    return channel->in + channel->in_length;
}

void channel_heard(struct channel *channel, size_t length, int64_t now_ms)
{
    channel->in_length += length;
    channel->heard_ms = now_ms;
}

static void drop_input(struct channel *channel, size_t length)
{
    memmove(channel->in, channel->in + length, channel->in_length - length);
    channel->in_length -= length;
}

static struct sim_device *find_device(const struct line *line, uint8_t unit_id)
{
    for (size_t i = 0; i < line->count; i++) {
        if (sim_device_has_unit(line->devices[i], unit_id))
            return line->devices[i];
    }
    for (size_t i = 0; i < line->count; i++) {
        if (sim_device_has_any_unit(line->devices[i]))
            return line->devices[i];
    }
    return NULL;
}

static size_t refuse_target(const uint8_t *pdu, uint8_t ret_pdu[MAX_PDU])
{
    ret_pdu[0] = pdu[0] | FUNCTION_ERROR;
    ret_pdu[1] = EXCEPTION_NO_TARGET;
    return 2;
}

// On a serial line all devices take a broadcast and none answers (Modbus over Serial Line
// V1.02, section 2.1).
static void broadcast(struct channel *channel, const uint8_t *pdu, size_t length,
                      int64_t now_ms)
{
    uint8_t ignored[MAX_PDU];
    for (size_t i = 0; i < channel->line.count; i++)
        (void)sim_device_answer(channel->line.devices[i], BROADCAST_UNIT, pdu, length, now_ms,
                                ignored);
}

// The answering PDU; 0: silence. A serial line is silent for a unit that nobody has, a TCP
// endpoint says so.
static size_t answer_pdu(struct channel *channel, uint8_t unit_id, const uint8_t *pdu,
                         size_t length, int64_t now_ms, uint8_t ret_pdu[MAX_PDU])
{
    bool is_serial = channel->framing == FRAMING_RTU;
    if (is_serial && unit_id == BROADCAST_UNIT) {
        broadcast(channel, pdu, length, now_ms);
        return 0;
    }
    struct sim_device *device = find_device(&channel->line, unit_id);
    if (!device)
        return is_serial ? 0 : refuse_target(pdu, ret_pdu);
    channel->due_ms = now_ms + sim_device_faults(device)->latency_ms;
    return sim_device_answer(device, unit_id, pdu, length, now_ms, ret_pdu);
}

static bool work_tcp(struct channel *channel, int64_t now_ms)
{
    struct tcp_frame frame;
    uint8_t pdu[MAX_PDU];
    const char *problem = NULL;
    switch (tcp_split_frame(channel->in, channel->in_length, &frame, &problem)) {
    case TCP_STATE_INCOMPLETE:
        return true;
    case TCP_STATE_GARBAGE:
        return false;
    case TCP_STATE_FRAME:
        break;
    }
    size_t length =
        answer_pdu(channel, frame.unit_id, frame.pdu, frame.pdu_length, now_ms, pdu);
    if (length)
        channel->out_length =
            tcp_build_frame(frame.transaction, frame.unit_id, pdu, length, channel->out);
    drop_input(channel, MBAP_SIZE + frame.pdu_length);
    return true;
}

static void serve_rtu_frame(struct channel *channel, size_t frame_length, int64_t now_ms)
{
    uint8_t pdu[MAX_PDU];
    uint8_t unit_id = channel->in[0];
    size_t length =
        answer_pdu(channel, unit_id, channel->in + 1, frame_length - RTU_OVERHEAD, now_ms, pdu);
    if (length)
        channel->out_length = rtu_build_frame(unit_id, pdu, length, channel->out);
    drop_input(channel, frame_length);
}

// A frame ends where its first bytes say; one of an unknown function at a pause, where anything
// that is no frame is dropped as noise.
static void work_rtu(struct channel *channel, int64_t now_ms)
{
    size_t length = rtu_request_length(channel->in, channel->in_length);
    bool is_told = length && length != PDU_UNKNOWN && length <= channel->in_length;
    if (is_told && rtu_is_frame(channel->in, length)) {
        serve_rtu_frame(channel, length, now_ms);
        return;
    }
    bool is_full = channel->in_length == sizeof channel->in;
    if (now_ms - channel->heard_ms < RTU_PAUSE_MS && !is_full)
        return;
    bool is_frame =
        channel->in_length <= MAX_RTU_FRAME && rtu_is_frame(channel->in, channel->in_length);
    if (is_frame)
        serve_rtu_frame(channel, channel->in_length, now_ms);
    else
        channel->in_length = 0;
}

bool channel_work(struct channel *channel, int64_t now_ms)
{
    bool is_good = true;
    size_t before = 0;
    while (is_good && !channel_has_answer(channel) && channel->in_length &&
           channel->in_length != before) {
        before = channel->in_length;
        if (channel->framing == FRAMING_TCP)
            is_good = work_tcp(channel, now_ms);
        else
            work_rtu(channel, now_ms);
    }
    return is_good;
}

const uint8_t *channel_output(const struct channel *channel, int64_t now_ms, size_t *ret_length)
{
    if (!channel_has_answer(channel) || now_ms < channel->due_ms)
        return NULL;
    *ret_length = channel->out_length - channel->out_sent;
    return channel->out + channel->out_sent;
}

void channel_sent(struct channel *channel, size_t length)
{
    channel->out_sent += length;
    if (channel->out_sent < channel->out_length)
        return;
    channel->out_sent = 0;
    channel->out_length = 0;
}

bool channel_has_answer(const struct channel *channel)
{
    return channel->out_length != 0;
}

int64_t channel_next(const struct channel *channel)
{
    if (channel_has_answer(channel))
        return channel->due_ms;
    if (channel->framing == FRAMING_RTU && channel->in_length)
        return channel->heard_ms + RTU_PAUSE_MS;
    return CHANNEL_IDLE;
}
