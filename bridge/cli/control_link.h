// SPDX-License-Identifier: MIT
// The other end of the daemon's control socket (daemon/control_request.h): finds the daemon of
// a site and asks it. Main thread.
#ifndef CLI_CONTROL_LINK_H
#define CLI_CONTROL_LINK_H

#include <jansson.h>

#include "base/error.h"

struct control_link;

// Finds the running daemon: of `site` when one is named (its state folder), else at
// $RUNTIME_DIRECTORY, /run/modbridge and ./state, in this order. NULL with err, which says
// where it looked and how to start it. The caller closes it.
struct control_link *control_link_open(const char *site, struct error *err);

// NULL is allowed.
void control_link_close(struct control_link *link);

// Asks {"request": name} and waits up to five seconds. Returns the result, which the caller
// frees with json_decref; NULL with err when there is none, or the daemon refuses.
json_t *control_link_ask(struct control_link *link, const char *name, struct error *err);

#endif
