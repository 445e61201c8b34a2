// SPDX-License-Identifier: MIT
#include "cloud/mqtt_client.h"

#include <errno.h>
#include <mosquitto.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cloud/pacing.h"

enum {
    KEEPALIVE_S = 60,
    MAX_LAST_WORDS = 8, // packets or TLS messages
    HOLD_MS = 100,      // between the TLS handshake and CONNECT
    SUBACK_LIMIT_MS = 60 * 1000,
};

struct mqtt_client {
    struct mosquitto *library;
    const struct tls *tls; // NULL: without TLS
    int64_t held_until_ms; // nothing is written before; 0: not known yet
    const struct mqtt_client_events *events;
    void *context;
    unsigned unconfirmed; // topics asked for without an answer
    int64_t asked_ms;     // the first of them, or the last answer
};

void mqtt_client_library_start(void)
{
    (void)mosquitto_lib_init();
}

void mqtt_client_library_end(void)
{
    (void)mosquitto_lib_cleanup();
}

// Callbacks of the library: they run inside mosquitto_loop_read ------------------------------

static void on_connect(struct mosquitto *library, void *context, int code)
{
    const struct mqtt_client *client = context;
    (void)library;
    client->events->greeted(client->context, code);
}

static void on_subscribe(struct mosquitto *library, void *context, int mid, int count,
                         const int *granted)
{
    struct mqtt_client *client = context;
    (void)library;
    client->unconfirmed -= client->unconfirmed > 0;
    client->asked_ms = clock_monotonic_ms();
    if (count > 0)
        client->events->subscribed(client->context, mid, granted[0] <= 2);
}

static void on_publish(struct mosquitto *library, void *context, int mid)
{
    const struct mqtt_client *client = context;
    (void)library;
    client->events->acknowledged(client->context, mid);
}

// The library sends the PUBACK after this has returned, thanks to mosquitto_threaded_set.
static void on_message(struct mosquitto *library, void *context,
                       const struct mosquitto_message *message)
{
    const struct mqtt_client *client = context;
    (void)library;
    if (message->payloadlen >= 0)
        client->events->received(client->context, message->topic, message->payload,
                                 (size_t)message->payloadlen, message->retain);
}

// A code of the library; without memory the process ends.
static int checked(int code)
{
    if (code == MOSQ_ERR_NOMEM)
        mem_exhausted();
    return code;
}

