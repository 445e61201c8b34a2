// SPDX-License-Identifier: MIT
// What the daemon says of itself (docs/operations.md), for a person in front of the cabinet.
// Pure, any thread.
#ifndef CLI_STATUS_TEXT_H
#define CLI_STATUS_TEXT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/strbuf.h"

// Appends the status in lines. Texts from devices and brokers lose their control characters.
// Keys that are missing are left out: the daemon may be of another version.
void status_text(const json_t *status, bool in_colour, struct strbuf *out);

#endif
