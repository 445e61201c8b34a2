// SPDX-License-Identifier: MIT
// Whether a daemon runs the site of a target: then it owns the bus, and is asked instead. Main
// thread.
#ifndef CLI_DAEMON_LINK_H
#define CLI_DAEMON_LINK_H

#include "base/control_link.h"
#include "cli/target.h"

// Connects to it; *ret_link is NULL when there is none, or the target is not of a site. The
// caller closes it. ERROR_FAILED when one runs that must not be asked.
int daemon_link_find(const struct target *target, struct control_link **ret_link,
                     struct error *err);

#endif
