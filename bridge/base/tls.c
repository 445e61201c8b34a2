// SPDX-License-Identifier: MIT
#include "base/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct tls {
    SSL_CTX *context;
    char *host;
    bool has_certificate; // of our own
    bool is_established;
    bool is_clock_suspect;
    char cause[400]; // "": none
};

// Reading PEM texts ---------------------------------------------------------------------------

static int fail(struct error *err, const char *text)
{
    ERR_clear_error();
    return error_set(err, ERROR_CONFIG, "%s", text);
}

// As fail, with what the library says of it.
static int fail_why(struct error *err, const char *text)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    (void)error_set(err, ERROR_CONFIG, "%s: %s", text, reason ? reason : "unknown reason");
    ERR_clear_error();
    return -1;
}

static BIO *open_text(const char *text)
{
    ERR_clear_error();
    return BIO_new_mem_buf(text, -1);
}

// Whether the reading of certificates ended because there are no more, and not in one that is
// damaged.
static bool is_end_of_pem(void)
{
    unsigned long code = ERR_peek_last_error();
    bool is_end =
        ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return is_end;
}

static int add_authorities(SSL_CTX *context, const char *pem, struct error *err)
{
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    BIO *bio = open_text(pem);
    size_t count = 0;
    int added = 1;
    for (X509 *authority; added && (authority = PEM_read_bio_X509(bio, NULL, NULL, NULL));) {
        added = X509_STORE_add_cert(store, authority);
        X509_free(authority);
        count++;
    }
    (void)BIO_free(bio);
    if (!added)
        return fail_why(err, "a certificate of the CA is not accepted");
    if (!is_end_of_pem())
        return fail(err, "a certificate in it is damaged");
    if (count == 0)
        return fail(err, "there is no certificate in it (PEM, -----BEGIN CERTIFICATE-----)");
    return 0;
}

static int use_chain(SSL_CTX *context, BIO *bio, struct error *err)
{
    for (X509 *link; (link = PEM_read_bio_X509(bio, NULL, NULL, NULL));) {
        if (SSL_CTX_add0_chain_cert(context, link) != 1) { // owns it on success
            X509_free(link);
            return fail_why(err, "a certificate of the chain is not accepted");
        }
    }
    return is_end_of_pem() ? 0 : fail(err, "a certificate of the chain is damaged");
}

static int use_certificate(SSL_CTX *context, const char *pem, struct error *err)
{
    BIO *bio = open_text(pem);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    int result = 0;
    if (!certificate)
        result = fail(err, is_end_of_pem() ? "there is no certificate in it (PEM, -----BEGIN "
                                             "CERTIFICATE-----)"
                                           : "the certificate in it is damaged");
    else if (SSL_CTX_use_certificate(context, certificate) != 1)
        result = fail_why(err, "the certificate is not accepted");
    else
        result = use_chain(context, bio, err);
    X509_free(certificate);
    (void)BIO_free(bio);
    return result;
}

// Called for a passphrase: there is nobody to ask.
static int refuse_passphrase(char *buffer, int size, int is_writing, void *context)
{
    bool *is_encrypted = context;
    (void)is_writing;
    if (size > 0)
        buffer[0] = '\0';
    *is_encrypted = true;
    return -1;
}

static int use_key(SSL_CTX *context, const char *pem, struct error *err)
{
    bool is_encrypted = false;
    BIO *bio = open_text(pem);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, &is_encrypted);
    int result = 0;
    (void)BIO_free(bio);
    if (is_encrypted)
        result = fail(err, "the key is encrypted, and there is nobody to ask for its "
                           "passphrase: store it without (openssl pkey -in KEY -out NEW)");
    else if (!key)
        result = fail(err, "there is no private key in it (PEM, -----BEGIN PRIVATE KEY-----)");
    else if (X509_check_private_key(SSL_CTX_get0_certificate(context), key) != 1)
        result = fail(err, "the key does not fit the certificate");
    else if (SSL_CTX_use_PrivateKey(context, key) != 1)
        result = fail_why(err, "the key is not accepted");
    EVP_PKEY_free(key);
    return result;
}

