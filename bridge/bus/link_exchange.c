// SPDX-License-Identifier: MIT
// A transaction on an open link: silence, request, answer.
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/time_units.h"
#include "bus/link_state.h"

enum {
    LONG_SILENCE_US = 50000,     // after which a disturbed serial line is taken for quiet
    LONGEST_SETTLE_US = 1000000, // a line that chatters longer is given up for this request
    TURNAROUND_US = 100000,      // after a broadcast: Serial Line V1.02, section 2.4.1
};

// The transaction in progress.
struct exchange {
    const struct request *request;
    uint16_t transaction;
    uint8_t frame[MAX_FRAME];
    size_t frame_length;
    int64_t asked_us; // when the last byte of the request has left the wire
    int64_t deadline_us;
    size_t noise_before; // bytes dropped before the request was sent
    bool expects_echo;   // the line echoes and the echo could be taken for the answer
    bool saw_echo;
};

__attribute__((format(printf, 2, 3))) static void note(struct link *link, const char *format,
                                                       ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(link->note.text, sizeof link->note.text, format, args);
    va_end(args);
}

static int64_t wire_time_us(const struct link *link, size_t bytes)
{
    const struct bus_settings *settings = link->settings;
    if (link->framing == FRAMING_TCP)
        return 0;
    return rtu_wire_time_us(settings->baud, settings->parity, settings->stop_bits, bytes);
}

// Closes the link after the port said so.
static enum fault fail_link(struct link *link, enum port_event event)
{
    if (event == PORT_CLOSED)
        note(link, "%s",
             link->port.is_serial ? "the serial port is gone"
                                  : "the connection was closed by the other end");
    else
        note(link, "the link broke: %s", error_reason(errno));
    link_close(link);
    return FAULT_LINK;
}

static void drop_bytes(struct link *link, size_t count)
{
    link->length -= count;
    memmove(link->bytes, link->bytes + count, link->length);
}

static void count_noise(struct link *link, size_t count)
{
    link->counters.unsolicited_bytes += count;
    link->note.noise += count;
}

// Reads what has come behind what is waiting to be judged.
static enum port_event receive_bytes(struct link *link)
{
    size_t got = 0;
    enum port_event event = port_read(&link->port, link->bytes + link->length,
                                      sizeof link->bytes - link->length, &got);
    if (event != PORT_READY)
        return event;
    link->length += got;
    if (got > 0)
        link->last_byte_us = clock_monotonic_us();
    return PORT_READY;
}

// Drops what a serial line says while nothing is asked.
static void drop_unsolicited(struct link *link)
{
    if (link->length == 0)
        return;
    late_came(&link->late, link->bytes, link->length, clock_monotonic_us());
    count_noise(link, link->length);
    link->length = 0;
    link->is_disturbed = true;
}

// Waits until a serial line has been silent for long enough to send; bytes that come meanwhile
// are dropped, and make the silence longer.
static enum fault settle_line(struct link *link)
{
    int64_t give_up_us = clock_monotonic_us() + LONGEST_SETTLE_US;
    for (;;) {
        drop_unsolicited(link);
        int64_t silence_us = link->silence_us;
        if (link->is_disturbed && silence_us < LONG_SILENCE_US)
            silence_us = LONG_SILENCE_US;
        enum port_event event = port_wait(&link->port, POLLIN, link->last_byte_us + silence_us);
        if (event == PORT_READY)
            event = receive_bytes(link);
        if (event == PORT_STOPPED)
            return FAULT_STOPPED;
        if (event == PORT_CLOSED || event == PORT_BROKEN)
            return fail_link(link, event);
        if (event == PORT_DEADLINE)
            break;
        if (clock_monotonic_us() > give_up_us) {
            note(link, "the line does not fall silent: is there another master, or noise?");
            return FAULT_GARBLED;
        }
    }
    link->is_disturbed = false;
    return FAULT_NONE;
}

// Notices a connection that was closed, before a request is lost on it; keeps late answers for
// judging.
static enum fault look_at_stream(struct link *link)
{
    enum port_event event = port_wait(&link->port, POLLIN, 0);
    if (event == PORT_READY && link->length < sizeof link->bytes)
        event = receive_bytes(link);
    if (event == PORT_STOPPED)
        return FAULT_STOPPED;
    if (event == PORT_CLOSED || event == PORT_BROKEN)
        return fail_link(link, event);
    return FAULT_NONE;
}

