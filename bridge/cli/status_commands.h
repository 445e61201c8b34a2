// SPDX-License-Identifier: MIT
// The commands of a status as text: those in progress, and how the latest ones ended. Main
// thread.
#ifndef CLI_STATUS_COMMANDS_H
#define CLI_STATUS_COMMANDS_H

#include <jansson.h>

#include "cli/status_page.h"

// Adds nothing when there are none. `commands` may be NULL.
void status_commands(const struct page *page, const json_t *commands);

#endif
