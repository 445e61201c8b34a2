// SPDX-License-Identifier: MIT
// TLS as a client: PEM texts in, a context for connections out, and in words why a handshake
// failed. The only owner of OpenSSL's headers (docs/decisions/0010-tls-context.md). At least
// TLS 1.2; only the given CA is trusted, never the system's store; the chain is always
// verified. A context belongs to one thread.
#ifndef BASE_TLS_H
#define BASE_TLS_H

#include <stdbool.h>

#include "base/error.h"

// The texts of PEM files. `certificate` (with the chain behind it) and `private_key` are both
// given or both NULL.
struct tls_pems {
    const char *ca;
    const char *certificate;
    const char *private_key;
};

// Which of them is at fault.
enum tls_part { TLS_CA, TLS_CERTIFICATE, TLS_PRIVATE_KEY };

// Whether the texts are what they should be and fit each other: what passes here, tls_new
// takes. ERROR_CONFIG with words for whoever chose the files, and *ret_part.
int tls_check(const struct tls_pems *pems, enum tls_part *ret_part, struct error *err);

struct tls;

// A context for one connection to `host`, whose name or address must be in the server's
// certificate unless `verify_hostname` is off. The texts are not needed any more afterwards.
// The caller owns it. NULL with ERROR_CONFIG.
struct tls *tls_new(const struct tls_pems *pems, const char *host, bool verify_hostname,
                    struct error *err);

// Frees the context, which no connection may use any more. NULL is allowed.
void tls_free(struct tls *tls);

// The SSL_CTX for MOSQ_OPT_SSL_CTX; stays the context's.
void *tls_library_context(struct tls *tls);

// Forgets the errors that other connections of this thread left behind, which would be taken
// for this one's. Before every call of a library that uses a context.
void tls_forget_errors(void);

// Whether the handshake is done.
bool tls_is_established(const struct tls *tls);

// Why the handshake failed or the server ended it, for an operator; NULL when TLS was not the
// reason as far as is known.
const char *tls_cause(const struct tls *tls);

// Whether the reason was the validity of a certificate, so that setting the clock may help.
bool tls_is_clock_suspect(const struct tls *tls);

#endif
