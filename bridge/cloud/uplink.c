// SPDX-License-Identifier: MIT
#include "cloud/uplink.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/time_units.h"
#include "cloud/connection.h"
#include "cloud/mqtt_client.h"
#include "cloud/pacing.h"
#include "cloud/topic.h"

enum {
    TURN_LIMIT_MS = 1000, // the library wants its timers looked at this often
    CLOCK_STEP_MS = 5000, // the wall clock was set when it is off by more between two rounds
    RETRY_FULL_MS = 20,   // main's mailbox was full
    GOODBYE_MS = 300,     // of the time to stop, for DISCONNECT and the end of the thread
    POLLED_STOP = 0,
    POLLED_ARRIVALS,
    POLLED_ORDERS,
    POLLED_CONNECTIONS, // the first of them
};

struct uplink {
    struct connection_hub hub;
    struct mailbox *orders;  // of struct uplink_order, from any thread
    int done_descriptor;     // readable once the thread has ended
    _Atomic int64_t stop_ms; // when to be gone, on the monotonic clock; 0: not stopping
    int64_t wall_ms;         // wall clock minus monotonic clock, at the last round
    bool is_stuck;           // a lookup did not end in time
    pthread_t thread;
    struct pulse pulse;
    struct pollfd *polled;
    size_t count;
    struct connection **connections; // by place in the site; NULL: there is none
    struct connection **retired;     // that are still being looked up
    size_t retired_count;
};

// What is handed over: a message, or a site.
struct uplink_order {
    bool is_site;
    struct uplink_publish message;
    struct uplink_site next;
};

// Frees a connection that is gone, now that its lookup is over. False when it is none.
static bool bury(struct uplink *uplink, struct connection *connection)
{
    for (size_t i = 0; i < uplink->retired_count; i++) {
        if (uplink->retired[i] != connection)
            continue;
        uplink->retired[i] = uplink->retired[--uplink->retired_count];
        connection_bury(connection);
        return true;
    }
    return false;
}

static void take_arrivals(struct uplink *uplink, int64_t now_ms)
{
    struct connection *connection = NULL;
    while (mailbox_take(uplink->hub.arrivals, &connection)) {
        if (!bury(uplink, connection))
            connection_arrive(connection, now_ms);
    }
}

// Another site
// ------------------------------------------------------------------------------

static void widen(struct uplink *uplink, const struct site *site, size_t devices_before)
{
    struct connection_hub *hub = &uplink->hub;
    size_t count = site->cloud_count;
    uplink->polled =
        mem_resize(uplink->polled, POLLED_CONNECTIONS + count, sizeof *uplink->polled);
    uplink->connections = mem_resize(uplink->connections, count, sizeof(struct connection *));
    while (uplink->count < count)
        uplink->connections[uplink->count++] = NULL;
    if (site->device_count <= devices_before)
        return;
    hub->subscriptions =
        mem_resize(hub->subscriptions, site->device_count, sizeof *hub->subscriptions);
    memset(hub->subscriptions + devices_before, 0,
           (site->device_count - devices_before) * sizeof *hub->subscriptions);
}

static void replace(struct uplink *uplink, size_t place, const struct site *site)
{
    struct connection *before = uplink->connections[place];
    bool is_there = site->clouds[place].name[0] != '\0';
    uint32_t session = 0;
    if (before)
        session = connection_retire(before, is_there ? "its settings have changed"
                                                     : "it is not in the site any more");
    if (before && connection_is_looking_up(before)) {
        uplink->retired =
            mem_resize(uplink->retired, uplink->retired_count + 1, sizeof(struct connection *));
        uplink->retired[uplink->retired_count++] = before;
    } else {
        connection_free(before);
    }
    uplink->connections[place] =
        is_there ? connection_new(&uplink->hub, (int)place, session) : NULL;
}

static void take_site(struct uplink *uplink, const struct uplink_site *next)
{
    const struct site *before = uplink->hub.site;
    struct uplink_event event = {.kind = UPLINK_RELOADED};
    widen(uplink, next->site, before->device_count);
    uplink->hub.site = next->site;
    for (size_t i = 0; i < uplink->count; i++) {
        if (next->is_new[i])
            replace(uplink, i, next->site);
        else if (uplink->connections[i])
            connection_adopt(uplink->connections[i], before);
    }
    event_post(&uplink->hub.events, &event);
}

static void take_orders(struct uplink *uplink, int64_t now_ms)
{
    struct uplink_order order;
    while (uplink->hub.events.count == 0 && mailbox_take(uplink->orders, &order)) {
        if (order.is_site) {
            take_site(uplink, &order.next);
            continue;
        }
        struct connection *connection = uplink->connections[order.message.connection];
        if (connection)
            connection_publish(connection, &order.message, now_ms);
        free(order.message.topic);
        free(order.message.payload);
    }
}

