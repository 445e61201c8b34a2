// SPDX-License-Identifier: MIT
// The models of one device with what is known of them: which instance of its id each one is,
// how often its groups repeat, and how its keys begin, so that none comes twice. Pure; lives in
// the arena given.
#ifndef IMPORT_SUNSPEC_DEVICE_H
#define IMPORT_SUNSPEC_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "import/models.h"
#include "registers/sunspec.h"

enum {
    MAX_IMPORT_GROUPS = 8,     // of one model
    MAX_GROUP_INSTANCES = 100, // more are cut: nobody edits such a map
};

// What was read of a model: its registers from the id word on.
struct sunspec_words {
    const uint16_t *words; // place.length + SUNSPEC_HEADER_WORDS of them
    const bool *known;     // whether the device gave it
};

struct sunspec_repeat {
    const struct sunspec_group *group;
    int outer;   // index of the group it is in, or NO_INDEX
    int claimed; // what the device says; -1: it does not say
    int count;   // of instances in the map
    int stride;  // registers from one to the next
};

struct sunspec_instance {
    const struct sunspec_link *link;
    const struct sunspec_facts_model *model; // NULL: not known
    struct sunspec_words read;
    int number;         // 1: the first of its id
    const char *prefix; // of its keys: "" or "meter2_"
    struct sunspec_repeat repeats[MAX_IMPORT_GROUPS];
    size_t repeat_count;
    size_t point_count; // that the map has, groups counted once
};

struct sunspec_device {
    const struct sunspec_facts *facts;
    const struct sunspec_chain *chain;
    struct sunspec_instance *instances; // one a link of the chain
};

// `read` holds what was read of each link.
void sunspec_device_make(struct arena *arena, const struct sunspec_facts *facts,
                         const struct sunspec_chain *chain, const struct sunspec_words *read,
                         struct sunspec_device *ret_device);

// The group a point is in; NO_INDEX for the fixed part.
int sunspec_repeat_of(const struct sunspec_instance *instance,
                      const struct sunspec_point *point);

// Whether the map has the point: it is a point of the model, within its length, its group has
// instances and its scale factor, if it has one, is there too; a scale factor is the one of
// such a point.
bool sunspec_has_point(const struct sunspec_device *device,
                       const struct sunspec_instance *instance,
                       const struct sunspec_point *point);

// The point with the scale factor of another one, or NULL.
const struct sunspec_point *sunspec_scale_factor(const struct sunspec_device *device,
                                                 const struct sunspec_instance *instance,
                                                 const struct sunspec_point *point);

// Its key in the map.
const char *sunspec_key(struct arena *arena, const struct sunspec_instance *instance,
                        const char *key);

// Whether the device said "not implemented" when it was read; false where nothing is known and
// in groups.
bool sunspec_was_absent(const struct sunspec_instance *instance,
                        const struct sunspec_point *point);

// The text of the first model's point with this key, trimmed; "" when there is none.
const char *sunspec_text(struct arena *arena, const struct sunspec_device *device,
                         const char *key);

#endif
