// SPDX-License-Identifier: MIT
#include "cloud/connection.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/lookup.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/thread.h"
#include "cloud/connection_state.h"
#include "cloud/mqtt_client.h"
#include "cloud/pacing.h"
#include "cloud/reason.h"
#include "cloud/topic.h"
#include "cloud/ucm_channel.h"

enum {
    DIAL_LIMIT_MS = 10 * 1000,     // for each address of a host
    LOOKUP_RETRY_MS = 1000,        // when there are as many already
    GREETING_LIMIT_MS = 10 * 1000, // from TCP's handshake to CONNACK, with TLS's in between
    CLOCK_SPREAD_MS = 2000, // a fleet whose clocks were set together does not come at once
};

static uint32_t random_number(void)
{
    uint32_t number = 0;
    (void)!getrandom(&number, sizeof number, 0);
    return number;
}

struct connection *connection_new(struct connection_hub *hub, int index, uint32_t session)
{
    struct connection *connection = mem_new(1, sizeof *connection);
    connection->hub = hub;
    connection->index = index;
    connection->session = session;
    connection->settings = &hub->site->clouds[index];
    (void)snprintf(connection->client_id, sizeof connection->client_id, "modbridge-%08x%04x",
                   random_number(), random_number() & 0xFFFF);
    (void)snprintf(connection->area, sizeof connection->area, "cloud %s",
                   connection->settings->name);
    return connection;
}

void connection_free(struct connection *connection)
{
    if (!connection)
        return;
    mqtt_client_free(connection->client);
    credentials_done(&connection->credentials);
    free(connection->lookup_host);
    free(connection);
}

static void break_off(struct connection *connection, enum pacing_cause cause,
                      const char *reason)
{
    if (connection->is_broken)
        return;
    connection->is_broken = true;
    connection->cause = cause;
    if (reason != connection->error.text)
        (void)error_set(&connection->error, ERROR_FAILED, "%s", reason);
}

struct uplink_event connection_event(const struct connection *connection,
                                     enum uplink_event_kind kind)
{
    return (struct uplink_event){
        .kind = kind, .connection = connection->index, .session = connection->session};
}

// What the client tells: these run inside mqtt_client_serve
// ------------------------------------------

static void subscribe(struct connection *connection)
{
    const struct site *site = connection->hub->site;
    for (size_t i = 0; i < site->device_count; i++) {
        if (site->devices[i].cloud != connection->index)
            continue;
        char *topic = topic_new(TOPIC_REQUESTS, &site->devices[i]);
        mqtt_client_subscribe(connection->client, topic, &connection->hub->subscriptions[i]);
        free(topic);
    }
}

static void greeted(void *context, int code)
{
    struct connection *connection = context;
    if (code > 0) {
        enum pacing_cause cause;
        const char *reason = reason_of_refusal(code, &cause);
        break_off(connection, cause, reason);
        return;
    }
    connection->state = CONNECTION_ONLINE;
    connection->online_ms = clock_monotonic_ms();
    connection->session++;
    subscribe(connection);
    if (connection->settings->has_ucm)
        ucm_channel_open(&connection->ucm, connection->settings, connection->client);
    struct uplink_event event = connection_event(connection, UPLINK_CONNECTED);
    event_post(&connection->hub->events, &event);
}

static void subscribed(void *context, int mid, bool is_granted)
{
    const struct connection *connection = context;
    const struct site *site = connection->hub->site;
    for (size_t i = 0; !is_granted && i < site->device_count; i++) {
        if (site->devices[i].cloud == connection->index &&
            connection->hub->subscriptions[i] == mid)
            log_line(LOG_LEVEL_WARNING, connection->area,
                     "the broker does not let us receive commands for device %s; check its "
                     "hardware_id and channel_id",
                     site->devices[i].name);
    }
}

static void acknowledged(void *context, int mid)
{
    struct connection *connection = context;
    struct uplink_event event = connection_event(connection, UPLINK_ACKED);
    int64_t now_ms = clock_monotonic_ms();
    if (!flights_take(&connection->flights, mid, now_ms, &event.row))
        return;
    bool makes_room = flights_are_half_back(&connection->flights);
    event.by_ms = makes_room ? now_ms + UPLINK_ACK_MAY_WAIT_MS : MAILBOX_NEVER;
    event_post(&connection->hub->events, &event);
}

