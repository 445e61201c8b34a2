// SPDX-License-Identifier: MIT
// Who may have what. Pure, any thread.
//
// A page of some other site, open in the browser of somebody who can reach us, must neither
// read nor send anything. It cannot read, because nothing here allows another origin to; nor by
// giving its own name our address (DNS rebinding), because then Host is that name. It cannot
// send, because a request that changes something needs a header and a content type that
// browsers let no foreign page send without asking us first, and an Origin that is ours.
// Sources: Fetch standard (CORS-safelisted request-header), RFC 6454, W3C Fetch Metadata.
#ifndef WEB_ACCESS_H
#define WEB_ACCESS_H

#include <stdbool.h>

#include "web/request.h"

enum { ACCESS_SESSION_SIZE = 65 }; // hexadecimal digits and NUL

#define ACCESS_COOKIE "modbridge_session"

struct access_rules {
    const char *address;               // that we listen at
    const char *token;                 // NULL: none is needed, `address` is this machine alone
    char session[ACCESS_SESSION_SIZE]; // what the cookie of those who gave the token holds
};

// Whether the request names us as its host: with a token any host will do, since a cookie goes
// to the name it came from only; without one it must be this machine's own name or address.
bool access_is_our_host(const struct access_rules *rules, const char *host);

// Whether a request that changes something comes from our own page, or from a program.
bool access_is_our_page(const struct request *request);

// Whether the token, or the cookie that stands for it, was given; or none is needed.
bool access_is_known(const struct access_rules *rules, const struct request *request);

// Whether a text is the token.
bool access_is_token(const struct access_rules *rules, const char *text);

#endif
