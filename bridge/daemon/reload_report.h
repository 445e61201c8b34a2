// SPDX-License-Identifier: MIT
// What a reload has done, in words and as JSON (docs/operations.md). Pure.
#ifndef DAEMON_RELOAD_REPORT_H
#define DAEMON_RELOAD_REPORT_H

#include <stddef.h>

#include "daemon/changes.h"

struct reload_outcome {
    const struct site *before;
    const struct changes *changes; // NULL: the files were refused
    unsigned generation;           // that runs now
    const char *findings;          // lines
};

// "added pump; restarted meter; 3 devices go on". Heap; the caller frees it.
char *reload_text(const struct reload_outcome *outcome);

// One line of JSON. Heap; the caller frees it.
char *reload_json(const struct reload_outcome *outcome);

#endif