// A request is not worth holding up acknowledgements, and a flood of them must not grow.
static void post_request(struct connection *connection, const struct uplink_event *event)
{
    struct connection_hub *hub = connection->hub;
    bool is_posted = event_try(&hub->events, event);
    if (!is_posted) {
        free(event->request.payload);
        if (!hub->is_dropping_requests)
            log_line(LOG_LEVEL_WARNING, connection->area,
                     "too many command requests at once; some get no answer");
    }
    hub->is_dropping_requests = !is_posted;
}

static void received(void *context, const char *topic, const void *payload, size_t length,
                     bool is_retained)
{
    struct connection *connection = context;
    if (connection->settings->has_ucm && ucm_channel_take(&connection->ucm, connection->client,
                                                          topic, payload, length, is_retained))
        return;
    int device = topic_find_device(connection->hub->site, connection->index, topic);
    if (device == NO_INDEX)
        return;
    struct uplink_event event = connection_event(connection, UPLINK_REQUEST);
    event.request.device = device;
    event.request.is_retained = is_retained;
    event.request.length = length;
    if (length <= UPLINK_MAX_REQUEST) {
        event.request.payload = mem_new(length + 1, 1);
        if (length)
            memcpy(event.request.payload, payload, length);
    }
    post_request(connection, &event);
}

static const struct mqtt_client_events client_events = {
    .greeted = greeted,
    .subscribed = subscribed,
    .acknowledged = acknowledged,
    .received = received,
};

// Connecting ---------------------------------------------------------------------------------

static enum reason_phase phase_of(const struct connection *connection)
{
    const struct tls *tls = connection->credentials.tls;
    if (connection->state == CONNECTION_ONLINE)
        return REASON_ONLINE;
    if (connection->state != CONNECTION_GREETING)
        return REASON_DIALING;
    if (!tls)
        return REASON_GREETING;
    return tls_is_established(tls) ? REASON_GREETING_OVER_TLS : REASON_TLS;
}

// Why the address dialled last could not be reached.
static void note_dialing_error(struct connection *connection, int number)
{
    (void)error_set(&connection->error, ERROR_FAILED, "%s",
                    reason_of_errno(REASON_DIALING, number));
}

// Dials the next address that can be dialled.
static void dial(struct connection *connection, int64_t now_ms)
{
    const struct addresses *addresses = &connection->addresses;
    while (connection->next_address < addresses->count) {
        const char *address = addresses->texts[connection->next_address++];
        if (mqtt_client_dial(connection->client, address, connection->settings->port,
                             &connection->error) != 0)
            continue;
        connection->state = CONNECTION_DIALING;
        connection->due_ms = now_ms + DIAL_LIMIT_MS;
        return;
    }
    break_off(connection, PACING_FAILED, connection->error.text);
}

// A fresh client for each attempt: an old one would send on its own what it still holds, beside
// the outbox.
static void begin_dialing(struct connection *connection, int64_t now_ms)
{
    struct credentials *credentials = &connection->credentials;
    connection->client = mqtt_client_new(connection->client_id, connection->settings->username,
                                         credentials, &client_events, connection);
    secret_free(credentials->password); // the library has it now
    credentials->password = NULL;
    connection->next_address = 0;
    dial(connection, now_ms);
}

static void finish_dialing(struct connection *connection, int64_t now_ms)
{
    int number = mqtt_client_dialled(connection->client);
    // What was reset had been made, and may have said why.
    if (number == 0 || number == ECONNRESET || number == EPIPE) {
        connection->state = CONNECTION_GREETING;
        connection->due_ms = now_ms + GREETING_LIMIT_MS;
        return;
    }
    note_dialing_error(connection, number);
    dial(connection, now_ms);
}

