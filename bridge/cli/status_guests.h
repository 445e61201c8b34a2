// SPDX-License-Identifier: MIT
// What a bus did for others, in words. Pure.
#ifndef CLI_STATUS_GUESTS_H
#define CLI_STATUS_GUESTS_H

#include <jansson.h>

#include "cli/status_page.h"

// Lines of a bus: nothing when nobody else has asked and it is not shared.
void status_guests(const struct page *page, const json_t *bus);

#endif
