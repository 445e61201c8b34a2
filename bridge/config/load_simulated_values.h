// SPDX-License-Identifier: MIT
// What simulated devices shall hold at first: the values file of `modbridge simulate`, and
// values by entry as a map's simulation section has them too (docs/simulation.md). One thread.
#ifndef CONFIG_LOAD_SIMULATED_VALUES_H
#define CONFIG_LOAD_SIMULATED_VALUES_H

#include <stddef.h>

#include "base/arena.h"
#include "config/diagnostics.h"
#include "config/fields.h"
#include "model/map.h"
#include "model/simulation.h"
#include "model/values.h"

// A device that the file may be about.
struct values_target {
    const char *device;
    const struct map *map;
};

// Reads a values file: for one device, or under `devices:` for each by name. Writes one element
// a target, in their order. On failure the findings say why. Whether a value fits its entry is
// known when it is encoded.
int config_load_values(struct arena *arena, const char *path,
                       const struct values_target *targets, size_t target_count,
                       struct diagnostics *diagnostics, const struct site_values **ret_values);

// Internal to config: a mapping of entry keys and their values; null is "no value".
int load_given_values(const struct reader *reader, const struct map *map,
                      const struct node *node, const struct given_value **ret_values,
                      size_t *ret_count);

// Internal to config: a chain of SunSpec models (load_simulated_chain.c).
extern const struct field_table table_given_chain;
int load_given_chain(const struct reader *reader, const struct node *node,
                     const struct given_chain **ret_chain);

// Internal to config: what a device says of itself (load_simulated_identification.c).
extern const struct field_table table_simulated_identification;
int load_simulated_identification(const struct reader *reader, const struct node *node,
                                  const struct simulated_identification **ret_identification);

#endif
