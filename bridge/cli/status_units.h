// SPDX-License-Identifier: MIT
// The devices of a bus in the words of `status`: a table, and below each device what wants
// attention. Main thread.
#ifndef CLI_STATUS_UNITS_H
#define CLI_STATUS_UNITS_H

#include "cli/status_page.h"

// Adds the list "units" of a bus; NULL is a bus without any.
void status_units(const struct page *page, const json_t *units);

#endif
