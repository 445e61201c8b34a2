// SPDX-License-Identifier: MIT
#include "config/communication_config.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/num.h"
#include "base/secret.h"
#include "base/tls.h"

struct reading {
    struct arena *arena;
    struct error *err;
};

static void free_wiped(void *block)
{
    secret_free(block);
}

// A member that must be a text that is not empty. NULL after an error.
static const char *take_text(const struct reading *reading, const json_t *object,
                             const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!value) {
        (void)error_set(reading->err, ERROR_CONFIG, "its %s is missing", key);
        return NULL;
    }
    if (!json_is_string(value) || json_string_length(value) == 0) {
        (void)error_set(reading->err, ERROR_CONFIG, "its %s is no text, or empty", key);
        return NULL;
    }
    return arena_copy(reading->arena, json_string_value(value), json_string_length(value));
}

// Ids become parts of an MQTT topic.
static const char *take_id(const struct reading *reading, const json_t *object, const char *key)
{
    const char *id = take_text(reading, object, key);
    for (const char *at = id; at && *at; at++) {
        if (isalnum((unsigned char)*at) || strchr("_-.", *at))
            continue;
        (void)error_set(reading->err, ERROR_CONFIG,
                        "its %s is no id: letters, digits, '_', '-' and '.'", key);
        return NULL;
    }
    return id;
}

static int take_port(const struct reading *reading, const json_t *object, uint16_t *ret_port)
{
    const json_t *value = json_object_get(object, "mqtt_port");
    int64_t port = json_is_integer(value) ? json_integer_value(value) : 0;
    if (json_is_string(value))
        (void)num_parse_int(json_string_value(value), &port);
    if (port < 1 || port > UINT16_MAX)
        return error_set(reading->err, ERROR_CONFIG, "its mqtt_port is none from 1 to 65535");
    *ret_port = (uint16_t)port;
    return 0;
}

static int take_place(const struct reading *reading, const json_t *object,
                      struct communication_config *config)
{
    config->host = take_text(reading, object, "mqtt_host");
    if (!config->host)
        return -1;
    for (const char *at = config->host; *at; at++) {
        if (!isalnum((unsigned char)*at) && !strchr("_-.:", *at))
            return error_set(reading->err, ERROR_CONFIG, "its mqtt_host is no host");
    }
    return take_port(reading, object, &config->port);
}

static int take_pems(const struct reading *reading, const json_t *object,
                     const char *const keys[3], struct communication_config *config)
{
    config->has_tls = true;
    config->ca = take_text(reading, object, keys[TLS_CA]);
    config->certificate = config->ca ? take_text(reading, object, keys[TLS_CERTIFICATE]) : NULL;
    config->private_key =
        config->certificate ? take_text(reading, object, keys[TLS_PRIVATE_KEY]) : NULL;
    if (!config->private_key)
        return -1;
    const struct tls_pems pems = {config->ca, config->certificate, config->private_key};
    enum tls_part part;
    if (tls_check(&pems, &part, reading->err) == 0)
        return 0;
    return error_prefix(reading->err, "its %s", keys[part]);
}

static int take_v1(const struct reading *reading, const json_t *object,
                   struct communication_config *config)
{
    static const char *const keys[] = {
        [TLS_CA] = "mqtt_ca",
        [TLS_CERTIFICATE] = "mqtt_cert",
        [TLS_PRIVATE_KEY] = "mqtt_private_key",
    };
    config->is_v1 = true;
    config->hardware_id = take_id(reading, object, "ucm_id");
    return config->hardware_id ? take_pems(reading, object, keys, config) : -1;
}

static int take_credentials(const struct reading *reading, const json_t *credentials,
                            bool has_tls, struct communication_config *config)
{
    static const char *const keys[] = {
        [TLS_CA] = "ca_chain",
        [TLS_CERTIFICATE] = "certificate",
        [TLS_PRIVATE_KEY] = "private_key",
    };
    if (has_tls)
        return take_pems(reading, credentials, keys, config);
    config->username = take_text(reading, credentials, "username");
    config->password = config->username ? take_text(reading, credentials, "password") : NULL;
    return config->password ? 0 : -1;
}

static int take_v3(const struct reading *reading, const json_t *object,
                   struct communication_config *config)
{
    const json_t *credentials = json_object_get(object, "mqtt_credentials");
    const json_t *protocol = json_object_get(object, "mqtt_protocol");
    if (!json_is_object(credentials))
        return error_set(reading->err, ERROR_CONFIG,
                         "it is neither V1 (with ucm_id) nor V3 (with mqtt_credentials)");
    if (!protocol)
        protocol = json_object_get(credentials, "mqtt_protocol");
    if (!protocol)
        protocol = json_object_get(credentials, "protocol");
    const char *name = json_is_string(protocol) ? json_string_value(protocol) : "";
    bool has_tls = strcasecmp(name, "MQTTS") == 0;
    if (!has_tls && strcasecmp(name, "MQTT") != 0)
        return error_set(reading->err, ERROR_CONFIG,
                         "its mqtt_protocol is neither MQTT nor MQTTS");
    config->hardware_id = take_id(reading, object, "hardware_id");
    return config->hardware_id ? take_credentials(reading, credentials, has_tls, config) : -1;
}

static int take_all(const struct reading *reading, const json_t *object,
                    struct communication_config *config)
{
    if (!json_is_object(object))
        return error_set(reading->err, ERROR_CONFIG, "what it encodes is no JSON object");
    bool is_v1 = json_object_get(object, "ucm_id") != NULL;
    if (take_place(reading, object, config) < 0 ||
        (is_v1 ? take_v1 : take_v3)(reading, object, config) < 0)
        return -1;
    config->channel_id = take_id(reading, object, "channel_id");
    return config->channel_id ? 0 : -1;
}

// The reader's own words would quote what it could not read, which may be a key.
static json_t *read_json(const char *bytes, size_t length, struct error *err)
{
    json_error_t at;
    json_t *json = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &at);
    if (!json)
        (void)error_set(err, ERROR_CONFIG, "what it encodes is no JSON (at line %d, column %d)",
                        at.line, at.column);
    return json;
}

int communication_config_parse(struct arena *arena, const char *text,
                               struct communication_config *ret_config, struct error *err)
{
    size_t length = 0;
    char *bytes = base64_decode(text, &length, err);
    if (!bytes)
        return -1;
    json_malloc_t usual_malloc;
    json_free_t usual_free;
    json_get_alloc_funcs(&usual_malloc, &usual_free);
    json_set_alloc_funcs(usual_malloc, free_wiped);
    const struct reading reading = {arena, err};
    struct communication_config config = {0};
    json_t *json = read_json(bytes, length, err);
    int result = json ? take_all(&reading, json, &config) : -1;
    json_decref(json);
    json_set_alloc_funcs(usual_malloc, usual_free);
    secret_free(bytes);
    if (result == 0)
        *ret_config = config;
    return result;
}
