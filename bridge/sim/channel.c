// SPDX-License-Identifier: MIT
#include "sim/channel.h"

#include <string.h>

#include "base/time_units.h"

enum {
    BROADCAST_UNIT = 0,
    EXCEPTION_NO_TARGET = 11, // "gateway target device failed to respond", section 7
    // What ends a frame whose length its first bytes do not tell. Longer than a line's silence:
    // a pseudo-terminal hands bytes over in bursts.
    RTU_PAUSE_US = 20000,
};

// A request as it came.
struct question {
    uint16_t transaction; // TCP
    uint8_t unit_id;
    const uint8_t *pdu;
    size_t length;
    const uint8_t *frame;
    size_t frame_length;
};

void channel_init(struct channel *channel, enum framing framing, const struct line *line,
                  int64_t now_us)
{
    *channel = (struct channel){.framing = framing, .line = *line};
    outlet_init(&channel->out);
    meter_restart(&channel->meter, now_us);
}

void channel_done(struct channel *channel)
{
    outlet_done(&channel->out);
}

void channel_reset(struct channel *channel)
{
    outlet_done(&channel->out);
    outlet_init(&channel->out);
    channel->in_length = 0;
    channel->last_length = 0;
}

static bool is_paced(const struct channel *channel)
{
    return channel->line.pace.byte_ns != 0;
}

uint8_t *channel_space(struct channel *channel, size_t *ret_room)
{
    *ret_room = outlet_is_full(&channel->out) ? 0 : sizeof channel->in - channel->in_length;
    return channel->in + channel->in_length;
}

// A master writes a frame in one go, or in pieces that follow each other on the wire.
static void time_arrival(struct channel *channel, size_t length, int64_t now_us)
{
    struct meter *meter = &channel->meter;
    const struct pace *pace = &channel->line.pace;
    if (!channel->in_length)
        channel->broke_gap = meter_begin(meter, pace, channel->out.has_begun, now_us);
    int64_t begin_us = now_us > meter->free_us ? now_us : meter->free_us;
    channel->arrived_us = begin_us + pace_us(pace, length);
    meter_busy(meter, pace, length, channel->arrived_us);
}

