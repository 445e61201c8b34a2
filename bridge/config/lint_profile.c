// SPDX-License-Identifier: MIT
// What a map promises under implements: and does not keep: keys that are missing, units, types
// and labels that differ from the profile's.
#include <string.h>

#include "config/lint.h"

struct promise {
    const struct map *map;
    const struct profile *profile;
    const struct position *at; // of the map
    struct diagnostics *diagnostics;
};

static const struct point *find_entry(const struct map *map, const struct profile_key *key)
{
    int index = map_find_point(map, key->key);
    if (index == NO_INDEX || map->points[index].section != key->section)
        return NULL;
    return &map->points[index];
}

static bool is_choice(const struct profile_key *key, const char *text)
{
    for (size_t i = 0; i < key->choice_count; i++) {
        if (strcmp(key->choices[i], text) == 0)
            return true;
    }
    return false;
}

static void check_label(const struct promise *promise, const struct profile_key *key,
                        const struct point *point, const char *label)
{
    if (label && !is_choice(key, label))
        diagnostics_warning(promise->diagnostics, &point->at,
                            "'%s' can be '%s', which %s does not know", point->key, label,
                            key->profile);
}

static void check_labels(const struct promise *promise, const struct profile_key *key,
                         const struct point *point)
{
    if (!key->choice_count || point->publish != PUBLISH_STRING)
        return;
    if (!point->labels) {
        diagnostics_warning(promise->diagnostics, &point->at,
                            "'%s' can be any text, and %s knows %zu: give it enum:", point->key,
                            key->profile, key->choice_count);
        return;
    }
    for (size_t i = 0; i < point->labels->count; i++)
        check_label(promise, key, point, point->labels->rows[i].text);
    check_label(promise, key, point, point->labels->otherwise);
}

static void check_unit(const struct promise *promise, const struct profile_key *key,
                       const struct point *point)
{
    const char *unit = point->unit ? point->unit : "";
    const char *wanted = key->unit ? key->unit : "";
    if (strcmp(unit, wanted) != 0)
        diagnostics_warning(promise->diagnostics, &point->at,
                            "'%s' is in '%s', and %s wants '%s': change scale and unit",
                            point->key, unit, key->profile, wanted);
}

// A whole number may stand where the profile has a real, not the other way round.
static bool is_type_kept(enum publish published, enum publish wanted)
{
    return published == wanted || (wanted == PUBLISH_FLOAT && published == PUBLISH_INTEGER);
}

static void check_key(const struct promise *promise, const struct profile_key *key)
{
    static const char *const sections[] = {
        [SECTION_TELEMETRY] = "telemetry", [SECTION_PROPERTIES] = "properties"};
    const struct point *point = find_entry(promise->map, key);
    if (!point) {
        diagnostics_warning(promise->diagnostics, promise->at,
                            "implements: %s asks for '%s' under %s, which this map lacks",
                            promise->profile->name, key->key, sections[key->section]);
        return;
    }
    if (point->publish == PUBLISH_AUTO)
        return; // it has an error of its own
    if (!is_type_kept(point->publish, key->type))
        diagnostics_warning(promise->diagnostics, &point->at,
                            "'%s' is published as another type than %s wants: see publish:",
                            point->key, key->profile);
    check_unit(promise, key, point);
    check_labels(promise, key, point);
}

static void report_unknown(const struct map *map, const char *name,
                           const struct profiles *profiles, struct diagnostics *diagnostics)
{
    struct suggestion suggestion;
    struct strbuf text = {0};
    suggest_start(&suggestion, name);
    profiles_suggest(profiles, &suggestion);
    suggest_append(&suggestion, &text);
    diagnostics_warning(diagnostics, &map->implements_at,
                        "implements: there is no profile '%s'%s", name, strbuf_text(&text));
    strbuf_done(&text);
}

static void check_profile(const struct map *map, const char *name,
                          const struct profiles *profiles, struct diagnostics *diagnostics)
{
    const struct profile *profile = profiles_find(profiles, name);
    if (!profile) {
        report_unknown(map, name, profiles, diagnostics);
        return;
    }
    struct promise promise = {map, profile, &map->implements_at, diagnostics};
    for (size_t i = 0; i < profile->key_count; i++)
        check_key(&promise, &profile->keys[i]);
}

void lint_profiles(const struct map *map, const struct profiles *profiles,
                   struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < map->implements_count; i++)
        check_profile(map, map->implements[i], profiles, diagnostics);
}