// With threads "set", packets are written by the loop only.
struct mqtt_client *mqtt_client_new(const char *id, const char *username,
                                    const struct credentials *credentials,
                                    const struct mqtt_client_events *events, void *context)
{
    struct mqtt_client *client = mem_new(1, sizeof *client);
    struct mosquitto *library = mosquitto_new(id, true, client);
    if (!library)
        mem_exhausted();
    *client = (struct mqtt_client){
        .library = library, .tls = credentials->tls, .events = events, .context = context};
    (void)mosquitto_threaded_set(library, true);
    (void)mosquitto_max_inflight_messages_set(library, PACING_MAX_IN_FLIGHT);
    if (username)
        (void)checked(mosquitto_username_pw_set(library, username, credentials->password));
    if (credentials->tls) {
        (void)mosquitto_int_option(library, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
        (void)mosquitto_void_option(library, MOSQ_OPT_SSL_CTX,
                                    tls_library_context(credentials->tls));
    }
    mosquitto_connect_callback_set(library, on_connect);
    mosquitto_subscribe_callback_set(library, on_subscribe);
    mosquitto_publish_callback_set(library, on_publish);
    mosquitto_message_callback_set(library, on_message);
    return client;
}

void mqtt_client_free(struct mqtt_client *client)
{
    if (!client)
        return;
    mosquitto_destroy(client->library);
    free(client);
}

// Dialling and serving -----------------------------------------------------------------------

static const char *reason_of_code(int code, enum reason_phase phase)
{
    switch (code) {
    case MOSQ_ERR_ERRNO:
        return reason_of_errno(phase, errno);
    case MOSQ_ERR_TLS:
    case MOSQ_ERR_CONN_LOST:
        return reason_of_close(phase);
    case MOSQ_ERR_KEEPALIVE:
        return reason_of_silence(phase);
    case MOSQ_ERR_PROTOCOL:
    case MOSQ_ERR_MALFORMED_PACKET:
        return reason_of_garbage(phase);
    default:
        return mosquitto_strerror(code);
    }
}

// What TLS knows explains it best.
static int fail(const struct mqtt_client *client, int code, enum reason_phase phase,
                struct error *err)
{
    if (phase == REASON_TLS && tls_is_established(client->tls))
        phase = REASON_GREETING_OVER_TLS;
    const char *reason = reason_of_code(code, phase);
    const char *cause = client->tls ? tls_cause(client->tls) : NULL;
    return error_set(err, ERROR_FAILED, "%s", cause ? cause : reason);
}

// CONNECT follows by itself, behind the TLS handshake, as soon as the library is served; it is
// not served before TCP is connected, because it would turn in circles until then.
int mqtt_client_dial(struct mqtt_client *client, const char *address, uint16_t port,
                     struct error *err)
{
    errno = 0;
    if (client->tls)
        tls_forget_errors();
    int code = checked(mosquitto_connect_async(client->library, address, port, KEEPALIVE_S));
    return code == MOSQ_ERR_SUCCESS ? 0 : fail(client, code, REASON_DIALING, err);
}

int mqtt_client_dialled(const struct mqtt_client *client)
{
    int number = 0;
    socklen_t size = sizeof number;
    if (getsockopt(mosquitto_socket(client->library), SOL_SOCKET, SO_ERROR, &number, &size) !=
        0)
        number = errno;
    return number;
}

// With TLS 1.3 the handshake is done for us before the broker has looked at our certificate.
// What it says of it would be lost if we wrote into a connection that it has closed meanwhile.
static bool is_held(const struct mqtt_client *client)
{
    return client->held_until_ms > clock_monotonic_ms();
}

static void hold_after_handshake(struct mqtt_client *client)
{
    if (client->tls && !client->held_until_ms && tls_is_established(client->tls))
        client->held_until_ms = clock_monotonic_ms() + HOLD_MS;
}

int64_t mqtt_client_due_ms(const struct mqtt_client *client)
{
    return is_held(client) ? client->held_until_ms : INT64_MAX;
}

int mqtt_client_socket(const struct mqtt_client *client, bool is_dialling, short *ret_events)
{
    bool has_output = !is_held(client) && mosquitto_want_write(client->library);
    *ret_events = (short)(is_dialling ? POLLOUT : POLLIN | (has_output ? POLLOUT : 0));
    return mosquitto_socket(client->library);
}

// What was sent before a connection was reset can still be read: it may say why. The library
// takes a handshake that was reset for one that goes on, and would be called for ever.
static int read_last_words(struct mqtt_client *client)
{
    int code = MOSQ_ERR_SUCCESS;
    for (int i = 0; i < MAX_LAST_WORDS && code == MOSQ_ERR_SUCCESS; i++)
        code = mosquitto_loop_read(client->library, 1);
    return code == MOSQ_ERR_SUCCESS ? MOSQ_ERR_CONN_LOST : code;
}

static int read_events(struct mqtt_client *client, short events, enum reason_phase phase)
{
    if (phase != REASON_ONLINE && (events & (POLLHUP | POLLERR)))
        return read_last_words(client);
    if (events & (POLLIN | POLLHUP | POLLERR))
        return mosquitto_loop_read(client->library, 1);
    return MOSQ_ERR_SUCCESS;
}

// The library says the same of a connection that was closed in order and of one that was reset.
static enum pacing_cause cause_of(int code, short events)
{
    bool is_closed = code == MOSQ_ERR_CONN_LOST || code == MOSQ_ERR_TLS;
    return is_closed && !(events & POLLERR) ? PACING_CLOSED : PACING_FAILED;
}

int mqtt_client_serve(struct mqtt_client *client, short events, enum reason_phase phase,
                      enum pacing_cause *ret_cause, struct error *err)
{
    struct mosquitto *library = client->library;
    if (client->tls)
        tls_forget_errors();
    int code = read_events(client, events, phase);
    hold_after_handshake(client);
    if (code == MOSQ_ERR_SUCCESS && !is_held(client) && mosquitto_want_write(library))
        code = mosquitto_loop_write(library, 1);
    if (code == MOSQ_ERR_SUCCESS)
        code = mosquitto_loop_misc(library);
    if (checked(code) == MOSQ_ERR_SUCCESS)
        return 0;
    *ret_cause = cause_of(code, events);
    return fail(client, code, phase, err);
}

void mqtt_client_subscribe(struct mqtt_client *client, const char *topic, int *ret_mid)
{
    (void)checked(mosquitto_subscribe(client->library, ret_mid, topic, 1));
    if (client->unconfirmed++ == 0)
        client->asked_ms = clock_monotonic_ms();
}

bool mqtt_client_is_unheard(const struct mqtt_client *client, int64_t now_ms)
{
    return client->unconfirmed > 0 && now_ms - client->asked_ms >= SUBACK_LIMIT_MS;
}

void mqtt_client_unsubscribe(struct mqtt_client *client, const char *topic)
{
    (void)checked(mosquitto_unsubscribe(client->library, NULL, topic));
}

// The library keeps a QoS 1 message when it says NO_CONN or CONN_LOST.
int mqtt_client_publish(struct mqtt_client *client, const char *topic, const char *payload,
                        int qos, int *ret_mid, struct error *err)
{
    int code = checked(mosquitto_publish(client->library, ret_mid, topic, (int)strlen(payload),
                                         payload, qos, false));
    if (code == MOSQ_ERR_SUCCESS || code == MOSQ_ERR_NO_CONN || code == MOSQ_ERR_CONN_LOST)
        return 0;
    return error_set(err, ERROR_FAILED, "%s", mosquitto_strerror(code));
}

void mqtt_client_close(struct mqtt_client *client)
{
    (void)mosquitto_disconnect(client->library);
}
