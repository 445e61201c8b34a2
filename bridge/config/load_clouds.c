// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "config/endpoint.h"
#include "config/load_site.h"

enum { MQTT_PORT = 1883, MAX_PASSWORD = 4096 };

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
    {.name = "port", .kind = FIELD_INT, FIELD_AT(cloud_fields, port), .min = 1, .max = 65535, .initial = "1883", .help = "its port"},
    {.name = "username", .kind = FIELD_TEXT, FIELD_AT(cloud_fields, username), .help = "user at the broker"},
    {.name = "password_file", .kind = FIELD_FORMULA, FIELD_AT(cloud_fields, password_file), .shape = "path", .help = "file that holds the password and nothing else; only its owner may read it"},
    {.name = "tls", .kind = FIELD_NODE, FIELD_AT(cloud_fields, tls), .shape = "{ca, certificate, private_key, verify_hostname}", .help = "encryption (not supported yet)"},
    {.name = "properties_topic", .kind = FIELD_WORD, FIELD_AT(cloud_fields, properties_topic), .words = topics, .initial = "properties", .help = "last word of the topic of properties"},
    {.name = "communication_config", .kind = FIELD_NODE, FIELD_AT(cloud_fields, communication_config), .shape = "path", .help = "file that Enapter issues for a standalone device (not supported yet)"},
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

static int report_file(struct site_loader *loader, const struct node *node, const char *path)
{
    char reason[96];
    return diagnostics_error(loader->reader.diagnostics, &node->at,
                             "password_file: %s cannot be read: %s", path,
                             strerror_r(errno, reason, sizeof reason));
}

// The descriptor is checked, not the name: nobody can exchange the file in between.
static int check_permissions(struct site_loader *loader, const struct node *node,
                             const char *path, FILE *file)
{
    struct stat status;
    if (fstat(fileno(file), &status) < 0)
        return report_file(loader, node, path);
    if (!S_ISREG(status.st_mode))
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "password_file: %s is no file", path);
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "password_file: others than its owner may read %s: chmod 600 "
                                 "%s",
                                 path, path);
    return 0;
}

// One line, whose end is no part of the password.
static int read_password(struct site_loader *loader, const struct node *node, const char *path,
                         FILE *file, const char **ret_password)
{
    char password[MAX_PASSWORD + 2];
    size_t length = fread(password, 1, sizeof password - 1, file);
    if (ferror(file))
        return report_file(loader, node, path);
    while (length > 0 && strchr("\r\n", password[length - 1]))
        length--;
    password[length] = '\0';
    if (length == 0 || length > MAX_PASSWORD || strlen(password) != length ||
        strpbrk(password, "\r\n"))
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "password_file: %s must hold one line, the password", path);
    *ret_password = arena_text(loader->reader.arena, password);
    explicit_bzero(password, sizeof password);
    return 0;
}

static int load_password(struct site_loader *loader, const struct node *node,
                         const char **ret_password)
{
    const char *path = load_site_path(loader, node->text);
    // Without blocking, since opening a pipe would wait for somebody to write.
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "r");
    if (!file)
        return report_file(loader, node, path);
    int result = check_permissions(loader, node, path, file);
    if (result == 0)
        result = read_password(loader, node, path, file, ret_password);
    (void)fclose(file);
    return result;
}

static int check_supported(struct site_loader *loader, const struct cloud_fields *fields)
{
    int result = 0;
    if (fields->tls)
        result = diagnostics_error(loader->reader.diagnostics, &fields->tls->at,
                                   "tls: encrypted connections are not supported yet");
    if (fields->communication_config)
        result =
            diagnostics_error(loader->reader.diagnostics, &fields->communication_config->at,
                              "communication_config: not supported yet: give host, port "
                              "and user");
    return result;
}

static int load_cloud(struct site_loader *loader, const struct child *child,
                      struct cloud_settings *cloud)
{
    const struct reader *reader = &loader->reader;
    struct cloud_fields fields = {.port = MQTT_PORT};
    struct layers layers = {{child->value}};
    struct error err;
    uint16_t port = 0;
    if (check_label(reader, child->key, &child->key_at) < 0 ||
        fields_read(reader, &table_cloud, &layers, &fields) < 0 ||
        check_supported(loader, &fields) < 0)
        return -1;
    *cloud = (struct cloud_settings){
        .name = child->key,
        .at = child->key_at,
        .port = (uint16_t)fields.port,
        .username = fields.username,
        .properties_topic = (enum properties_topic)fields.properties_topic,
    };
    if (!fields.host)
        return diagnostics_error(reader->diagnostics, &child->key_at,
                                 "'%s' needs host: the MQTT broker", child->key);
    if (config_parse_endpoint(reader->arena, fields.host->text, 1, &cloud->host, &port, &err) <
        0)
        return diagnostics_error(reader->diagnostics, &fields.host->at, "host: %s", err.text);
    if (port != 1)
        return diagnostics_error(reader->diagnostics, &fields.host->at,
                                 "host: the port has a key of its own: port: %d", port);
    if (fields.password_file && !fields.username)
        return diagnostics_error(reader->diagnostics, &fields.password_file->at,
                                 "password_file: a password needs a username");
    if (fields.password_file)
        return load_password(loader, fields.password_file, &cloud->password);
    return 0;
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
    }
}
