// SPDX-License-Identifier: MIT
// What a connection shows of itself to the broker and expects of it. Read anew for each attempt
// to connect, so that a replaced password, key or CA needs no restart, and wiped after it.
#ifndef CLOUD_CREDENTIALS_H
#define CLOUD_CREDENTIALS_H

#include "base/error.h"
#include "base/tls.h"
#include "model/site.h"

struct credentials {
    char *password;  // heap; NULL: none
    struct tls *tls; // NULL: without TLS
};

// Reads the files of a connection. On success the caller gives the result to credentials_done.
// ERROR_CONFIG names the key of the site file and what is wrong with it.
int credentials_read(const struct cloud_settings *settings, struct credentials *ret_credentials,
                     struct error *err);

// Wipes and frees; zeroed credentials are allowed.
void credentials_done(struct credentials *credentials);

#endif
