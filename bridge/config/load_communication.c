// SPDX-License-Identifier: MIT
#include "config/load_communication.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/secret.h"
#include "config/communication_config.h"
#include "config/endpoint.h"

#define PREFIX "ENAPTER_STANDALONE_COMMUNICATION_"

static const char *const variables[] = {PREFIX "CONFIG", "ENAPTER_VUCM_BLOB"};
static const char host_variable[] = PREFIX "OVERRIDE_MQTT_API_HOST";

static const char *environment(const char *name)
{
    const char *text = getenv(name); // NOLINT(concurrency-mt-unsafe): at start
    return text && *text ? text : NULL;
}

// Enapter's own clients verify the chain and not the name, and the certificates are made for
// that.
static void apply(const struct communication_config *config, struct cloud_settings *cloud)
{
    cloud->host = config->host;
    cloud->port = config->port;
    cloud->username = config->username;
    cloud->password.text = config->password;
    cloud->has_tls = config->has_tls;
    cloud->tls = (struct tls_settings){
        .ca.text = config->ca,
        .certificate.text = config->certificate,
        .private_key.text = config->private_key,
        .verify_hostname = false,
    };
    cloud->hardware_id = config->hardware_id;
    cloud->channel_id = config->channel_id;
    cloud->has_ucm = config->is_v1;
}

int load_communication(struct site_loader *loader, const struct node *node,
                       struct cloud_settings *cloud)
{
    struct error err;
    struct communication_config config;
    const char *path = load_site_path(loader, node->text);
    char *text = secret_read(path, SECRECY_PRIVATE, &err);
    if (!text)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "communication_config: %s", err.text);
    int result = communication_config_parse(loader->reader.arena, text, &config, &err);
    secret_free(text);
    if (result < 0)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "communication_config: %s: %s", node->text, err.text);
    apply(&config, cloud);
    return 0;
}

static int override_host(struct site_loader *loader, const struct position *at,
                         struct cloud_settings *cloud)
{
    struct error err;
    const char *text = environment(host_variable);
    uint16_t port = 0;
    if (!text)
        return 0;
    if (config_parse_endpoint(loader->reader.arena, text, cloud->port, &cloud->host, &port,
                              &err) < 0)
        return diagnostics_error(loader->reader.diagnostics, at, "%s: %s", host_variable,
                                 err.text);
    cloud->port = port;
    return 0;
}

void load_environment(struct site_loader *loader, const struct position *at)
{
    for (size_t i = 0; i < ARRAY_LENGTH(variables); i++) {
        struct error err;
        struct communication_config config;
        const char *text = environment(variables[i]);
        if (!text)
            continue;
        struct cloud_settings *cloud = ARENA_NEW(loader->reader.arena, struct cloud_settings);
        cloud->name = "standalone";
        cloud->at = *at;
        if (communication_config_parse(loader->reader.arena, text, &config, &err) < 0) {
            (void)diagnostics_error(loader->reader.diagnostics, at, "%s: %s", variables[i],
                                    err.text);
            return;
        }
        apply(&config, cloud);
        if (override_host(loader, at, cloud) < 0)
            return;
        loader->clouds = cloud;
        loader->cloud_count = 1;
        loader->default_cloud = 0;
        return;
    }
}
