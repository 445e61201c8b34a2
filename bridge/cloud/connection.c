// SPDX-License-Identifier: MIT
#include "cloud/connection.h"

#include <assert.h>
#include <errno.h>
#include <mosquitto.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "cloud/pacing.h"
#include "cloud/probe.h"
#include "cloud/topic.h"

enum {
    KEEPALIVE_S = 60,
    PROBE_LIMIT_MS = 10 * 1000,
    GREETING_LIMIT_MS = 10 * 1000, // until CONNACK
    ACK_LIMIT_MS = 60 * 1000,      // without any PUBACK while messages are under way
};

enum connection_state {
    CONNECTION_WAITING,    // until due_ms
    CONNECTION_CONNECTING, // the attempt's thread owns `client` and `error`
    CONNECTION_GREETING,   // CONNECT was sent; until due_ms
    CONNECTION_ONLINE,
};

// A message the library has and the broker has not acknowledged.
struct flight {
    int mid;
    int64_t row;
};

struct connection {
    struct connection_hub *hub;
    int index;
    const struct cloud_settings *settings;
    char client_id[24]; // MQTT 3.1.1, section 3.1.3.1: up to 23 characters work everywhere
    char area[64];      // of log lines
    enum connection_state state;
    int64_t due_ms;
    struct mosquitto *client;
    pthread_t attempt;
    bool is_broken; // to be taken down, for the reason in `error`
    enum pacing_cause cause;
    struct error error;
    uint32_t session;
    int64_t online_ms;
    int64_t progress_ms; // last acknowledgement, or when the first message left
    struct pacing pacing;
    struct flight flights[PACING_MAX_IN_FLIGHT];
    size_t flight_count;
};

static uint32_t random_number(void)
{
    uint32_t number = 0;
    (void)!getrandom(&number, sizeof number, 0);
    return number;
}

void connection_library_start(void)
{
    (void)mosquitto_lib_init();
}

void connection_library_end(void)
{
    (void)mosquitto_lib_cleanup();
}

struct connection *connection_new(struct connection_hub *hub, int index)
{
    struct connection *connection = mem_new(1, sizeof *connection);
    connection->hub = hub;
    connection->index = index;
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
    mosquitto_destroy(connection->client);
    free(connection);
}

static void break_off(struct connection *connection, enum pacing_cause cause,
                      const char *reason)
{
    if (connection->is_broken)
        return;
    connection->is_broken = true;
    connection->cause = cause;
    (void)error_set(&connection->error, ERROR_FAILED, "%s", reason);
}

static struct uplink_event new_event(const struct connection *connection,
                                     enum uplink_event_kind kind)
{
    return (struct uplink_event){
        .kind = kind, .connection = connection->index, .session = connection->session};
}

// Callbacks of the library: they run inside mosquitto_loop_read ------------------------------

static void subscribe(struct connection *connection)
{
    const struct site *site = connection->hub->site;
    for (size_t i = 0; i < site->device_count; i++) {
        if (site->devices[i].cloud != connection->index)
            continue;
        char *topic = topic_new(TOPIC_REQUESTS, &site->devices[i]);
        (void)mosquitto_subscribe(connection->client, &connection->hub->subscriptions[i], topic,
                                  1);
        free(topic);
    }
}

// Return codes: MQTT 3.1.1, table 3.1.
static void on_connect(struct mosquitto *client, void *context, int code)
{
    static const struct {
        enum pacing_cause cause;
        const char *reason;
    } refusals[] = {
        [1] = {PACING_FAILED, "the broker does not speak MQTT 3.1.1"},
        [2] = {PACING_FAILED, "the broker does not accept our client id"},
        [3] = {PACING_FAILED, "the broker says that it is not available"},
        [4] = {PACING_REFUSED, "wrong user name or password; check username and password_file"},
        [5] = {PACING_REFUSED, "not authorised; check username and password_file, and what "
                               "the broker allows this user"},
    };
    struct connection *connection = context;
    (void)client;
    if (code > 0) {
        bool is_known = (size_t)code < ARRAY_LENGTH(refusals);
        break_off(connection, is_known ? refusals[code].cause : PACING_FAILED,
                  is_known ? refusals[code].reason : "the broker refuses the connection");
        return;
    }
    connection->state = CONNECTION_ONLINE;
    connection->online_ms = clock_monotonic_ms();
    connection->session++;
    subscribe(connection);
    struct uplink_event event = new_event(connection, UPLINK_CONNECTED);
    event_post(&connection->hub->events, &event);
}

static void on_subscribe(struct mosquitto *client, void *context, int mid, int count,
                         const int *granted)
{
    const struct connection *connection = context;
    const struct site *site = connection->hub->site;
    (void)client;
    if (count < 1 || granted[0] <= 2)
        return;
    for (size_t i = 0; i < site->device_count; i++) {
        if (site->devices[i].cloud == connection->index &&
            connection->hub->subscriptions[i] == mid)
            log_line(LOG_LEVEL_WARNING, connection->area,
                     "the broker does not let us receive commands for device %s; check its "
                     "hardware_id and channel_id",
                     site->devices[i].name);
    }
}