static void *lookup_main(void *context)
{
    struct connection *connection = context;
    connection->error.code = ERROR_NONE;
    (void)lookup_name(connection->lookup_host, connection->hub->stop_descriptor,
                      &connection->addresses, &connection->error);
    bool is_posted = mailbox_post(connection->hub->arrivals, &connection);
    assert(is_posted && "there is room for every lookup");
    (void)is_posted;
    return NULL;
}

static void start_lookup(struct connection *connection)
{
    connection->lookup_host = mem_copy_text(connection->settings->host);
    if (thread_start(&connection->lookup, THREAD_STACK_BYTES, lookup_main, connection) != 0) {
        free(connection->lookup_host);
        connection->lookup_host = NULL;
        break_off(connection, PACING_FAILED, "the system has no room for another thread");
        return;
    }
    connection->state = CONNECTION_LOOKING_UP;
    connection->hub->lookup_count++;
}

static void end_lookup(struct connection *connection)
{
    (void)pthread_join(connection->lookup, NULL);
    free(connection->lookup_host);
    connection->lookup_host = NULL;
    connection->hub->lookup_count--;
}

void connection_bury(struct connection *connection)
{
    end_lookup(connection);
    connection_free(connection);
}

void connection_arrive(struct connection *connection, int64_t now_ms)
{
    end_lookup(connection);
    connection->state = CONNECTION_WAITING;
    if (connection->error.code == ERROR_NONE)
        begin_dialing(connection, now_ms);
    else
        break_off(connection, PACING_FAILED, connection->error.text);
}

static void start_attempt(struct connection *connection, int64_t now_ms)
{
    const struct cloud_settings *settings = connection->settings;
    bool is_numeric = lookup_numeric(settings->host, &connection->addresses);
    if (!is_numeric && connection->hub->lookup_count == CONNECTION_MAX_LOOKUPS) {
        connection->due_ms = now_ms + LOOKUP_RETRY_MS;
        return;
    }
    if (credentials_read(settings, &connection->credentials, &connection->error) != 0)
        break_off(connection, PACING_FAILED, connection->error.text);
    else if (is_numeric)
        begin_dialing(connection, now_ms);
    else
        start_lookup(connection);
}

static void take_down(struct connection *connection, int64_t now_ms)
{
    bool was_online = connection->state == CONNECTION_ONLINE;
    const struct tls *tls = connection->credentials.tls;
    connection->is_clock_suspect = tls && tls_is_clock_suspect(tls);
    mqtt_client_free(connection->client);
    connection->client = NULL;
    credentials_done(&connection->credentials);
    connection->flights.count = 0;
    connection->is_broken = false;
    connection->state = CONNECTION_WAITING;
    if (was_online)
        pacing_lost(&connection->pacing, connection->cause, now_ms - connection->online_ms);
    bool is_thrown_out = was_online && pacing_is_thrown_out(&connection->pacing);
    int64_t delay_ms = pacing_delay_ms(&connection->pacing, connection->cause, random_number());
    connection->due_ms = now_ms + delay_ms;
    struct uplink_event event = connection_event(connection, UPLINK_DISCONNECTED);
    event.disconnected.was_connected = was_online;
    event.disconnected.retry_ms = delay_ms;
    (void)snprintf(event.disconnected.reason, sizeof event.disconnected.reason, "%s%s",
                   connection->error.text,
                   is_thrown_out ? ", again right after it was made; is another gateway "
                                   "connected as the same client?"
                                 : "");
    event_post(&connection->hub->events, &event);
}

void connection_clock_was_set(struct connection *connection, int64_t now_ms)
{
    if (connection->state == CONNECTION_WAITING && connection->is_clock_suspect)
        connection->due_ms = now_ms + random_number() % CLOCK_SPREAD_MS;
}

// What the end of the waiting means.
static void take_due(struct connection *connection, int64_t now_ms, bool may_connect)
{
    switch (connection->state) {
    case CONNECTION_WAITING:
        if (may_connect)
            start_attempt(connection, now_ms);
        return;
    case CONNECTION_DIALING:
        note_dialing_error(connection, ETIMEDOUT);
        dial(connection, now_ms);
        return;
    case CONNECTION_GREETING:
        break_off(connection, PACING_FAILED, reason_of_silence(phase_of(connection)));
        return;
    case CONNECTION_LOOKING_UP:
    case CONNECTION_ONLINE:
        return;
    }
}

