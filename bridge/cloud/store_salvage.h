// SPDX-License-Identifier: MIT
// Takes over what can still be read of a damaged store. The store's thread.
#ifndef CLOUD_STORE_SALVAGE_H
#define CLOUD_STORE_SALVAGE_H

#include <stdint.h>

#include "cloud/sql.h"

struct store_salvage {
    uint64_t rows;
};

// Copies the rows of each table of the file `from` into the new, open store, from the start up
// to the damage and from the end back to it. Rows that are garbled inside are told by their
// checksum, when they are used.
struct store_salvage store_salvage(struct sql *to, const char *from);

#endif
