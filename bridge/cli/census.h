// SPDX-License-Identifier: MIT
// Which of many endpoints take a connection: up to 64 are tried at once, a second each. Main
// thread.
#ifndef CLI_CENSUS_H
#define CLI_CENSUS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/progress.h"
#include "model/site.h"

// Writes for each bus whether it is there. False: the stop descriptor ended it, and what was
// not decided is not there. The connections are closed again.
bool census_take(const struct bus_settings *buses, size_t count, int stop_descriptor,
                 struct progress *progress, bool *ret_is_there);

#endif
