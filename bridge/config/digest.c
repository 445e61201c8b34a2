// SPDX-License-Identifier: MIT
#include "config/digest.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/secret.h"

static uint64_t add_number(uint64_t digest, int64_t number)
{
    return hash_bytes(digest, &number, sizeof number);
}

// With its NUL, so that texts do not run into each other; NULL differs from "".
static uint64_t add_text(uint64_t digest, const char *text)
{
    digest = add_number(digest, text != NULL);
    return text ? hash_bytes(digest, text, strlen(text) + 1) : digest;
}

// NOLINTBEGIN(misc-no-recursion): no deeper than MAX_TREE_DEPTH
static uint64_t add_node(uint64_t digest, const struct node *node)
{
    if (!node)
        return add_number(digest, -1);
    digest = add_number(digest, node->kind);
    if (node->kind == NODE_SCALAR) {
        digest = add_number(digest, node->quoted);
        return add_text(digest, node->text);
    }
    digest = add_number(digest, (int64_t)node->count);
    for (size_t i = 0; i < node->count; i++) {
        digest = add_text(digest, node->children[i].key);
        digest = add_node(digest, node->children[i].value);
    }
    return digest;
}
// NOLINTEND(misc-no-recursion)

uint64_t digest_tree(uint64_t digest, const struct node *node)
{
    return add_node(hash_bytes(HASH_START, &digest, sizeof digest), node);
}

// Its ids may be those of the connection's communication config.
uint64_t digest_device(const struct device *device, const struct node *node,
                       const struct cloud_settings *cloud)
{
    uint64_t digest = digest_tree(device->map->digest, node);
    digest = add_text(digest, cloud ? cloud->name : NULL);
    digest = add_text(digest, device->hardware_id);
    return add_text(digest, device->channel_id);
}

// What cannot be read was reported where it is used, or will be.
static uint64_t add_credential(uint64_t digest, const struct credential *credential)
{
    struct error err;
    digest = add_text(digest, credential->path);
    digest = add_text(digest, credential->text);
    char *text = credential->path ? secret_read(credential->path, SECRECY_PUBLIC, &err) : NULL;
    digest = add_text(digest, text);
    secret_free(text);
    return digest;
}

uint64_t digest_cloud(const struct cloud_settings *cloud)
{
    const char *const texts[] = {cloud->name, cloud->host, cloud->username, cloud->hardware_id,
                                 cloud->channel_id};
    const int64_t numbers[] = {cloud->port, cloud->has_tls, cloud->tls.verify_hostname,
                               cloud->properties_topic, cloud->has_ucm};
    const struct credential *const credentials[] = {
        &cloud->password, &cloud->tls.ca, &cloud->tls.certificate, &cloud->tls.private_key};
    uint64_t digest = HASH_START;
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        digest = add_text(digest, texts[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++)
        digest = add_number(digest, numbers[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(credentials); i++)
        digest = add_credential(digest, credentials[i]);
    return digest;
}
