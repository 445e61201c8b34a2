// SPDX-License-Identifier: MIT
// modbridge import csv FILE: a map of a register table. Main thread.
#ifndef CLI_IMPORT_CSV_H
#define CLI_IMPORT_CSV_H

#include "cli/options.h"

// Prints the map on standard output and findings on standard error. `options` without the word
// "csv". Returns the exit code.
int import_csv(const struct options *options);

#endif
