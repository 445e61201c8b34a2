// SPDX-License-Identifier: MIT
// What `command` and `write` have in common: a request as the cloud would send it, executed by
// the daemon that has the site or the line (it owns the bus, and what is held) when it runs,
// else directly; the same is printed either way. Main thread.
#ifndef CLI_ORDER_H
#define CLI_ORDER_H

#include <jansson.h>

#include "cli/options.h"
#include "cli/target.h"

// Takes "NAME=VALUE" apart and puts it into an object: a number, true or false where it looks
// like one, else a text. ERROR_USAGE when it is no such pair; `what` names it in the message.
int order_put(json_t *object, const char *pair, const char *what, struct error *err);

// Executes {"name": ..., "arguments": {...}} or {"write": {entry: value}}, which is freed, and
// prints what came of it. With --dry-run the frames are printed instead, and nothing is opened.
// Returns the exit code; -1 with err when it was refused.
int order_execute(struct target *target, const struct options *options, json_t *request,
                  struct error *err);

#endif
