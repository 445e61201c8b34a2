// SPDX-License-Identifier: MIT
// Writes a map, for people to edit, of what a device's SunSpec models hold. Pure.
#ifndef IMPORT_SUNSPEC_MAP_H
#define IMPORT_SUNSPEC_MAP_H

#include "base/arena.h"
#include "base/strbuf.h"
#include "import/sunspec_device.h"

// Adds the map to `out`. `bases` are where its marker may be, as the map will have them.
void sunspec_map_write(struct arena *arena, const struct sunspec_device *device,
                       const uint16_t *bases, size_t base_count, struct strbuf *out);

// "103 at 40070, 50 registers: Inverter (three phase), 45 points": one model, for people.
const char *sunspec_instance_text(struct arena *arena, const struct sunspec_instance *instance);

#endif
