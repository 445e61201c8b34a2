// SPDX-License-Identifier: MIT
// modbridge import sunspec TARGET: a map of what a device's SunSpec models hold. Main thread.
#ifndef CLI_IMPORT_SUNSPEC_H
#define CLI_IMPORT_SUNSPEC_H

#include "cli/options.h"

// Walks the chain, reads the models, prints the map on standard output and what was found on
// standard error. `options` without the word "sunspec". Returns the exit code.
int import_sunspec(const struct options *options);

#endif
