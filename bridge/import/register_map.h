// SPDX-License-Identifier: MIT
// Writes a map, for people to edit, of a vendor's register table. Pure.
#ifndef IMPORT_REGISTER_MAP_H
#define IMPORT_REGISTER_MAP_H

#include "base/arena.h"
#include "base/strbuf.h"
#include "import/register_sheet.h"

// Adds the map to `out`.
void register_map_write(struct arena *arena, const struct register_sheet *sheet,
                        struct strbuf *out);

#endif
