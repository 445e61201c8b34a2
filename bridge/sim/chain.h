// SPDX-License-Identifier: MIT
// The chain of SunSpec models that a simulated device has: those its map names, in the order in
// which it names them, behind the common model; or what a values file says. Pure.
#ifndef SIM_CHAIN_H
#define SIM_CHAIN_H

#include "model/map.h"
#include "model/values.h"
#include "registers/sunspec.h"

// Each model is as long as the entries of the map need it, the common model at least 66;
// `given` may say otherwise, or be NULL. Models that no longer fit below 65536 are left out.
void chain_make(const struct map *map, const struct modbus_settings *modbus,
                const struct given_chain *given, struct sunspec_chain *ret_chain);

#endif
