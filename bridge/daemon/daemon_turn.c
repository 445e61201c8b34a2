// SPDX-License-Identifier: MIT
#include <poll.h>
#include <signal.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/stop_signals.h"
#include "daemon/daemon_state.h"

enum { LONGEST_WAIT_MS = 60 * 1000 };

void daemon_publish_due(struct daemon *daemon)
{
    struct feed_outlet outlet = inbox_outlet(daemon);
    int64_t now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < daemon->site->device_count; i++) {
        if (feed_next_ms(&daemon->feeds[i]) <= now_ms)
            feed_publish(&daemon->feeds[i], now_ms, clock_wall_ms(), &outlet);
    }
    outgoing_pump(&daemon->outgoing);
}

// When there is something to do, whatever comes: the mailboxes are told, so that what can wait
// until then wakes nobody.
static int64_t next_ms(struct daemon *daemon, int64_t now_ms)
{
    int64_t until_ms = requests_turn(&daemon->requests, now_ms);
    until_ms = clock_earlier(until_ms, outgoing_next_ms(&daemon->outgoing, now_ms));
    until_ms = clock_earlier(until_ms, control_next_ms(daemon->control));
    until_ms = clock_earlier(until_ms, status_next_ms(&daemon->status));
    until_ms = clock_earlier(until_ms, watch_next_ms(&daemon->service.watch));
    until_ms = clock_earlier(until_ms, reload_turn(daemon, now_ms));
    for (size_t i = 0; i < daemon->site->device_count; i++)
        until_ms = clock_earlier(until_ms, feed_next_ms(&daemon->feeds[i]));
    until_ms = clock_earlier(until_ms, now_ms + LONGEST_WAIT_MS);
    mailbox_look_at(daemon->from_buses, until_ms);
    bool wants_acks = outgoing_awaits_room(&daemon->outgoing);
    mailbox_look_at(daemon->from_uplink, wants_acks ? INT64_MAX : until_ms);
    return until_ms;
}

static int wait_ms(struct daemon *daemon)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t until_ms = next_ms(daemon, now_ms);
    return until_ms <= now_ms ? 0 : (int)(until_ms - now_ms);
}

static void serve_control(struct daemon *daemon, bool is_readable)
{
    int64_t now_ms = clock_monotonic_ms();
    if (is_readable || now_ms >= control_next_ms(daemon->control))
        control_turn(daemon->control, now_ms);
    status_turn(&daemon->status, now_ms);
    guest_desk_turn(daemon, now_ms);
}

// False when it asks to stop.
static bool take_signal(struct daemon *daemon)
{
    if (signals_take(daemon->signals) != SIGHUP)
        return false;
    reload_want(daemon);
    return true;
}

bool daemon_turn(struct daemon *daemon)
{
    enum { SIGNALS, CONTROL };
    int sleep_ms = wait_ms(daemon); // first: it may begin something that is to be polled
    struct pollfd wake[] = {
        [SIGNALS] = {.fd = daemon->signals, .events = POLLIN},
        [CONTROL] = {.fd = control_descriptor(daemon->control), .events = POLLIN},
        {.fd = mailbox_descriptor(daemon->from_buses), .events = POLLIN},
        {.fd = mailbox_descriptor(daemon->from_uplink), .events = POLLIN},
        {.fd = mailbox_descriptor(daemon->from_store), .events = POLLIN},
        {.fd = mailbox_descriptor(daemon->desk.answers), .events = POLLIN},
        {.fd = loading_descriptor(&daemon->reload.loading), .events = POLLIN},
    };
    (void)poll(wake, ARRAY_LENGTH(wake), sleep_ms);
    inbox_drain(daemon);
    daemon_publish_due(daemon);
    serve_control(daemon, wake[CONTROL].revents != 0);
    daemon_service_turn(daemon);
    return !(wake[SIGNALS].revents & POLLIN) || take_signal(daemon);
}

void daemon_drain_until(struct daemon *daemon, bool (*is_over)(const struct daemon *),
                        int64_t within_ms)
{
    int64_t end_ms = clock_monotonic_ms() + within_ms;
    mailbox_look_at(daemon->from_buses, INT64_MAX); // nothing can wait any more
    mailbox_look_at(daemon->from_uplink, INT64_MAX);
    for (int64_t now_ms = clock_monotonic_ms(); now_ms < end_ms && !is_over(daemon);
         now_ms = clock_monotonic_ms()) {
        struct pollfd wake[] = {
            {.fd = mailbox_descriptor(daemon->from_buses), .events = POLLIN},
            {.fd = mailbox_descriptor(daemon->from_uplink), .events = POLLIN},
            {.fd = mailbox_descriptor(daemon->from_store), .events = POLLIN},
        };
        (void)poll(wake, ARRAY_LENGTH(wake), (int)(end_ms - now_ms));
        inbox_drain(daemon);
    }
}
