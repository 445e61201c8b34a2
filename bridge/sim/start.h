// SPDX-License-Identifier: MIT
// What a simulated device holds before anybody touched it: plausible values, made from what the
// map says about each entry.
#ifndef SIM_START_H
#define SIM_START_H

#include "base/error.h"
#include "model/values.h"
#include "sim/entries.h"

// The middle of an entry's range, its first label, a usual number for its unit, the map's model
// for texts; what identify asks for; nothing that raises an alert by bit or code.
void start_plausible(struct entries *entries);

// Words first, then values; with `only` what is not given vanishes before. On failure err names
// file, line and column.
int start_given(struct entries *entries, const struct device_values *given, struct error *err);

#endif