static void watch_clock(struct uplink *uplink, int64_t now_ms)
{
    int64_t wall_ms = clock_wall_ms() - now_ms;
    bool is_set = llabs(wall_ms - uplink->wall_ms) > CLOCK_STEP_MS;
    uplink->wall_ms = wall_ms;
    for (size_t i = 0; is_set && i < uplink->count; i++) {
        if (uplink->connections[i])
            connection_clock_was_set(uplink->connections[i], now_ms);
    }
}

static void wait_and_serve(struct uplink *uplink, int limit_ms)
{
    struct pollfd *polled = uplink->polled;
    bool is_stopping = atomic_load(&uplink->stop_ms) != 0;
    bool is_blocked = uplink->hub.events.count != 0;
    polled[POLLED_STOP].fd = is_stopping ? -1 : uplink->hub.stop_descriptor;
    polled[POLLED_ORDERS].fd = is_blocked ? -1 : mailbox_descriptor(uplink->orders);
    for (size_t i = 0; i < uplink->count; i++) {
        struct pollfd *one = &polled[POLLED_CONNECTIONS + i];
        struct connection *connection = uplink->connections[i];
        one->events = 0;
        one->fd = connection ? connection_socket(connection, &one->events) : -1;
        one->revents = 0;
    }
    (void)poll(polled, POLLED_CONNECTIONS + uplink->count,
               is_blocked ? RETRY_FULL_MS : limit_ms);
    for (size_t i = 0; i < uplink->count; i++) {
        if (uplink->connections[i])
            connection_serve(uplink->connections[i], polled[POLLED_CONNECTIONS + i].revents);
    }
}

// How long to sleep until then, at most.
static int time_left(int64_t until_ms, int64_t now_ms)
{
    int64_t left_ms = until_ms - now_ms;
    if (left_ms < 0)
        return 0;
    return left_ms < TURN_LIMIT_MS ? (int)left_ms : TURN_LIMIT_MS;
}

static bool any(const struct uplink *uplink, bool (*is_so)(const struct connection *))
{
    for (size_t i = 0; i < uplink->count; i++) {
        if (uplink->connections[i] && is_so(uplink->connections[i]))
            return true;
    }
    return false;
}

static bool is_looking_up(const struct uplink *uplink)
{
    return uplink->retired_count > 0 || any(uplink, connection_is_looking_up);
}

// One round: everything that came or fell due, then sleep. False when the work is done.
static bool turn(struct uplink *uplink)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t stop_ms = atomic_load(&uplink->stop_ms);
    pulse_give(&uplink->pulse, now_ms + TURN_LIMIT_MS);
    bool is_free = event_flush(&uplink->hub.events);
    watch_clock(uplink, now_ms);
    take_arrivals(uplink, now_ms);
    take_orders(uplink, now_ms);
    int limit_ms = TURN_LIMIT_MS;
    for (size_t i = 0; i < uplink->count; i++) {
        if (!uplink->connections[i])
            continue;
        int64_t due_ms = connection_turn(uplink->connections[i], now_ms, is_free && !stop_ms);
        int left_ms = time_left(due_ms, now_ms);
        limit_ms = left_ms < limit_ms ? left_ms : limit_ms;
    }
    if (stop_ms) {
        bool has_work = any(uplink, connection_is_busy) || is_looking_up(uplink);
        if (!has_work || now_ms >= stop_ms - GOODBYE_MS)
            return false;
        int left_ms = time_left(stop_ms - GOODBYE_MS, now_ms);
        limit_ms = left_ms < limit_ms ? left_ms : limit_ms;
    }
    wait_and_serve(uplink, limit_ms);
    return true;
}

static bool has_socket(const struct connection *connection)
{
    short events = 0;
    return connection_socket(connection, &events) >= 0;
}

static void say_goodbye(struct uplink *uplink)
{
    int64_t until_ms = clock_monotonic_ms() + GOODBYE_MS / 2;
    for (size_t i = 0; i < uplink->count; i++) {
        if (uplink->connections[i])
            connection_close(uplink->connections[i]);
    }
    while (any(uplink, has_socket) && clock_monotonic_ms() < until_ms)
        wait_and_serve(uplink, time_left(until_ms, clock_monotonic_ms()));
}

static void *uplink_main(void *context)
{
    struct uplink *uplink = context;
    (void)pthread_setname_np(pthread_self(), "uplink");
    while (turn(uplink))
        ;
    say_goodbye(uplink);
    pulse_give(&uplink->pulse, PULSE_NONE);
    uplink->is_stuck = is_looking_up(uplink);
    (void)eventfd_write(uplink->done_descriptor, 1);
    return NULL;
}

