// SPDX-License-Identifier: MIT
// Findings of a load on standard output: as lines that editors understand, as JSON, or on a
// terminal with the source line and in colour. Main thread.
#ifndef CLI_FINDINGS_H
#define CLI_FINDINGS_H

#include "config/diagnostics.h"

// Sorted lines; on a terminal each with its source line and a caret under the place, coloured
// unless NO_COLOR is set.
void findings_print(struct diagnostics *diagnostics);

// A JSON list of {"file", "line", "column", "severity", "text"}.
void findings_print_json(struct diagnostics *diagnostics);

#endif