void channel_heard(struct channel *channel, size_t length, int64_t now_us)
{
    if (!length)
        return;
    if (is_paced(channel))
        time_arrival(channel, length, now_us);
    else
        channel->arrived_us = now_us;
    channel->in_length += length;
    channel->was_judged = false;
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

static size_t refuse(const struct question *question, uint8_t exception,
                     uint8_t ret_pdu[MAX_PDU])
{
    ret_pdu[0] = question->pdu[0] | FUNCTION_ERROR;
    ret_pdu[1] = exception;
    return 2;
}

// On a serial line all devices take a broadcast and none answers (Modbus over Serial Line
// V1.02, section 2.1).
static void broadcast(struct channel *channel, const struct question *question, int64_t now_us)
{
    uint8_t ignored[MAX_PDU];
    for (size_t i = 0; i < channel->line.count; i++)
        (void)sim_device_answer(channel->line.devices[i], BROADCAST_UNIT, question->pdu,
                                question->length, now_us / US_PER_MS, ignored);
}

static bool is_write(const struct request *request)
{
    const struct pdu_function *function = pdu_find_function(request->function);
    return function && function->is_write;
}

// The answering PDU; 0: silence. A serial line is silent for a unit that nobody has, a TCP
// endpoint says so. `request` is NULL when it is none that is known.
static size_t answer_pdu(struct channel *channel, const struct question *question,
                         const struct request *request, const struct fault_effect *effect,
                         int64_t now_us, uint8_t ret_pdu[MAX_PDU])
{
    struct sim_device *device = find_device(&channel->line, question->unit_id);
    if (effect->exception && effect->executed && device)
        (void)sim_device_answer(device, question->unit_id, question->pdu, question->length,
                                now_us / US_PER_MS, ret_pdu);
    if (effect->exception)
        return refuse(question, effect->exception, ret_pdu);
    if (!device)
        return channel->framing == FRAMING_RTU ? 0
                                               : refuse(question, EXCEPTION_NO_TARGET, ret_pdu);
    if (effect->unexecuted && request && is_write(request)) {
        const struct answer granted = {.count = request->count};
        return pdu_build_response(request, &granted, ret_pdu);
    }
    return sim_device_answer(device, question->unit_id, question->pdu, question->length,
                             now_us / US_PER_MS, ret_pdu);
}

static size_t build_frame(const struct channel *channel, const struct question *question,
                          const uint8_t *pdu, size_t length, uint8_t ret_frame[MAX_FRAME])
{
    if (channel->framing == FRAMING_TCP)
        return tcp_build_frame(question->transaction, question->unit_id, pdu, length,
                               ret_frame);
    return rtu_build_frame(question->unit_id, pdu, length, ret_frame);
}

static size_t spoil(struct channel *channel, const struct question *question,
                    const struct fault_effect *effect, const uint8_t *pdu, size_t length,
                    uint8_t ret_bytes[FAULTS_ROOM])
{
    const struct fault_answer answer = {
        .framing = channel->framing,
        .transaction = question->transaction,
        .unit_id = question->unit_id,
        .pdu = pdu,
        .pdu_length = length,
        .request = question->frame,
        .request_length = question->frame_length,
        .stale = channel->last_length ? channel->last : NULL,
        .stale_length = channel->last_length,
    };
    return faults_spoil(channel->line.faults, effect, &answer, ret_bytes);
}

static int64_t longer(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

// When a unit begins with what it is asked now: it does one thing after the other.
static int64_t ready_us(const struct channel *channel, uint8_t unit_id, int64_t now_us)
{
    int64_t ready = is_paced(channel) ? channel->arrived_us : now_us;
    for (size_t i = 0; i < channel->out.count; i++) {
        const struct outlet_item *item = &channel->out.items[i];
        if (item->unit_id == unit_id)
            ready = longer(ready, item->start_us);
    }
    return ready + channel->line.pace.silence_us;
}

// Puts the answer, or what the faults make of it, among what is to leave.
static void post_answer(struct channel *channel, const struct question *question,
                        const struct fault_effect *effect, const uint8_t *pdu, size_t length,
                        int64_t now_us)
{
    struct outlet_item item = {
        .unit_id = question->unit_id,
        .start_us = ready_us(channel, question->unit_id, now_us) +
                    faults_latency_us(channel->line.faults, effect),
        .byte_ns = longer(channel->line.pace.byte_ns, effect->dribble_ms * NS_PER_MS),
        .end = effect->reset   ? OUTLET_RESETS
               : effect->close ? OUTLET_CLOSES
                               : OUTLET_STAYS,
    };
    if (!item.end) {
        item.length = spoil(channel, question, effect, pdu, length, item.bytes);
        channel->last_length = build_frame(channel, question, pdu, length, channel->last);
    }
    if (item.length || item.end)
        outlet_add(&channel->out, &item);
}

static void find_faults(struct channel *channel, const struct question *question,
                        const struct request *request, int64_t now_us,
                        struct fault_effect *ret_effect)
{
    struct fault_effect of_line;
    const struct line *line = &channel->line;
    const struct sim_device *device = find_device(line, question->unit_id);
    const struct fault_scene scene = {
        .bus = line->bus,
        .device = device ? sim_device_index(device) : NO_INDEX,
        .unit_id = question->unit_id,
        .request = request,
    };
    faults_of_request(line->faults, &scene, now_us, ret_effect);
    faults_of_line(line->faults, line->bus, now_us, &of_line);
    ret_effect->silent |= of_line.strict_gap && channel->broke_gap;
}

static void serve(struct channel *channel, const struct question *question, int64_t now_us)
{
    struct request request;
    struct fault_effect effect;
    uint8_t pdu[MAX_PDU];
    bool is_known =
        !pdu_parse_request(question->unit_id, question->pdu, question->length, &request);
    find_faults(channel, question, is_known ? &request : NULL, now_us, &effect);
    meter_request(&channel->meter, question->unit_id, is_known ? &request : NULL);
    if (effect.silent)
        return;
    if (channel->framing == FRAMING_RTU && question->unit_id == BROADCAST_UNIT) {
        broadcast(channel, question, now_us);
        return;
    }
    size_t length =
        answer_pdu(channel, question, is_known ? &request : NULL, &effect, now_us, pdu);
    if (!length || effect.unanswered)
        return;
    channel->meter.answered[question->unit_id]++;
    post_answer(channel, question, &effect, pdu, length, now_us);
}

static bool work_tcp(struct channel *channel, int64_t now_us)
{
    struct tcp_frame frame;
    const char *problem = NULL;
    switch (tcp_split_frame(channel->in, channel->in_length, &frame, &problem)) {
    case TCP_STATE_INCOMPLETE:
        return true;
    case TCP_STATE_GARBAGE:
        return false;
    case TCP_STATE_FRAME:
        break;
    }
    const struct question question = {
        .transaction = frame.transaction,
        .unit_id = frame.unit_id,
        .pdu = frame.pdu,
        .length = frame.pdu_length,
        .frame = channel->in,
        .frame_length = MBAP_SIZE + frame.pdu_length,
    };
    serve(channel, &question, now_us);
    drop_input(channel, question.frame_length);
    return true;
}

static void serve_rtu_frame(struct channel *channel, size_t frame_length, int64_t now_us)
{
    const struct question question = {
        .unit_id = channel->in[0],
        .pdu = channel->in + 1,
        .length = frame_length - RTU_OVERHEAD,
        .frame = channel->in,
        .frame_length = frame_length,
    };
    serve(channel, &question, now_us);
    drop_input(channel, frame_length);
    // What follows without a pause broke the silence.
    if (is_paced(channel) && channel->in_length)
        channel->broke_gap = meter_begin(&channel->meter, &channel->line.pace, true, now_us);
}

static void drop_noise(struct channel *channel)
{
    channel->meter.noise_bytes += channel->in_length;
    channel->in_length = 0;
}

// A frame ends where its first bytes say; one of an unknown function at a pause, where anything
// that is no frame is dropped as noise.
static void work_rtu(struct channel *channel, int64_t now_us)
{
    if (is_paced(channel) && now_us < channel->arrived_us)
        return;
    channel->was_judged = true;
    size_t length = rtu_request_length(channel->in, channel->in_length);
    bool is_told = length && length != PDU_UNKNOWN && length <= channel->in_length;
    if (is_told && rtu_is_frame(channel->in, length)) {
        serve_rtu_frame(channel, length, now_us);
        return;
    }
    bool is_full = channel->in_length == sizeof channel->in;
    if (now_us - channel->arrived_us < RTU_PAUSE_US && !is_full)
        return;
    bool is_frame =
        channel->in_length <= MAX_RTU_FRAME && rtu_is_frame(channel->in, channel->in_length);
    if (is_frame)
        serve_rtu_frame(channel, channel->in_length, now_us);
    else
        drop_noise(channel);
}

bool channel_work(struct channel *channel, int64_t now_us)
{
    bool is_good = true;
    size_t before = 0;
    while (is_good && !outlet_is_full(&channel->out) && channel->in_length &&
           channel->in_length != before) {
        before = channel->in_length;
        if (channel->framing == FRAMING_TCP)
            is_good = work_tcp(channel, now_us);
        else
            work_rtu(channel, now_us);
    }
    return is_good;
}

const uint8_t *channel_output(struct channel *channel, int64_t now_us, size_t *ret_length)
{
    return outlet_due(&channel->out, now_us, ret_length);
}

enum outlet_end channel_sent(struct channel *channel, size_t length)
{
    enum outlet_end end = OUTLET_STAYS;
    if (is_paced(channel))
        meter_busy(&channel->meter, &channel->line.pace, length,
                   outlet_left_us(&channel->out, length));
    (void)outlet_sent(&channel->out, length, &end);
    return end;
}

static int64_t sooner(int64_t one, int64_t other)
{
    return one == CHANNEL_IDLE || (other != CHANNEL_IDLE && other < one) ? other : one;
}

int64_t channel_next_us(const struct channel *channel)
{
    int64_t next_us = outlet_next_us(&channel->out);
    if (channel->framing == FRAMING_TCP || !channel->in_length || outlet_is_full(&channel->out))
        return next_us;
    return sooner(next_us, channel->arrived_us + (channel->was_judged ? RTU_PAUSE_US : 0));
}
