// SPDX-License-Identifier: MIT
// What a careful reader would say about a map that loads: entries nobody uses, values that can
// never fit, alerts without words. Only `modbridge check` asks; a running bridge does not. One
// thread.
#ifndef CONFIG_LINT_H
#define CONFIG_LINT_H

#include "base/error.h"
#include "config/diagnostics.h"
#include "config/profiles.h"
#include "model/map.h"

// Adds its findings, at the place of the entry, alert or step concerned. A map that has errors
// (`is_whole` false) is judged as far as it could be read: what is not used, say, is not known.
void lint_map(const struct map *map, bool is_whole, struct diagnostics *diagnostics);

// What the map promises under implements: and does not keep.
void lint_profiles(const struct map *map, const struct profiles *profiles,
                   struct diagnostics *diagnostics);

// Internal to lint: the parts of it.
void lint_use(const struct map *map, struct diagnostics *diagnostics);
void lint_fit(const struct map *map, struct diagnostics *diagnostics);
void lint_arguments(const struct map *map, struct diagnostics *diagnostics);
void lint_alerts(const struct map *map, struct diagnostics *diagnostics);
void lint_times(const struct map *map, struct diagnostics *diagnostics);
void lint_holds(const struct map *map, struct diagnostics *diagnostics);
void lint_units(const struct map *map, struct diagnostics *diagnostics);

// Internal to lint: calls `each` for every step of a command, also those inside try.
void lint_each_step(const struct command *command,
                    void (*each)(void *context, const struct step *step), void *context);

// Internal to lint: calls `each` with every formula of a step, those in its texts included; not
// with those of the steps inside it.
void lint_each_formula(const struct step *step,
                       void (*each)(void *context, const struct formula *formula),
                       void *context);

// Internal to lint: whether the entry can be set to the value, as far as the map says it: with
// a scale that is read from the equipment nobody knows. err says why not.
bool lint_fits(const struct point *point, const struct value *value, struct error *err);

#endif
