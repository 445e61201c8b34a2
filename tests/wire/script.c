// SPDX-License-Identifier: MIT
#include "wire/script.h"

#include <assert.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/time_units.h"
#include "bus/link_open.h"
#include "bus/link_port.h"
#include "wire/rtu.h"

struct script script;

static void add(struct script_event *list, size_t *count, int64_t at_us, const uint8_t *bytes,
                size_t length)
{
    assert(*count < SCRIPT_SLOTS && length <= SCRIPT_BYTES);
    list[*count].at_us = at_us;
    list[*count].length = length;
    memcpy(list[*count].bytes, bytes, length);
    (*count)++;
}

void script_answer(int64_t after_us, const uint8_t *bytes, size_t length)
{
    add(script.pending, &script.pending_count, after_us, bytes, length);
}

void script_say(int64_t after_us, const uint8_t *bytes, size_t length)
{
    add(script.events, &script.event_count, script.now_us + after_us, bytes, length);
}

static void happen(const struct script_event *event)
{
    if (!event->length) {
        script.is_closed = true;
        return;
    }
    assert(script.received_length + event->length <= SCRIPT_BYTES);
    memcpy(script.received + script.received_length, event->bytes, event->length);
    script.received_length += event->length;
}

// The event that comes first, no later than that; or NULL.
static struct script_event *next_event(int64_t until_us)
{
    struct script_event *next = NULL;
    for (size_t i = 0; i < script.event_count; i++) {
        struct script_event *event = &script.events[i];
        if (event->at_us <= until_us && (!next || event->at_us < next->at_us))
            next = event;
    }
    return next;
}

static void pass_time(int64_t until_us)
{
    struct script_event *event = next_event(until_us);
    if (!event) {
        if (until_us > script.now_us)
            script.now_us = until_us;
        return;
    }
    if (event->at_us > script.now_us)
        script.now_us = event->at_us;
    happen(event);
    *event = script.events[--script.event_count];
}

// ---- base/clock.h

int64_t clock_monotonic_us(void)
{
    return script.now_us;
}

int64_t clock_monotonic_ms(void)
{
    return script.now_us / US_PER_MS;
}

int64_t clock_wall_ms(void)
{
    return script.now_us / US_PER_MS;
}

bool clock_wait(const int *descriptors, size_t count, int64_t until_us)
{
    (void)descriptors;
    (void)count;
    while (script.now_us < until_us)
        pass_time(until_us);
    return false;
}

// ---- bus/link_open.h

int port_check(const struct bus_settings *settings, struct error *err)
{
    (void)settings;
    (void)err;
    return 0;
}

enum port_progress port_open(const struct bus_settings *settings, int64_t timeout_ms,
                             struct port *ret_port, struct error *err)
{
    (void)timeout_ms;
    (void)err;
    script.is_closed = false;
    script.received_length = 0;
    script.opened++;
    ret_port->is_open = true;
    ret_port->is_serial = settings->transport == TRANSPORT_RTU;
    ret_port->descriptor = -1;
    ret_port->guard = -1;
    return PORT_OPENED;
}

int port_opening(const struct port *port, int64_t *ret_until_ms)
{
    (void)port;
    (void)ret_until_ms;
    return -1;
}

void port_done(struct port *port)
{
    port_close(port);
}

void port_close(struct port *port)
{
    port->is_open = false;
}

// ---- bus/link_port.h

enum port_event port_wait(const struct port *port, short events, int64_t deadline_us)
{
    (void)port;
    for (;;) {
        if ((events & POLLIN) && (script.received_length || script.is_closed))
            return PORT_READY;
        if (events & POLLOUT)
            return PORT_READY;
        if (script.now_us >= deadline_us && !next_event(script.now_us))
            return PORT_DEADLINE;
        // Who only looks has a deadline in the past, and still sees what came meanwhile.
        pass_time(deadline_us > script.now_us ? deadline_us : script.now_us);
    }
}

enum port_event port_read(const struct port *port, uint8_t *ret_bytes, size_t size,
                          size_t *ret_length)
{
    (void)port;
    size_t length = script.received_length < size ? script.received_length : size;
    *ret_length = length;
    if (!length)
        return script.is_closed ? PORT_CLOSED : PORT_READY;
    memcpy(ret_bytes, script.received, length);
    script.received_length -= length;
    memmove(script.received, script.received + length, script.received_length);
    script.quiet_us = script.now_us;
    return PORT_READY;
}

static int64_t wire_us(size_t bytes)
{
    const struct bus_settings *settings = script.settings;
    return settings->transport == TRANSPORT_TCP
               ? 0
               : rtu_wire_time_us(settings->baud, settings->parity, settings->stop_bits, bytes);
}

static void check_silence(void)
{
    const struct bus_settings *settings = script.settings;
    if (settings->transport == TRANSPORT_TCP || script.sent_length == 0)
        return;
    int64_t wanted_us = rtu_silence_us(settings->baud, settings->parity, settings->stop_bits);
    script.broke_silence |= script.now_us - script.quiet_us < wanted_us;
}

enum port_event port_send(const struct port *port, const uint8_t *bytes, size_t length,
                          int64_t deadline_us, size_t *ret_sent)
{
    (void)port;
    (void)deadline_us;
    *ret_sent = 0;
    if (script.is_closed)
        return PORT_CLOSED;
    check_silence();
    memcpy(script.sent, bytes, length);
    script.sent_length = length;
    script.sent_count++;
    script.asked_us = script.now_us + wire_us(length);
    script.quiet_us = script.asked_us;
    for (size_t i = 0; i < script.pending_count; i++) {
        const struct script_event *event = &script.pending[i];
        add(script.events, &script.event_count, script.asked_us + event->at_us, event->bytes,
            event->length);
    }
    script.pending_count = 0;
    *ret_sent = length;
    return PORT_READY;
}