static int check_ids(const struct site *site, struct error *err)
{
    for (size_t i = 0; i < site->device_count; i++) {
        const struct device *device = &site->devices[i];
        bool is_valid =
            topic_id_is_valid(device->hardware_id) && topic_id_is_valid(device->channel_id);
        if (device->cloud != NO_INDEX && !is_valid)
            return error_set(err, ERROR_CONFIG,
                             "device %s: hardware_id and channel_id must be 1 to 128 letters, "
                             "digits or other printable characters, without space, /, + and #",
                             device->name);
    }
    return 0;
}

static void uplink_free(struct uplink *uplink)
{
    struct uplink_order order;
    while (uplink->orders && mailbox_take(uplink->orders, &order)) {
        free(order.message.topic);
        free(order.message.payload);
    }
    for (size_t i = 0; i < uplink->count; i++)
        connection_free(uplink->connections[i]);
    mailbox_free(uplink->orders);
    mailbox_free(uplink->hub.arrivals);
    if (uplink->hub.stop_descriptor >= 0)
        (void)close(uplink->hub.stop_descriptor);
    if (uplink->done_descriptor >= 0)
        (void)close(uplink->done_descriptor);
    event_done(&uplink->hub.events);
    free(uplink->hub.subscriptions);
    free(uplink->polled);
    free(uplink->connections);
    free(uplink->retired);
    free(uplink);
    mqtt_client_library_end();
}

static struct uplink *uplink_new(const struct site *site, struct mailbox *to_main)
{
    size_t count = site->cloud_count;
    struct uplink *uplink = mem_new(1, sizeof *uplink);
    uplink->hub = (struct connection_hub){
        .site = site,
        .events = {.to_main = to_main},
        .arrivals = mailbox_new(sizeof(struct connection *), 0, CONNECTION_MAX_LOOKUPS),
        .stop_descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
        .subscriptions = mem_new(site->device_count, sizeof(int)),
    };
    uplink->orders =
        mailbox_new(sizeof(struct uplink_order), 0, count * PACING_MAX_IN_FLIGHT + 1);
    uplink->done_descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    uplink->polled = mem_new(POLLED_CONNECTIONS + count, sizeof *uplink->polled);
    uplink->count = count;
    uplink->connections = mem_new(count, sizeof(struct connection *));
    for (size_t i = 0; i < count; i++)
        uplink->connections[i] =
            site->clouds[i].name[0] ? connection_new(&uplink->hub, (int)i, 0) : NULL;
    return uplink;
}

static int uplink_run(struct uplink *uplink, struct error *err)
{
    if (!uplink->hub.arrivals || !uplink->orders || uplink->hub.stop_descriptor < 0 ||
        uplink->done_descriptor < 0)
        return error_set_errno(err, "cannot start the uplink");
    for (size_t i = 0; i < POLLED_CONNECTIONS; i++)
        uplink->polled[i].events = POLLIN;
    uplink->polled[POLLED_ARRIVALS].fd = mailbox_descriptor(uplink->hub.arrivals);
    pulse_give(&uplink->pulse, clock_monotonic_ms() + TURN_LIMIT_MS);
    if (thread_start(&uplink->thread, THREAD_LIBRARY_STACK_BYTES, uplink_main, uplink) != 0)
        return error_set(err, ERROR_FAILED,
                         "cannot start the uplink: the system has no room for another thread");
    return 0;
}

struct uplink *uplink_start(const struct site *site, struct mailbox *to_main, struct error *err)
{
    if (check_ids(site, err) != 0)
        return NULL;
    mqtt_client_library_start();
    struct uplink *uplink = uplink_new(site, to_main);
    if (uplink_run(uplink, err) == 0)
        return uplink;
    uplink_free(uplink);
    return NULL;
}

bool uplink_publish(struct uplink *uplink, const struct uplink_publish *message)
{
    struct uplink_order order = {.message = *message};
    return mailbox_post(uplink->orders, &order);
}

bool uplink_reload(struct uplink *uplink, const struct uplink_site *next)
{
    struct uplink_order order = {.is_site = true, .next = *next};
    return mailbox_post(uplink->orders, &order);
}

struct pulse *uplink_pulse(struct uplink *uplink)
{
    return &uplink->pulse;
}

bool uplink_stop(struct uplink *uplink, int64_t within_ms)
{
    if (!uplink)
        return true;
    int64_t until_ms = clock_monotonic_ms() + within_ms;
    atomic_store(&uplink->stop_ms, until_ms);
    (void)eventfd_write(uplink->hub.stop_descriptor, 1);
    if (!clock_wait(&uplink->done_descriptor, 1, until_ms * US_PER_MS))
        return false;
    (void)pthread_join(uplink->thread, NULL);
    if (uplink->is_stuck)
        return false;
    uplink_free(uplink);
    return true;
}