static void on_publish(struct mosquitto *client, void *context, int mid)
{
    struct connection *connection = context;
    (void)client;
    for (size_t i = 0; i < connection->flight_count; i++) {
        if (connection->flights[i].mid != mid)
            continue;
        struct uplink_event event = new_event(connection, UPLINK_ACKED);
        event.row = connection->flights[i].row;
        connection->flights[i] = connection->flights[--connection->flight_count];
        connection->progress_ms = clock_monotonic_ms();
        event_post(&connection->hub->events, &event);
        return;
    }
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

// The library sends the PUBACK after this has returned, thanks to mosquitto_threaded_set.
static void on_message(struct mosquitto *client, void *context,
                       const struct mosquitto_message *message)
{
    struct connection *connection = context;
    (void)client;
    int device = topic_find_device(connection->hub->site, connection->index, message->topic);
    if (device == NO_INDEX || message->payloadlen < 0)
        return;
    struct uplink_event event = new_event(connection, UPLINK_REQUEST);
    event.request.device = device;
    event.request.is_retained = message->retain;
    event.request.length = (size_t)message->payloadlen;
    if (event.request.length <= UPLINK_MAX_REQUEST) {
        event.request.payload = mem_new(event.request.length + 1, 1);
        if (event.request.length)
            memcpy(event.request.payload, message->payload, event.request.length);
    }
    post_request(connection, &event);
}

// Connecting ---------------------------------------------------------------------------------

// A fresh object for each attempt: an old one would send on its own what it still holds, beside
// the outbox. With threads "set", packets are written by the loop only.
static struct mosquitto *new_client(struct connection *connection)
{
    const struct cloud_settings *settings = connection->settings;
    struct mosquitto *client = mosquitto_new(connection->client_id, true, connection);
    assert(client && "out of memory");
    (void)mosquitto_threaded_set(client, true);
    (void)mosquitto_max_inflight_messages_set(client, PACING_MAX_IN_FLIGHT);
    if (settings->username)
        (void)mosquitto_username_pw_set(client, settings->username, settings->password);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_subscribe_callback_set(client, on_subscribe);
    mosquitto_publish_callback_set(client, on_publish);
    mosquitto_message_callback_set(client, on_message);
    return client;
}

static void *attempt_main(void *context)
{
    struct connection *connection = context;
    const struct cloud_settings *settings = connection->settings;
    struct error *err = &connection->error;
    err->code = ERROR_NONE;
    if (probe_host(settings->host, settings->port, PROBE_LIMIT_MS,
                   connection->hub->stop_descriptor, err) == 0) {
        int code =
            mosquitto_connect(connection->client, settings->host, settings->port, KEEPALIVE_S);
        if (code == MOSQ_ERR_ERRNO)
            (void)error_set_errno(err, "cannot connect");
        else if (code != MOSQ_ERR_SUCCESS)
            (void)error_set(err, ERROR_FAILED, "cannot connect: %s", mosquitto_strerror(code));
    }
    bool is_posted = mailbox_post(connection->hub->arrivals, &connection->index);
    assert(is_posted && "there is room for every connection");
    (void)is_posted;
    return NULL;
}

static void start_attempt(struct connection *connection)
{
    connection->client = new_client(connection);
    if (pthread_create(&connection->attempt, NULL, attempt_main, connection) == 0)
        connection->state = CONNECTION_CONNECTING;
    else
        break_off(connection, PACING_FAILED, "the system has no room for another thread");
}

void connection_arrive(struct connection *connection, int64_t now_ms)
{
    (void)pthread_join(connection->attempt, NULL);
    connection->state = CONNECTION_GREETING;
    connection->due_ms = now_ms + GREETING_LIMIT_MS;
    connection->is_broken = connection->error.code != ERROR_NONE;
    connection->cause = PACING_FAILED;
}

static void take_down(struct connection *connection, int64_t now_ms)
{
    bool was_online = connection->state == CONNECTION_ONLINE;
    mosquitto_destroy(connection->client);
    connection->client = NULL;
    connection->flight_count = 0;
    connection->is_broken = false;
    connection->state = CONNECTION_WAITING;
    if (was_online)
        pacing_lost(&connection->pacing, now_ms - connection->online_ms);
    bool is_thrown_out = was_online && pacing_is_thrown_out(&connection->pacing);
    int64_t delay_ms = pacing_delay_ms(&connection->pacing, connection->cause, random_number());
    connection->due_ms = now_ms + delay_ms;
    struct uplink_event event = new_event(connection, UPLINK_DISCONNECTED);
    event.disconnected.was_connected = was_online;
    event.disconnected.retry_ms = delay_ms;
    (void)snprintf(
        event.disconnected.reason, sizeof event.disconnected.reason, "%s:%u: %s%s",
        connection->settings->host, connection->settings->port, connection->error.text,
        is_thrown_out ? ", again right after it was made; is another gateway connected as "
                        "the same client?"
                      : "");
    event_post(&connection->hub->events, &event);
}

int64_t connection_turn(struct connection *connection, int64_t now_ms, bool may_connect)
{
    bool is_due = now_ms >= connection->due_ms;
    if (connection->state == CONNECTION_WAITING && is_due && may_connect)
        start_attempt(connection);
    if (connection->state == CONNECTION_GREETING && is_due)
        break_off(connection, PACING_FAILED,
                  "connected, but there is no answer; is this port really an MQTT broker's?");
    if (connection->state == CONNECTION_ONLINE && connection->flight_count &&
        now_ms - connection->progress_ms >= ACK_LIMIT_MS)
        break_off(connection, PACING_FAILED, "the broker acknowledges nothing any more");
    if (connection->is_broken)
        take_down(connection, now_ms);
    bool has_due = connection->state == CONNECTION_GREETING ||
                   (connection->state == CONNECTION_WAITING && may_connect);
    return has_due ? connection->due_ms : INT64_MAX;
}

// Traffic ------------------------------------------------------------------------------------

static bool has_socket(const struct connection *connection)
{
    return connection->state == CONNECTION_GREETING || connection->state == CONNECTION_ONLINE;
}

int connection_socket(const struct connection *connection, short *ret_events)
{
    if (!has_socket(connection))
        return -1;
    *ret_events = (short)(POLLIN | (mosquitto_want_write(connection->client) ? POLLOUT : 0));
    return mosquitto_socket(connection->client);
}

static const char *reason_of(const struct connection *connection, int code)
{
    switch (code) {
    case MOSQ_ERR_CONN_LOST:
        return connection->state == CONNECTION_GREETING
                   ? "the broker closed the connection at once; is this a TLS port?"
                   : "the broker closed the connection";
    case MOSQ_ERR_KEEPALIVE:
        return "the broker does not answer any more";
    case MOSQ_ERR_PROTOCOL:
    case MOSQ_ERR_MALFORMED_PACKET:
        return "what answers does not speak MQTT; is the port right?";
    default:
        return mosquitto_strerror(code);
    }
}

// Takes note of what a call of the library returned.
static void check_call(struct connection *connection, int code)
{
    char text[96];
    if (code == MOSQ_ERR_ERRNO)
        break_off(connection, PACING_FAILED, strerror_r(errno, text, sizeof text));
    else if (code != MOSQ_ERR_SUCCESS)
        break_off(connection, PACING_FAILED, reason_of(connection, code));
}

void connection_serve(struct connection *connection, short events)
{
    struct mosquitto *client = connection->client;
    if (!has_socket(connection))
        return;
    if (events & (POLLIN | POLLHUP | POLLERR))
        check_call(connection, mosquitto_loop_read(client, 1));
    if (!connection->is_broken && mosquitto_want_write(client))
        check_call(connection, mosquitto_loop_write(client, 1));
    if (!connection->is_broken)
        check_call(connection, mosquitto_loop_misc(client));
}

static void refuse_row(const struct connection *connection, int64_t row, const char *hopeless)
{
    struct uplink_event event = new_event(connection, UPLINK_REFUSED);
    event.refused.row = row;
    event.refused.is_hopeless = hopeless != NULL;
    if (hopeless)
        (void)snprintf(event.refused.reason, sizeof event.refused.reason, "%s", hopeless);
    event_post(&connection->hub->events, &event);
}

// The library keeps a QoS 1 message when it says NO_CONN or CONN_LOST: it counts as under way
// until the connection is taken down.
static bool is_under_way(int code)
{
    return code == MOSQ_ERR_SUCCESS || code == MOSQ_ERR_NO_CONN || code == MOSQ_ERR_CONN_LOST;
}

void connection_publish(struct connection *connection, const struct uplink_publish *message,
                        int64_t now_ms)
{
    if (connection->state != CONNECTION_ONLINE || connection->session != message->session)
        return;
    if (connection->flight_count == PACING_MAX_IN_FLIGHT) {
        refuse_row(connection, message->row, NULL);
        return;
    }
    int mid = 0;
    int code = mosquitto_publish(connection->client, &mid, message->topic,
                                 (int)strlen(message->payload), message->payload, 1, false);
    if (!is_under_way(code)) {
        refuse_row(connection, message->row, mosquitto_strerror(code));
        return;
    }
    if (connection->flight_count == 0)
        connection->progress_ms = now_ms;
    connection->flights[connection->flight_count++] = (struct flight){mid, message->row};
}

bool connection_is_connecting(const struct connection *connection)
{
    return connection->state == CONNECTION_CONNECTING;
}

bool connection_is_busy(const struct connection *connection)
{
    return connection->flight_count > 0;
}

void connection_close(struct connection *connection)
{
    if (has_socket(connection))
        (void)mosquitto_disconnect(connection->client);
}
