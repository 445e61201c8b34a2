// SPDX-License-Identifier: MIT
// Is it the device the map is for? Its chain of SunSpec models is walked (bus/models), where
// the map has one, and identify: is compared after each new connection (identify: of the map),
// before anything else is read and before a command begins: values of another model under this
// map's names would be wrong, and writes to it worse. The owner of the line calls it.
#ifndef BUS_IDENTITY_H
#define BUS_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/line.h"

// Compares what the image holds with what the map wants. FAULT_IDENTITY when an entry has
// another value, with "device_model is EL21 instead of ES41" in `ret_text`; FAULT_NONE when all
// fit, also when an entry has no value: that says nothing. Pure.
enum fault identity_judge(const struct map *map, const struct image *image, int64_t now_ms,
                          char *ret_text, size_t size);

// Whether a text fits a pattern in which '*' stands for anything. Pure.
bool identity_matches(const char *pattern, size_t pattern_length, const char *text,
                      size_t length);

// Whether the unit's identity is settled on the present connection; while the link is closed
// there is none, and who will answer over the next one is not known.
bool identity_is_known(const struct line *line, const struct unit *unit);

// Walks the chain of models, reads what identify: names and judges it; on FAULT_NONE the
// identity is settled. What is refused for good (exceptions 1, 2, 3) says nothing and settles
// it; a unit that is busy or fails (FAULT_EXCEPTION, the code is in its record) is to be asked
// again. Silence is returned as the fault it is. Both with "" in `ret_text`.
enum fault identity_check(struct line *line, struct unit *unit, char *ret_text, size_t size);

#endif
