// SPDX-License-Identifier: MIT
#include "cloud/ucm_channel.h"

#include <stdlib.h>

#include "base/clock.h"

static void publish(const struct ucm *ucm, struct mqtt_client *client, enum topic_kind kind,
                    int qos, char *payload)
{
    struct error err;
    int mid = 0;
    char *topic = topic_new(kind, &ucm->self);
    (void)mqtt_client_publish(client, topic, payload, qos, &mid, &err);
    free(topic);
    free(payload);
}

void ucm_channel_open(struct ucm *ucm, const struct cloud_settings *settings,
                      struct mqtt_client *client)
{
    int mid = 0;
    ucm_init(ucm, settings->hardware_id);
    char *topic = topic_new(TOPIC_REQUESTS, &ucm->self);
    mqtt_client_subscribe(client, topic, &mid);
    free(topic);
}

void ucm_channel_turn(struct ucm *ucm, const struct cloud_settings *settings,
                      struct mqtt_client *client, int64_t now_ms)
{
    enum topic_kind kind;
    char *payload = NULL;
    while (ucm_next(ucm, now_ms, clock_wall_ms(), &kind, &payload))
        publish(ucm, client, kind == TOPIC_PROPERTIES ? topic_of_properties(settings) : kind, 0,
                payload);
}

bool ucm_channel_take(const struct ucm *ucm, struct mqtt_client *client, const char *topic,
                      const void *payload, size_t length, bool is_retained)
{
    if (!ucm_is_request(ucm, topic))
        return false;
    char *answer = is_retained ? NULL : ucm_answer(ucm, payload, length);
    if (answer)
        publish(ucm, client, TOPIC_RESPONSES, 1, answer);
    return true;
}