static enum fault send_request(struct link *link, struct exchange *exchange)
{
    size_t sent = 0;
    enum port_event event = port_send(&link->port, exchange->frame, exchange->frame_length,
                                      exchange->deadline_us, &sent);
    link->note.sent = sent > 0;
    link->last_byte_us = clock_monotonic_us() + wire_time_us(link, sent);
    exchange->asked_us = link->last_byte_us;
    if (event == PORT_READY) {
        link->counters.requests++;
        return FAULT_NONE;
    }
    if (event == PORT_CLOSED || event == PORT_BROKEN)
        return fail_link(link, event);
    // Half a request in a stream would spoil whatever follows it.
    link->is_disturbed = true;
    if (!link->port.is_serial)
        link_close(link);
    if (event == PORT_STOPPED)
        return FAULT_STOPPED;
    note(link, "the request could not be sent: nobody takes the bytes");
    return FAULT_TIMEOUT;
}

// Whether the echo of a request whose answer looks the same is still awaited; drops it when it
// is here.
static bool await_echo(struct link *link, struct exchange *exchange)
{
    if (!exchange->expects_echo)
        return false;
    size_t common =
        link->length < exchange->frame_length ? link->length : exchange->frame_length;
    bool is_echo = memcmp(link->bytes, exchange->frame, common) == 0;
    if (is_echo && common < exchange->frame_length)
        return true;
    if (is_echo)
        drop_bytes(link, common);
    exchange->expects_echo = false;
    return false;
}

// `size`: of its frame.
static enum fault take_answer(struct link *link, const struct exchange *exchange,
                              const struct answer *answer, size_t size)
{
    int64_t wire_us = wire_time_us(link, size);
    int64_t response_us = clock_monotonic_us() - exchange->asked_us - wire_us;
    link->note.response_us = response_us > 1 ? response_us : 1;
    link->counters.answers++;
    if (!pdu_find_function(exchange->request->function)->is_single)
        link->echoes = exchange->saw_echo;
    if (!answer->exception)
        return FAULT_NONE;
    link->counters.exceptions++;
    note(link, "exception %u: %s", answer->exception, exception_name(answer->exception));
    return FAULT_EXCEPTION;
}

// Drops what the verdict says and keeps count of it.
static void skip_bytes(struct link *link, struct exchange *exchange,
                       const struct frame_verdict *verdict)
{
    count_noise(link, verdict->noise);
    if (verdict->is_echo) {
        exchange->saw_echo = true;
        link->echoes = true;
    } else if (verdict->kind == FRAME_FOREIGN) {
        late_came(&link->late, link->bytes + verdict->noise, verdict->length - verdict->noise,
                  clock_monotonic_us());
        link->counters.foreign++;
        link->note.foreign++;
    }
    drop_bytes(link, verdict->length);
}

// A refusal says only which unit and function, and the answer to a write of several not what
// was written: while a late answer is awaited it may be that.
static void doubt_answer(const struct link *link, const struct exchange *exchange,
                         const struct answer *answer, struct frame_verdict *verdict)
{
    if (verdict->kind != FRAME_ANSWER)
        return;
    int64_t now_us = clock_monotonic_us();
    if (answer->exception ? late_doubts_exception(&link->late, exchange->request, now_us)
                          : late_doubts_write(&link->late, exchange->request, now_us))
        verdict->kind = FRAME_FOREIGN;
}

// Judges what has been received. False: more must come. True: ret_fault is the outcome.
static bool judge(struct link *link, struct exchange *exchange, struct answer *ret_answer,
                  enum fault *ret_fault)
{
    struct answer answer;
    while (link->length > 0 && !await_echo(link, exchange)) {
        struct frame_verdict verdict =
            frame_match(link->framing, exchange->transaction, exchange->request, link->bytes,
                        link->length, &answer);
        if (verdict.kind == FRAME_NEED_MORE)
            return false;
        if (verdict.kind == FRAME_GARBLED && link->framing == FRAMING_TCP) {
            note(link, "%s", verdict.problem);
            link_close(link);
            *ret_fault = FAULT_GARBLED;
            return true;
        }
        doubt_answer(link, exchange, &answer, &verdict);
        skip_bytes(link, exchange, &verdict);
        if (verdict.kind == FRAME_ANSWER) {
            *ret_answer = answer;
            *ret_fault = take_answer(link, exchange, &answer, verdict.length - verdict.noise);
            return true;
        }
    }
    return false;
}

