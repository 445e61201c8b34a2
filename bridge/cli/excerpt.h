// SPDX-License-Identifier: MIT
// One line of a source file for a terminal, with a place in it. Pure.
#ifndef CLI_EXCERPT_H
#define CLI_EXCERPT_H

#include "base/strbuf.h"

enum { EXCERPT_COLUMNS = 160 }; // of a longer line a part around the place is shown

// Writes what is shown of `line` (NUL-terminated) and what stands before a caret below it so
// that it points at `column` (from 1, in characters; beyond the end: behind the last one). Tabs
// stay tabs in both. A control character, which a terminal would obey, and a byte that is no
// UTF-8 become '?'.
void excerpt_make(const char *line, int column, struct strbuf *ret_text,
                  struct strbuf *ret_indent);

#endif
