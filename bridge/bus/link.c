// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/time_units.h"
#include "bus/link_open.h"
#include "bus/link_state.h"

struct link *link_new(const struct bus_settings *settings, int stop_descriptor,
                      struct error *err)
{
    if (port_check(settings, err) != 0)
        return NULL;
    struct link *link = mem_new(1, sizeof *link);
    link->settings = settings;
    link->framing = settings->transport == TRANSPORT_TCP ? FRAMING_TCP : FRAMING_RTU;
    link->port =
        (struct port){.descriptor = -1, .guard = -1, .stop_descriptor = stop_descriptor};
    if (link->framing == FRAMING_RTU)
        link->silence_us =
            rtu_silence_us(settings->baud, settings->parity, settings->stop_bits);
    return link;
}

void link_free(struct link *link)
{
    if (!link)
        return;
    port_done(&link->port);
    free(link);
}

void link_set_relay(struct link *link, const struct relay *relay)
{
    link->relay = relay;
}

enum link_progress link_go_on_opening(struct link *link, int64_t timeout_ms, struct error *err)
{
    if (link_is_open(link))
        return LINK_OPENED;
    link->port.is_open = link->relay != NULL;
    if (link->relay)
        return LINK_OPENED;
    enum port_progress progress = port_open(link->settings, timeout_ms, &link->port, err);
    if (progress != PORT_OPENED)
        return progress == PORT_OPENING ? LINK_OPENING : LINK_NOT_OPENED;
    link->length = 0;
    // A request that was under way when the link broke may still be leaving.
    int64_t now_us = clock_monotonic_us();
    if (link->last_byte_us < now_us)
        link->last_byte_us = now_us;
    link->is_disturbed = link->framing == FRAMING_RTU;
    link->echoes = false;
    if (!link->port.is_serial)
        late_forget(&link->late);
    return LINK_OPENED;
}

int link_opening(const struct link *link, int64_t *ret_until_ms)
{
    return port_opening(&link->port, ret_until_ms);
}

enum fault link_open(struct link *link, int64_t timeout_ms, struct error *err)
{
    for (;;) {
        enum link_progress progress = link_go_on_opening(link, timeout_ms, err);
        if (progress != LINK_OPENING)
            return progress == LINK_OPENED ? FAULT_NONE : FAULT_LINK;
        int64_t until_ms = 0;
        const int wake[] = {link->port.stop_descriptor, link_opening(link, &until_ms)};
        if (clock_wait(wake, 1, 0)) {
            link_close(link);
            return FAULT_STOPPED;
        }
        (void)clock_wait(wake, ARRAY_LENGTH(wake), until_ms * US_PER_MS);
    }
}

void link_close(struct link *link)
{
    port_close(&link->port);
    link->length = 0;
}

bool link_is_open(const struct link *link)
{
    return link->port.is_open;
}

const struct link_note *link_last_note(const struct link *link)
{
    return &link->note;
}

const struct link_counters *link_counters(const struct link *link)
{
    return &link->counters;
}

void link_await_late(struct link *link, const struct request *request, int64_t for_ms)
{
    int64_t now_us = clock_monotonic_us();
    if (link_late(link) && !link->answer_came)
        late_add(&link->late, request, now_us + for_ms * US_PER_MS, now_us);
}

const struct late *link_late(const struct link *link)
{
    return link->framing == FRAMING_RTU && !link->relay ? &link->late : NULL;
}
