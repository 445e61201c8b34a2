// SPDX-License-Identifier: MIT
// The Enapter blueprint manifest of a map (blueprint_spec device/3.0, runtime embedded): the
// cloud takes only what is declared there, so what it declares and what the bridge publishes
// come from one place. The facts are those of the vendor's manifest reference and schema
// (docs/blueprint.md). One thread.
#ifndef CONFIG_BLUEPRINT_H
#define CONFIG_BLUEPRINT_H

#include "base/strbuf.h"
#include "config/diagnostics.h"
#include "config/profiles.h"
#include "config/yaml_out.h"
#include "model/map.h"

// Adds the manifest as YAML. `name` is its display name; NULL: vendor and model. Returns -1
// when there was an error: what the manifest cannot express is a finding at its place in the
// map.
int blueprint_make(const struct map *map, const struct profiles *profiles, const char *name,
                   struct diagnostics *diagnostics, struct strbuf *ret_manifest);

// Internal to blueprint: what its files share.
struct blueprint {
    const struct map *map;
    const struct profiles *profiles;
    struct diagnostics *diagnostics; // its arena holds what is made
    struct yaml_out out;
};

// display_name: as given, else made from the key.
void blueprint_put_name(struct blueprint *blueprint, const char *key, const char *given);

// Checks the form of a name: the cloud's begin with a letter.
int blueprint_check_key(struct blueprint *blueprint, const char *key,
                        const struct position *at);

// -1 after a finding; nothing is written when the map has no commands.
int blueprint_put_commands(struct blueprint *blueprint);

#endif