// What it was when no answer came in time.
static enum fault give_up(struct link *link, const struct exchange *exchange)
{
    const struct link_note *seen = &link->note;
    if (link->framing == FRAMING_TCP) {
        note(link, seen->foreign ? "no answer in time, only late answers to others"
                                 : "no answer in time");
        return FAULT_TIMEOUT;
    }
    drop_unsolicited(link);
    link->is_disturbed = true;
    link->last_byte_us = clock_monotonic_us();
    size_t noise = seen->noise - exchange->noise_before;
    // Unless it was half of somebody's late answer: then this one is still to come.
    link->answer_came = 2 * noise >= frame_response_size(link->framing, exchange->request) &&
                        !late_awaits_any(&link->late, link->last_byte_us);
    if (noise == 0) {
        note(link,
             seen->foreign ? "no answer in time, only frames of others" : "no answer in time");
        return FAULT_TIMEOUT;
    }
    note(link, "%zu bytes came, but no frame that answers: check baud rate, parity and wiring",
         noise);
    return FAULT_GARBLED;
}

static enum fault await_answer(struct link *link, struct exchange *exchange,
                               struct answer *ret_answer)
{
    enum fault fault = FAULT_NONE;
    bool is_late = false;
    while (!judge(link, exchange, ret_answer, &fault)) {
        // One look after the deadline: a thread that was held up must not miss an answer that
        // is there, and a flood must not keep it.
        if (is_late)
            return give_up(link, exchange);
        is_late = clock_monotonic_us() >= exchange->deadline_us;
        enum port_event event = port_wait(&link->port, POLLIN, exchange->deadline_us);
        if (event == PORT_READY)
            event = receive_bytes(link);
        if (event == PORT_CLOSED || event == PORT_BROKEN)
            return fail_link(link, event);
        if (event == PORT_DEADLINE)
            return give_up(link, exchange);
        if (event == PORT_STOPPED) {
            link->is_disturbed = true;
            return FAULT_STOPPED;
        }
    }
    return fault;
}

static bool is_broadcast(const struct link *link, const struct request *request)
{
    return link->framing == FRAMING_RTU && request->unit_id == 0 &&
           pdu_find_function(request->function)->is_write;
}

static enum fault finish_broadcast(struct link *link, const struct exchange *exchange,
                                   struct answer *ret_answer)
{
    *ret_answer = (struct answer){.count = exchange->request->count};
    if (port_wait(&link->port, 0, exchange->asked_us + TURNAROUND_US) == PORT_STOPPED)
        return FAULT_STOPPED;
    return FAULT_NONE;
}

static enum fault exchange_frames(struct link *link, struct exchange *exchange,
                                  int64_t timeout_ms, struct answer *ret_answer)
{
    const struct request *request = exchange->request;
    enum fault fault = link->framing == FRAMING_TCP ? look_at_stream(link) : settle_line(link);
    if (fault != FAULT_NONE)
        return fault;
    exchange->noise_before = link->note.noise;
    size_t both = exchange->frame_length + frame_response_size(link->framing, request);
    exchange->deadline_us =
        clock_monotonic_us() + timeout_ms * US_PER_MS + wire_time_us(link, both);
    fault = send_request(link, exchange);
    if (fault != FAULT_NONE)
        return fault;
    if (is_broadcast(link, request))
        return finish_broadcast(link, exchange, ret_answer);
    return await_answer(link, exchange, ret_answer);
}

enum fault link_transact(struct link *link, const struct request *request, int64_t timeout_ms,
                         struct answer *ret_answer)
{
    link->note = (struct link_note){0};
    link->answer_came = false;
    if (!link_is_open(link)) {
        note(link, "the link is not open");
        return FAULT_LINK;
    }
    if (link->relay)
        return relay_transact(link->relay, request, timeout_ms, ret_answer, &link->note,
                              &link->counters);
    struct exchange exchange = {
        .request = request,
        .transaction = ++link->transaction,
        .expects_echo = link->echoes && pdu_find_function(request->function)->is_single,
    };
    exchange.frame_length =
        frame_build_request(link->framing, exchange.transaction, request, exchange.frame);
    assert(exchange.frame_length > 0);
    enum fault fault = exchange_frames(link, &exchange, timeout_ms, ret_answer);
    link->counters.timeouts += fault == FAULT_TIMEOUT;
    link->counters.garbled += fault == FAULT_GARBLED;
    return fault;
}
