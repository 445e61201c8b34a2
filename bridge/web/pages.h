// SPDX-License-Identifier: MIT
// Decides what a request gets: whether it may have it, and what it is. The server's thread
// calls it; it never blocks.
#ifndef WEB_PAGES_H
#define WEB_PAGES_H

#include "web/access.h"
#include "web/orders.h"
#include "web/picture.h"

struct pages;

// What it needs, borrowed.
struct pages_sources {
    const struct access_rules *rules;
    struct picture *picture;
    struct orders *orders; // NULL: commands are not allowed
};

// The caller owns it; what the sources name must outlive it.
struct pages *pages_new(const struct pages_sources *sources);
void pages_free(struct pages *pages);

// The `answer` of web/http.h; `context` is the struct pages.
void pages_answer(void *context, const struct request *request, struct http_exchange *exchange,
                  struct reply *ret_reply);

#endif