static int64_t next_due_ms(const struct connection *connection, bool may_connect)
{
    switch (connection->state) {
    case CONNECTION_WAITING:
        return may_connect ? connection->due_ms : INT64_MAX;
    case CONNECTION_DIALING:
        return connection->due_ms;
    case CONNECTION_GREETING: {
        int64_t client_ms = mqtt_client_due_ms(connection->client);
        return client_ms < connection->due_ms ? client_ms : connection->due_ms;
    }
    case CONNECTION_ONLINE:
        return connection->settings->has_ucm ? ucm_due_ms(&connection->ucm) : INT64_MAX;
    case CONNECTION_LOOKING_UP:
        break;
    }
    return INT64_MAX;
}

int64_t connection_turn(struct connection *connection, int64_t now_ms, bool may_connect)
{
    if (now_ms >= connection->due_ms && !connection->is_broken)
        take_due(connection, now_ms, may_connect);
    if (connection->state == CONNECTION_ONLINE &&
        flights_are_stuck(&connection->flights, now_ms))
        break_off(connection, PACING_FAILED, "the broker acknowledges nothing any more");
    if (connection->state == CONNECTION_ONLINE &&
        mqtt_client_is_unheard(connection->client, now_ms))
        break_off(connection, PACING_FAILED, "the broker does not answer our subscriptions");
    if (connection->state == CONNECTION_ONLINE && connection->settings->has_ucm)
        ucm_channel_turn(&connection->ucm, connection->settings, connection->client, now_ms);
    if (connection->is_broken)
        take_down(connection, now_ms);
    return next_due_ms(connection, may_connect);
}

// Traffic ------------------------------------------------------------------------------------

static bool is_served(const struct connection *connection)
{
    return connection->state == CONNECTION_GREETING || connection->state == CONNECTION_ONLINE;
}

int connection_socket(const struct connection *connection, short *ret_events)
{
    bool is_dialing = connection->state == CONNECTION_DIALING;
    if (!is_dialing && !is_served(connection))
        return -1;
    return mqtt_client_socket(connection->client, is_dialing, ret_events);
}

void connection_serve(struct connection *connection, short events)
{
    struct error err;
    enum pacing_cause cause = PACING_FAILED;
    if (connection->state == CONNECTION_DIALING && events)
        finish_dialing(connection, clock_monotonic_ms());
    if (is_served(connection) && !connection->is_broken &&
        mqtt_client_serve(connection->client, events, phase_of(connection), &cause, &err) != 0)
        break_off(connection, cause, err.text);
}

static void refuse_row(const struct connection *connection, int64_t row, const char *hopeless)
{
    struct uplink_event event = connection_event(connection, UPLINK_REFUSED);
    event.refused.row = row;
    event.refused.is_hopeless = hopeless != NULL;
    if (hopeless)
        (void)snprintf(event.refused.reason, sizeof event.refused.reason, "%s", hopeless);
    event_post(&connection->hub->events, &event);
}

void connection_publish(struct connection *connection, const struct uplink_publish *message,
                        int64_t now_ms)
{
    if (connection->state != CONNECTION_ONLINE || connection->session != message->session)
        return;
    if (flights_are_full(&connection->flights)) {
        refuse_row(connection, message->row, NULL);
        return;
    }
    int mid = 0;
    struct error err;
    if (mqtt_client_publish(connection->client, message->topic, message->payload, 1, &mid,
                            &err) != 0) {
        refuse_row(connection, message->row, err.text);
        return;
    }
    flights_add(&connection->flights, mid, message->row, now_ms);
}

bool connection_is_looking_up(const struct connection *connection)
{
    return connection->state == CONNECTION_LOOKING_UP;
}

bool connection_is_busy(const struct connection *connection)
{
    return connection->flights.count > 0;
}

void connection_close(struct connection *connection)
{
    if (is_served(connection))
        mqtt_client_close(connection->client);
}
