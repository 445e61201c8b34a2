// SPDX-License-Identifier: MIT
#include "base/mem.h"
#include "config/digest.h"
#include "config/endpoint.h"
#include "config/load_communication.h"
#include "config/load_credentials.h"
#include "config/load_site.h"

enum { MQTT_PORT = 1883, MQTT_TLS_PORT = 8883 };

struct cloud_fields {
    const struct node *host;
    int port;
    const char *username;
    const struct node *password_file;
    const struct node *tls;
    int properties_topic;
    const struct node *communication_config;
};

static const struct word topics[] = {
    {"properties", PROPERTIES_TOPIC_PROPERTIES}, {"register", PROPERTIES_TOPIC_REGISTER}, {0}};

// clang-format off
static const struct field cloud_rows[] = {
    {.name = "host", .kind = FIELD_FORMULA, FIELD_AT(cloud_fields, host), .shape = "name or address", .help = "the MQTT broker"},
    {.name = "port", .kind = FIELD_INT, FIELD_AT(cloud_fields, port), .min = 1, .max = 65535, .initial = "1883, with tls 8883", .help = "its port"},
    {.name = "username", .kind = FIELD_TEXT, FIELD_AT(cloud_fields, username), .help = "user at the broker"},
    {.name = "password_file", .kind = FIELD_FORMULA, FIELD_AT(cloud_fields, password_file), .shape = "path", .help = "file that holds the password and nothing else; only its owner may read it"},
    {.name = "tls", .kind = FIELD_NODE, FIELD_AT(cloud_fields, tls), .table = &table_tls, .help = "encryption, TLS 1.2 or later"},
    {.name = "properties_topic", .kind = FIELD_WORD, FIELD_AT(cloud_fields, properties_topic), .words = topics, .initial = "properties", .help = "last word of the topic of properties"},
    {.name = "communication_config", .kind = FIELD_FORMULA, FIELD_AT(cloud_fields, communication_config), .shape = "path", .help = "file that Enapter issues for a standalone device, instead of the keys above; only its owner may read it"},
};
// clang-format on

const struct field_table table_cloud = {
    .name = "a cloud connection",
    .help = "a named connection to Enapter",
    .rows = cloud_rows,
    .count = ARRAY_LENGTH(cloud_rows),
};

const char *load_site_path(struct site_loader *loader, const char *path)
{
    if (path[0] == '/')
        return path;
    return arena_printf(loader->reader.arena, "%s/%s", loader->folder, path);
}

static int load_host(struct site_loader *loader, const struct child *child,
                     const struct cloud_fields *fields, struct cloud_settings *cloud)
{
    struct error err;
    uint16_t port = 0;
    const struct node *host = fields->host;
    if (!host)
        return diagnostics_error(loader->reader.diagnostics, &child->key_at,
                                 "'%s' needs host: the MQTT broker", child->key);
    if (config_parse_endpoint(loader->reader.arena, host->text, 1, &cloud->host, &port, &err) <
        0)
        return diagnostics_error(loader->reader.diagnostics, &host->at, "host: %s", err.text);
    if (port != 1)
        return diagnostics_error(loader->reader.diagnostics, &host->at,
                                 "host: the port has a key of its own: port: %d", port);
    return 0;
}

static int load_broker(struct site_loader *loader, const struct child *child,
                       const struct cloud_fields *fields, struct cloud_settings *cloud)
{
    int usual_port = fields->tls ? MQTT_TLS_PORT : MQTT_PORT;
    cloud->port = (uint16_t)(fields->port ? fields->port : usual_port);
    cloud->username = fields->username;
    cloud->has_tls = fields->tls != NULL;
    int result = load_host(loader, child, fields, cloud);
    if (fields->tls && load_tls(loader, fields->tls, &cloud->tls) < 0)
        result = -1;
    if (fields->password_file && !fields->username)
        return diagnostics_error(loader->reader.diagnostics, &fields->password_file->at,
                                 "password_file: a password needs a username");
    if (fields->password_file &&
        load_password(loader, fields->password_file, &cloud->password) < 0)
        result = -1;
    return result;
}

// A communication config says everything about the broker itself.
static int check_alone(struct site_loader *loader, const struct child *child)
{
    static const char *const others[] = {"host", "port", "username", "password_file", "tls"};
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        const struct node *other = tree_find(child->value, others[i]);
        if (other)
            return diagnostics_error(loader->reader.diagnostics, &other->at,
                                     "%s: the communication_config says that already",
                                     others[i]);
    }
    return 0;
}

static int load_cloud(struct site_loader *loader, const struct child *child,
                      struct cloud_settings *cloud)
{
    const struct reader *reader = &loader->reader;
    struct cloud_fields fields = {0};
    struct layers layers = {{child->value}};
    if (check_label(reader, child->key, &child->key_at) < 0 ||
        fields_read(reader, &table_cloud, &layers, &fields) < 0)
        return -1;
    *cloud = (struct cloud_settings){
        .name = child->key,
        .at = child->key_at,
        .properties_topic = (enum properties_topic)fields.properties_topic,
    };
    if (!fields.communication_config)
        return load_broker(loader, child, &fields, cloud);
    if (check_alone(loader, child) < 0)
        return -1;
    return load_communication(loader, fields.communication_config, cloud);
}

void load_clouds(struct site_loader *loader, const struct node *node)
{
    if (!node || fields_expect_mapping(&loader->reader, node, "cloud") < 0)
        return;
    if (node->count > MAX_CLOUDS) {
        (void)diagnostics_error(loader->reader.diagnostics, &node->at,
                                "more than %d cloud connections", MAX_CLOUDS);
        return;
    }
    loader->clouds = ARENA_NEW_ARRAY(loader->reader.arena, node->count, struct cloud_settings);
    for (size_t i = 0; i < node->count; i++) {
        // Also a broken one keeps its name, so that devices that use it are not findings too.
        struct cloud_settings *cloud = &loader->clouds[loader->cloud_count++];
        if (load_cloud(loader, &node->children[i], cloud) < 0)
            *cloud = (struct cloud_settings){.name = node->children[i].key,
                                             .at = node->children[i].key_at};
        else
            cloud->digest = digest_cloud(cloud);
    }
}
