// SPDX-License-Identifier: MIT
// The faults file of `modbridge simulate`: what simulated equipment and lines do wrong, and
// when (docs/simulation.md). One thread.
#ifndef CONFIG_LOAD_FAULTS_H
#define CONFIG_LOAD_FAULTS_H

#include <stddef.h>

#include "base/arena.h"
#include "config/diagnostics.h"
#include "model/faults.h"

// What rules may name; a rule has the index.
struct fault_names {
    const char *const *devices;
    size_t device_count;
    const char *const *buses;
    size_t bus_count;
};

// Reads a faults file. On failure the findings say why.
int config_load_faults(struct arena *arena, const char *path, const struct fault_names *names,
                       struct diagnostics *diagnostics, const struct fault_script **ret_script);

#endif