static int use_pems(SSL_CTX *context, const struct tls_pems *pems, enum tls_part *ret_part,
                    struct error *err)
{
    *ret_part = TLS_CA;
    if (add_authorities(context, pems->ca, err) != 0)
        return -1;
    if (!pems->certificate)
        return 0;
    *ret_part = TLS_CERTIFICATE;
    if (use_certificate(context, pems->certificate, err) != 0)
        return -1;
    *ret_part = TLS_PRIVATE_KEY;
    return use_key(context, pems->private_key, err);
}

static SSL_CTX *new_context(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context)
        mem_exhausted();
    (void)SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    (void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    (void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    return context;
}

int tls_check(const struct tls_pems *pems, enum tls_part *ret_part, struct error *err)
{
    SSL_CTX *context = new_context();
    int result = use_pems(context, pems, ret_part, err);
    SSL_CTX_free(context);
    return result;
}

// Causes --------------------------------------------------------------------------------------

// The first cause is the one that explains what follows.
__attribute__((format(printf, 2, 3))) static void note(struct tls *tls, const char *format, ...)
{
    if (tls->cause[0])
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(tls->cause, sizeof tls->cause, format, arguments);
    va_end(arguments);
}

static const char *format_time(const ASN1_TIME *at, char *text, size_t size)
{
    struct tm when = {0};
    if (ASN1_TIME_to_tm(at, &when) != 1 ||
        strftime(text, size, "%Y-%m-%d %H:%M:%S UTC", &when) == 0)
        (void)snprintf(text, size, "an unreadable time");
    return text;
}

// The names a certificate is for, as far as they fit: "a.example.com, 10.0.0.1".
static void format_names(X509 *certificate, char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && length < size; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        char address[INET6_ADDRSTRLEN] = "";
        const char *shown = address;
        if (name->type == GEN_DNS)
            shown = (const char *)ASN1_STRING_get0_data(name->d.dNSName);
        else if (name->type == GEN_IPADD)
            (void)inet_ntop(ASN1_STRING_length(name->d.iPAddress) == 4 ? AF_INET : AF_INET6,
                            ASN1_STRING_get0_data(name->d.iPAddress), address, sizeof address);
        if (*shown)
            length += (size_t)snprintf(text + length, size - length, "%s%.64s",
                                       length ? ", " : "", shown);
    }
    GENERAL_NAMES_free(names);
    if (length == 0)
        (void)snprintf(text, size, "no name at all");
}

static void note_validity(struct tls *tls, X509_STORE_CTX *store, int code)
{
    const X509 *certificate = X509_STORE_CTX_get_current_cert(store);
    char when[40];
    tls->is_clock_suspect = true;
    const char *whose = X509_STORE_CTX_get_error_depth(store) == 0
                            ? "the broker's certificate"
                            : "the certificate of the broker's CA";
    if (code == X509_V_ERR_CERT_HAS_EXPIRED)
        note(tls, "%s expired at %s; it needs a new one, unless this gateway's clock is wrong",
             whose, format_time(X509_get0_notAfter(certificate), when, sizeof when));
    else
        note(tls, "%s is not valid before %s; is this gateway's clock right?", whose,
             format_time(X509_get0_notBefore(certificate), when, sizeof when));
}

static void note_names(struct tls *tls, X509_STORE_CTX *store)
{
    char names[160];
    format_names(X509_STORE_CTX_get0_cert(store), names, sizeof names);
    note(tls,
         "the broker's certificate is not for %s but for %s; check host, or let the "
         "certificate be made for that name",
         tls->host, names);
}

// A public key of the CA that does not fit looks like a damaged signature.
static void note_verification(struct tls *tls, X509_STORE_CTX *store)
{
    int code = X509_STORE_CTX_get_error(store);
    switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        note_validity(tls, store, code);
        return;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        note_names(tls, store);
        return;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        note(tls,
             "the broker's certificate does not come from the CA of this connection (%s); "
             "check ca, and that this is the right broker",
             X509_verify_cert_error_string(code));
        return;
    default:
        note(tls, "the broker's certificate is not accepted: %s",
             X509_verify_cert_error_string(code));
    }
}

static int verify(X509_STORE_CTX *store, void *context)
{
    int is_good = X509_verify_cert(store);
    if (is_good <= 0)
        note_verification(context, store);
    return is_good;
}

// Numbers: RFC 8446, section 6. The library has no words for one of them.
static const char *alert_text(int alert)
{
    return alert == SSL_AD_CERTIFICATE_REQUIRED ? "certificate required"
                                                : SSL_alert_desc_string_long(alert);
}

