// SPDX-License-Identifier: MIT
// Cloud connections made from what Enapter issues for a standalone device. Internal to config.
#ifndef CONFIG_LOAD_COMMUNICATION_H
#define CONFIG_LOAD_COMMUNICATION_H

#include "config/load_site.h"

// Fills in the connection from the file that `node` names.
int load_communication(struct site_loader *loader, const struct node *node,
                       struct cloud_settings *cloud);

// Adds the connection "standalone" from the environment, when there is such a variable; a
// mistake in it is reported at `at`.
void load_environment(struct site_loader *loader, const struct position *at);

#endif
