// SPDX-License-Identifier: MIT
// The other end of the daemon's control socket (daemon/control_request.h): finds the daemon and
// asks it. A link belongs to one thread.
#ifndef BASE_CONTROL_LINK_H
#define BASE_CONTROL_LINK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define CONTROL_SOCKET_NAME "control.sock"

enum { CONTROL_LINK_PATIENCE_MS = 5000 };

struct control_link;

// Connects to the first of some folders in which a daemon listens. NULL with err, which says
// where it looked and what was there; errno is EACCES when one of them may not be asked by this
// user. The caller closes it.
struct control_link *control_link_connect(const char *const *folders, size_t count,
                                          struct error *err);

// NULL is allowed.
void control_link_close(struct control_link *link);

// Asks {"request": name} and waits up to CONTROL_LINK_PATIENCE_MS. Returns the result, which
// the caller frees with json_decref; NULL with err when there is none, or the daemon refuses.
json_t *control_link_ask(struct control_link *link, const char *name, struct error *err);

// The same with whatever the request takes: an object with "request", which is freed.
json_t *control_link_request(struct control_link *link, json_t *request, int64_t within_ms,
                             struct error *err);

// A descriptor that ends every wait from here on when it is readable; it is only polled.
void control_link_stop_at(struct control_link *link, int descriptor);

// Whether it has ended the last wait: nothing more is to be had from this link.
bool control_link_is_stopped(const struct control_link *link);

// Who hears what a daemon says of a request that takes its time.
struct control_listener {
    void *context;
    void (*log)(void *context, const char *text);
    int stop_descriptor; // readable: wait no longer
    bool was_stopped;    // by it
};

// The same for a request that may take any time: waits for its answer without an end, unless
// the listener stops that. The daemon goes on then.
json_t *control_link_follow(struct control_link *link, json_t *request,
                            struct control_listener *listener, struct error *err);

// Whether the last request brought no whole answer, rather than a refusal: nothing more is to
// be had from this link.
bool control_link_is_broken(const struct control_link *link);

#endif