// What a server says before it closes.
static void note_alert(struct tls *tls, int alert)
{
    switch (alert) {
    case SSL_AD_CLOSE_NOTIFY:
    case SSL_AD_USER_CANCELLED:
        return;
    case SSL_AD_CERTIFICATE_REQUIRED:
    case SSL_AD_HANDSHAKE_FAILURE:
        note(tls,
             tls->has_certificate
                 ? "the broker ends the TLS handshake: %s"
                 : "the broker ends the TLS handshake (%s): it seems to want a certificate of "
                   "ours: tls: {certificate, private_key}",
             alert_text(alert));
        return;
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_ACCESS_DENIED:
        note(tls, "the broker does not accept our certificate (%s)", alert_text(alert));
        return;
    case SSL_AD_PROTOCOL_VERSION:
        note(tls, "the broker offers no TLS version from 1.2 on; it must be updated");
        return;
    default:
        note(tls, "the broker ends the TLS handshake: %s", alert_text(alert));
    }
}

static void note_failure(struct tls *tls)
{
    unsigned long code = ERR_peek_error();
    if (ERR_GET_LIB(code) != ERR_LIB_SSL)
        return;
    switch (ERR_GET_REASON(code)) {
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        note(tls, "the broker closes the connection during the TLS handshake; is this a TLS "
                  "port?");
        return;
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_R_UNEXPECTED_MESSAGE:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
        note(tls, "what answers does not speak TLS; is this a port without TLS?");
        return;
    case SSL_R_UNSUPPORTED_PROTOCOL:
        note(tls, "the broker offers no TLS version from 1.2 on; it must be updated");
        return;
    default: {
        const char *reason = ERR_reason_error_string(code);
        note(tls, "the TLS handshake failed: %s", reason ? reason : "unknown reason");
    }
    }
}

static bool is_address(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

// The server is told the name that was configured (SNI), also where the library connects to one
// of its addresses; an address is no name (RFC 6066, section 3).
static void name_server(const struct tls *tls, SSL *connection)
{
    (void)SSL_set_tlsext_host_name(connection, is_address(tls->host) ? NULL : tls->host);
}

static void watch(const SSL *connection, int where, int value)
{
    struct tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection));
    if (where & SSL_CB_HANDSHAKE_START)
        name_server(tls, (SSL *)(uintptr_t)connection);
    else if (where & SSL_CB_HANDSHAKE_DONE)
        tls->is_established = true;
    else if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT)
        note_alert(tls, value & 0xFF);
    else if ((where & SSL_CB_CONNECT_EXIT) == SSL_CB_CONNECT_EXIT && value <= 0)
        note_failure(tls);
}

// The context ---------------------------------------------------------------------------------

static void expect_host(struct tls *tls)
{
    X509_VERIFY_PARAM *parameters = SSL_CTX_get0_param(tls->context);
    int is_set = is_address(tls->host) ? X509_VERIFY_PARAM_set1_ip_asc(parameters, tls->host)
                                       : X509_VERIFY_PARAM_set1_host(parameters, tls->host, 0);
    if (is_set != 1)
        mem_exhausted();
}

struct tls *tls_new(const struct tls_pems *pems, const char *host, bool verify_hostname,
                    struct error *err)
{
    enum tls_part part;
    struct tls *tls = mem_new(1, sizeof *tls);
    tls->context = new_context();
    tls->host = mem_copy_text(host);
    tls->has_certificate = pems->certificate != NULL;
    if (use_pems(tls->context, pems, &part, err) != 0) {
        tls_free(tls);
        return NULL;
    }
    if (verify_hostname)
        expect_host(tls);
    SSL_CTX_set_cert_verify_callback(tls->context, verify, tls);
    SSL_CTX_set_app_data(tls->context, tls);
    SSL_CTX_set_info_callback(tls->context, watch);
    return tls;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->context);
    free(tls->host);
    free(tls);
}

void *tls_library_context(struct tls *tls)
{
    return tls->context;
}

void tls_forget_errors(void)
{
    ERR_clear_error();
}

bool tls_is_established(const struct tls *tls)
{
    return tls->is_established;
}

const char *tls_cause(const struct tls *tls)
{
    return tls->cause[0] ? tls->cause : NULL;
}

bool tls_is_clock_suspect(const struct tls *tls)
{
    return tls->is_clock_suspect;
}
