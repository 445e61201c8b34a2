// SPDX-License-Identifier: MIT
// What a file may hold, printed from the very tables that read it: as JSON Schema for editors
// and as the reference chapter of the docs. Pure.
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <stdbool.h>

#include "base/strbuf.h"

enum schema_kind { SCHEMA_MAP, SCHEMA_SITE, SCHEMA_KIND_COUNT };

// Adds a JSON Schema (draft-07) of a map or a site.
void schema_print(enum schema_kind kind, struct strbuf *out);

// Adds the reference as Markdown: one table a mapping, one row a key.
void schema_print_reference(enum schema_kind kind, struct strbuf *out);

#endif
