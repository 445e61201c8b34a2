// SPDX-License-Identifier: MIT
// One MQTT client of the library: dialled, served while its socket is polled, and freed; the
// only owner of mosquitto.h. Nothing here blocks. One thread, the uplink's.
#ifndef CLOUD_MQTT_CLIENT_H
#define CLOUD_MQTT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "cloud/credentials.h"
#include "cloud/pacing.h"
#include "cloud/reason.h"

struct mqtt_client;

// What it calls from within mqtt_client_serve. `context` is mqtt_client_new's.
struct mqtt_client_events {
    void (*greeted)(void *context, int code); // CONNACK; 0: accepted
    void (*subscribed)(void *context, int mid, bool is_granted);
    void (*acknowledged)(void *context, int mid); // the broker has a message of QoS 1
    // Returns before the broker is told that the message arrived.
    void (*received)(void *context, const char *topic, const void *payload, size_t length,
                     bool is_retained);
};

// Before the first and after the last use of anything else here; one thread.
void mqtt_client_library_start(void);
void mqtt_client_library_end(void);

// A client with a clean session that is not connected. The credentials' TLS context must
// outlive it, the password need not; username may be NULL. The caller owns it.
struct mqtt_client *mqtt_client_new(const char *id, const char *username,
                                    const struct credentials *credentials,
                                    const struct mqtt_client_events *events, void *context);

// Closes it without a word and frees it. NULL is allowed.
void mqtt_client_free(struct mqtt_client *client);

// Starts to connect to a numeric address. ERROR_FAILED when that cannot even begin.
int mqtt_client_dial(struct mqtt_client *client, const char *address, uint16_t port,
                     struct error *err);

// How dialling ended, once the socket can be written to or has an error: 0, or an errno.
int mqtt_client_dialled(const struct mqtt_client *client);

// When it wants to be served at the latest, however quiet its socket is; INT64_MAX: whenever.
int64_t mqtt_client_due_ms(const struct mqtt_client *client);

// The socket to poll and for what (POLLIN, POLLOUT); -1 when it has none.
int mqtt_client_socket(const struct mqtt_client *client, bool is_dialling, short *ret_events);

// Reads and writes what poll() said is possible (`events`, 0: nothing), and looks after timers.
// Not while dialling. ERROR_FAILED with the reason for an operator when the connection is over;
// *ret_cause is PACING_CLOSED when the broker ended it in order, else PACING_FAILED.
int mqtt_client_serve(struct mqtt_client *client, short events, enum reason_phase phase,
                      enum pacing_cause *ret_cause, struct error *err);

// Asks for the messages of a topic, QoS 1; *ret_mid is for events.subscribed.
void mqtt_client_subscribe(struct mqtt_client *client, const char *topic, int *ret_mid);

// Whether the broker has left such wishes unanswered for a minute (SUBACK is a must: MQTT
// 3.1.1, section 3.8.4): over such a connection no command would ever come.
bool mqtt_client_is_unheard(const struct mqtt_client *client, int64_t now_ms);

// Asks for them no more.
void mqtt_client_unsubscribe(struct mqtt_client *client, const char *topic);

// Publishes with QoS 0 or 1; *ret_mid is for events.acknowledged. A message of QoS 1 is then
// under way until it is acknowledged or the client is freed. ERROR_FAILED when it can never be
// sent.
int mqtt_client_publish(struct mqtt_client *client, const char *topic, const char *payload,
                        int qos, int *ret_mid, struct error *err);

// Says good-bye to the broker: the socket is gone once that has been served.
void mqtt_client_close(struct mqtt_client *client);

#endif
