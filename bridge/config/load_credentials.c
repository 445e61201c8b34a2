// SPDX-License-Identifier: MIT
#include "config/load_credentials.h"

#include "base/mem.h"
#include "base/secret.h"
#include "base/tls.h"

struct tls_fields {
    const struct node *ca;
    const struct node *certificate;
    const struct node *private_key;
    bool verify_hostname;
};

// clang-format off
static const struct field tls_rows[] = {
    {.name = "ca", .kind = FIELD_FORMULA, FIELD_AT(tls_fields, ca), .required = true, .shape = "path", .help = "PEM file of the CA that the broker's certificate must come from; no other is trusted"},
    {.name = "certificate", .kind = FIELD_FORMULA, FIELD_AT(tls_fields, certificate), .shape = "path", .help = "PEM file of our certificate, when the broker wants one"},
    {.name = "private_key", .kind = FIELD_FORMULA, FIELD_AT(tls_fields, private_key), .shape = "path", .help = "PEM file of its key, not encrypted; only its owner may read it"},
    {.name = "verify_hostname", .kind = FIELD_BOOL, FIELD_AT(tls_fields, verify_hostname), .initial = "true", .help = "whether the broker's certificate must be for host"},
};
// clang-format on

const struct field_table table_tls = {
    .name = "tls",
    .help = "encryption, TLS 1.2 or later",
    .rows = tls_rows,
    .count = ARRAY_LENGTH(tls_rows),
};

int load_password(struct site_loader *loader, const struct node *node,
                  struct credential *ret_password)
{
    struct error err;
    ret_password->path = load_site_path(loader, node->text);
    char *password = secret_read_line(ret_password->path, &err);
    if (!password)
        return diagnostics_error(loader->reader.diagnostics, &node->at, "password_file: %s",
                                 err.text);
    secret_free(password);
    return 0;
}

// Reads one of the files for its check; NULL after a finding, or when the node is.
static char *read_pem(struct site_loader *loader, const struct node *node, const char *name,
                      enum secrecy secrecy, struct credential *ret_credential)
{
    struct error err;
    if (!node)
        return NULL;
    ret_credential->path = load_site_path(loader, node->text);
    char *text = secret_read(ret_credential->path, secrecy, &err);
    if (!text)
        (void)diagnostics_error(loader->reader.diagnostics, &node->at, "%s: %s", name,
                                err.text);
    return text;
}

static int check_pair(struct site_loader *loader, const struct tls_fields *fields)
{
    if (fields->certificate && !fields->private_key)
        return diagnostics_error(loader->reader.diagnostics, &fields->certificate->at,
                                 "certificate: it needs its private_key too");
    if (fields->private_key && !fields->certificate)
        return diagnostics_error(loader->reader.diagnostics, &fields->private_key->at,
                                 "private_key: it needs its certificate too");
    return 0;
}

static int check_pems(struct site_loader *loader, const struct tls_fields *fields,
                      const struct tls_pems *pems)
{
    const struct {
        const struct node *node;
        const char *name;
    } parts[] = {
        [TLS_CA] = {fields->ca, "ca"},
        [TLS_CERTIFICATE] = {fields->certificate, "certificate"},
        [TLS_PRIVATE_KEY] = {fields->private_key, "private_key"},
    };
    struct error err;
    enum tls_part part;
    if (tls_check(pems, &part, &err) == 0)
        return 0;
    return diagnostics_error(loader->reader.diagnostics, &parts[part].node->at, "%s: %s: %s",
                             parts[part].name, parts[part].node->text, err.text);
}

static int load_pems(struct site_loader *loader, const struct tls_fields *fields,
                     struct tls_settings *settings)
{
    char *ca = read_pem(loader, fields->ca, "ca", SECRECY_PUBLIC, &settings->ca);
    char *certificate = read_pem(loader, fields->certificate, "certificate", SECRECY_PUBLIC,
                                 &settings->certificate);
    char *key = read_pem(loader, fields->private_key, "private_key", SECRECY_PRIVATE,
                         &settings->private_key);
    bool is_read = ca && !fields->certificate == !certificate && !fields->private_key == !key;
    const struct tls_pems pems = {ca, certificate, key};
    int result = is_read ? check_pems(loader, fields, &pems) : -1;
    secret_free(ca);
    secret_free(certificate);
    secret_free(key);
    return result;
}

int load_tls(struct site_loader *loader, const struct node *node,
             struct tls_settings *ret_settings)
{
    struct tls_fields fields = {.verify_hostname = true};
    struct layers layers = {{node}};
    if (fields_read(&loader->reader, &table_tls, &layers, &fields) < 0 ||
        check_pair(loader, &fields) < 0)
        return -1;
    ret_settings->verify_hostname = fields.verify_hostname;
    if (!fields.verify_hostname) {
        const struct node *off = tree_find(node, "verify_hostname");
        diagnostics_warning(loader->reader.diagnostics, &off->at,
                            "verify_hostname: any server with a certificate of this CA is "
                            "taken for the broker");
    }
    return load_pems(loader, &fields, ret_settings);
}
