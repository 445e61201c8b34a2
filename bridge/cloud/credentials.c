// SPDX-License-Identifier: MIT
#include "cloud/credentials.h"

#include "base/mem.h"
#include "base/secret.h"

// The text of a credential; NULL when there is none.
static int read_one(const struct credential *credential, const char *key, enum secrecy secrecy,
                    char **ret_text, struct error *err)
{
    *ret_text = NULL;
    if (credential->text)
        *ret_text = mem_copy_text(credential->text);
    else if (credential->path)
        *ret_text = secret_read(credential->path, secrecy, err);
    if (*ret_text || (!credential->text && !credential->path))
        return 0;
    return error_prefix(err, "%s", key);
}

static int read_password(const struct cloud_settings *settings, char **ret_password,
                         struct error *err)
{
    if (!settings->password.path)
        return read_one(&settings->password, "password", SECRECY_PRIVATE, ret_password, err);
    *ret_password = secret_read_line(settings->password.path, err);
    return *ret_password ? 0 : error_prefix(err, "password_file");
}

static int read_tls(const struct cloud_settings *settings, struct tls **ret_tls,
                    struct error *err)
{
    const struct tls_settings *tls = &settings->tls;
    char *ca = NULL;
    char *certificate = NULL;
    char *key = NULL;
    int result = read_one(&tls->ca, "tls: ca", SECRECY_PUBLIC, &ca, err);
    if (result == 0)
        result =
            read_one(&tls->certificate, "tls: certificate", SECRECY_PUBLIC, &certificate, err);
    if (result == 0)
        result = read_one(&tls->private_key, "tls: private_key", SECRECY_PRIVATE, &key, err);
    if (result == 0) {
        const struct tls_pems pems = {ca, certificate, key};
        *ret_tls = tls_new(&pems, settings->host, tls->verify_hostname, err);
        result = *ret_tls ? 0 : error_prefix(err, "tls");
    }
    secret_free(ca);
    secret_free(certificate);
    secret_free(key);
    return result;
}

int credentials_read(const struct cloud_settings *settings, struct credentials *ret_credentials,
                     struct error *err)
{
    struct credentials credentials = {0};
    int result = read_password(settings, &credentials.password, err);
    if (result == 0 && settings->has_tls)
        result = read_tls(settings, &credentials.tls, err);
    if (result < 0)
        credentials_done(&credentials);
    else
        *ret_credentials = credentials;
    return result;
}

void credentials_done(struct credentials *credentials)
{
    secret_free(credentials->password);
    tls_free(credentials->tls);
    *credentials = (struct credentials){0};
}
