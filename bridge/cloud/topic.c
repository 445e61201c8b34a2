// SPDX-License-Identifier: MIT
#include "cloud/topic.h"

#include <ctype.h>
#include <string.h>

#include "base/strbuf.h"

struct topic_row {
    const char *head;
    const char *tail;
};

static const struct topic_row topic_rows[TOPIC_KIND_COUNT] = {
    [TOPIC_TELEMETRY] = {"v1/from/", "/v1/telemetry"},
    [TOPIC_PROPERTIES] = {"v1/from/", "/v1/properties"},
    [TOPIC_REGISTER] = {"v1/from/", "/v1/register"},
    [TOPIC_RESPONSES] = {"v1/from/", "/v1/command/responses"},
    [TOPIC_LOGS] = {"v1/from/", "/v3/logs"},
    [TOPIC_REQUESTS] = {"v1/to/", "/v1/command/requests"},
};

bool topic_id_is_valid(const char *id)
{
    if (!id || !*id || strlen(id) >= TOPIC_ID_SIZE)
        return false;
    for (const char *at = id; *at; at++) {
        if (!isgraph((unsigned char)*at) || strchr("/+#", *at))
            return false;
    }
    return true;
}

char *topic_new(enum topic_kind kind, const struct device *device)
{
    const struct topic_row *row = &topic_rows[kind];
    struct strbuf topic = {0};
    strbuf_printf(&topic, "%s%s/%s%s", row->head, device->hardware_id, device->channel_id,
                  row->tail);
    return strbuf_take(&topic);
}

enum topic_kind topic_of_properties(const struct cloud_settings *cloud)
{
    static const enum topic_kind kinds[] = {
        [PROPERTIES_TOPIC_PROPERTIES] = TOPIC_PROPERTIES,
        [PROPERTIES_TOPIC_REGISTER] = TOPIC_REGISTER,
    };
    return kinds[cloud->properties_topic];
}

// Copies `length` bytes as an id; false when they are none.
static bool take_id(const char *bytes, size_t length, char ret_id[TOPIC_ID_SIZE])
{
    if (length >= TOPIC_ID_SIZE)
        return false;
    memcpy(ret_id, bytes, length);
    ret_id[length] = '\0';
    return topic_id_is_valid(ret_id);
}

bool topic_parse_request(const char *topic, struct topic_ids *ret_ids)
{
    const struct topic_row *row = &topic_rows[TOPIC_REQUESTS];
    size_t head = strlen(row->head);
    if (strncmp(topic, row->head, head) != 0)
        return false;
    const char *hardware = topic + head;
    const char *slash = strchr(hardware, '/');
    if (!slash)
        return false;
    const char *channel = slash + 1;
    const char *end = strchr(channel, '/');
    if (!end || strcmp(end, row->tail) != 0)
        return false;
    struct topic_ids ids;
    if (!take_id(hardware, (size_t)(slash - hardware), ids.hardware_id) ||
        !take_id(channel, (size_t)(end - channel), ids.channel_id))
        return false;
    *ret_ids = ids;
    return true;
}

int topic_find_device(const struct site *site, int cloud, const char *topic)
{
    struct topic_ids ids;
    if (!topic_parse_request(topic, &ids))
        return NO_INDEX;
    for (size_t i = 0; i < site->device_count; i++) {
        const struct device *device = &site->devices[i];
        if (device->cloud == cloud && strcmp(device->hardware_id, ids.hardware_id) == 0 &&
            strcmp(device->channel_id, ids.channel_id) == 0)
            return (int)i;
    }
    return NO_INDEX;
}
