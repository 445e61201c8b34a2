// SPDX-License-Identifier: MIT
// One HTTP request as far as the page has a use for it. Texts are borrowed from whoever made
// it, and hostile: nothing about them is certain but that they end.
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include <stddef.h>

struct request {
    const char *method;
    const char *path; // without the query, decoded
    // Headers; NULL: it has none, or more than one.
    const char *host;
    const char *origin;
    const char *fetch_site; // Sec-Fetch-Site
    const char *content_type;
    const char *authorization;
    const char *cookie;
    const char *marker; // X-Modbridge
    const char *etag;   // If-None-Match
    const char *body;   // "" when there is none
    size_t body_length;
};

#endif
