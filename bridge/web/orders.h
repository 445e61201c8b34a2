// SPDX-License-Identifier: MIT
// Commands from the page, on their way to the bridge: a thread asks it for one after the other
// and finishes the HTTP request with what it said. What may be written, and whether, is the
// bridge's to judge, as for commands from the cloud.
#ifndef WEB_ORDERS_H
#define WEB_ORDERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "web/http.h"

enum { ORDERS_MAX_WAITING = 8, ORDERS_MAX_DEPTH = 8 };

struct orders;

// Orders that nobody executes yet; the path of the site and the folders are borrowed. NULL with
// err.
struct orders *orders_new(const char *site, const char *const *folders, size_t folder_count,
                          struct error *err);

// Starts the thread, which finishes requests of `http`. -1 with err.
int orders_start(struct orders *orders, struct http *http, struct error *err);

// Ends the thread: what waits is refused, and so is what still comes. Before the server is
// stopped.
void orders_stop(struct orders *orders);

// After the server was stopped. NULL is allowed.
void orders_free(struct orders *orders);

// What the bridge of `site` is asked, made of nothing but what a command has. The caller frees
// it with json_decref. NULL with err.
json_t *order_read(const struct request *request, const char *site, struct error *err);

// Takes the body of a request, {"device": ..., "name": ..., "arguments": {...}}, and finishes
// `exchange` some time later. False with a reply now when it cannot be taken.
bool orders_put(struct orders *orders, const struct request *request,
                struct http_exchange *exchange, struct reply *ret_reply);

#endif
