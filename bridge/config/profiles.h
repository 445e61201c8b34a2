// SPDX-License-Identifier: MIT
// What Enapter device profiles (profile/1.0, https://github.com/Enapter/profiles) ask of a
// device: the keys it publishes, with their types, units and enumerations. Data, in
// mappings/profiles. One thread; const after load, lives as long as the arena.
#ifndef CONFIG_PROFILES_H
#define CONFIG_PROFILES_H

#include <stddef.h>

#include "base/arena.h"
#include "base/suggest.h"
#include "config/diagnostics.h"
#include "model/point.h"

enum {
    MAX_PROFILES = 1000,
    MAX_PROFILE_KEYS = 500, // of one profile, with those it inherits
};

// A key that is published by whatever implements the profile.
struct profile_key {
    const char *key;
    struct position at;
    const char *profile;  // that asks for it: the one given or one it implements
    enum section section; // SECTION_TELEMETRY or SECTION_PROPERTIES
    enum publish type;
    const char *unit;           // UCUM; NULL: none
    const char *const *choices; // the texts it may be; NULL: any
    size_t choice_count;
};

struct profile {
    const char *name; // "energy.battery"
    struct position at;
    const char *const *implements; // as written
    size_t implements_count;
    const struct profile_key
        *keys; // all of them, also of the profiles it implements, once each
    size_t key_count;
};

struct profiles {
    const struct profile *rows; // in the order of the files
    size_t count;
};

// Reads profiles/*.yaml in the folders of maps: that of the map `beside` (its path; may be
// NULL), /etc/modbridge/mappings and the shipped library (config_map_folders). Where two
// folders have a profile of the same name the first counts. A folder without profiles is no
// error. Returns -1 when there was an error; findings say which.
int profiles_load(struct arena *arena, const char *beside, struct diagnostics *diagnostics,
                  const struct profiles **ret_profiles);

// The profile with this name, or NULL.
const struct profile *profiles_find(const struct profiles *profiles, const char *name);

// The key that a profile asks for in a section, or NULL.
const struct profile_key *profile_find_key(const struct profile *profile, enum section section,
                                           const char *key);

// Offers all names as candidates.
void profiles_suggest(const struct profiles *profiles, struct suggestion *suggestion);

#endif
