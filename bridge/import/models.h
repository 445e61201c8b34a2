// SPDX-License-Identifier: MIT
// What SunSpec information models hold: their points, from the files sunspec/*.csv beside the
// maps (mappings/sunspec/README.md says what the columns mean). One thread; const after load,
// lives as long as the arena.
#ifndef IMPORT_MODELS_H
#define IMPORT_MODELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"
#include "import/labels.h"
#include "model/point.h"

// How a point of a type reads when the device does not have it (SunSpec Device Information
// Model Specification, "not implemented").
enum sunspec_absence {
    ABSENT_ONES,
    ABSENT_SIGN, // the sign bit alone
    ABSENT_ONES_OR_ZERO,
    ABSENT_NAN,
    ABSENT_ZERO,
};

enum sunspec_kind { KIND_NUMBER, KIND_SCALE_FACTOR, KIND_CODE, KIND_BITS, KIND_TEXT };

struct sunspec_type {
    const char *name;     // "acc32"
    const char *map_type; // "u32"
    int words;            // 0: as the point says
    enum sunspec_kind kind;
    enum sunspec_absence absence;
    const char *invalid; // as a map has it, where `invalid: sunspec` does not say it; or NULL
};

struct sunspec_point {
    uint16_t low, high; // models it is in
    const char *group;  // "" for the fixed part; "Crv/Pt" inside a group
    int offset;         // from the model's id word; in a group from the instance's first
    int size;           // registers
    const char *name;   // "PhVphA"
    const struct sunspec_type *type;
    const char *sf; // point with its scale factor; "" for none
    const char *unit;
    bool is_writable;
    enum section section;
    const char *key;
    struct import_labels labels;
    const char *set;   // "0..100", "any", or "": no command that is safe to suggest
    const char *title; // what it is; may be ""
    int folder;        // internal: the first folder that has a model has all of it
};

struct sunspec_group {
    uint16_t low, high;
    const char *name;
    int offset;        // of the first instance; in a group from the outer instance's first word
    int size;          // of one, without groups inside it
    const char *count; // point with their number; "rest": as many as the model has room for
    int folder;
};

struct sunspec_facts_model {
    uint16_t id;
    int size; // registers of the fixed part, id and length included
    const char *key;
    const char *title;
    int folder;
};

struct sunspec_facts {
    const struct sunspec_facts_model *models;
    size_t model_count;
    const struct sunspec_group *groups;
    size_t group_count;
    const struct sunspec_point *points;
    size_t point_count;
};

// Reads sunspec/*.csv in the folders of maps; where two folders describe a model the first one
// counts. -1 after findings, or with `err` when no folder has such a file.
int sunspec_facts_load(struct arena *arena, const struct map_folders *folders,
                       struct diagnostics *diagnostics, struct sunspec_facts *ret_facts,
                       struct error *err);

// The model with this id, or NULL.
const struct sunspec_facts_model *sunspec_facts_find(const struct sunspec_facts *facts,
                                                     uint16_t id);

// Whether a row about a point speaks of this model.
bool sunspec_point_is_of(const struct sunspec_point *point,
                         const struct sunspec_facts_model *model);
bool sunspec_group_is_of(const struct sunspec_group *group,
                         const struct sunspec_facts_model *model);

// Whether the words are those of a point that the device does not have.
bool sunspec_is_absent(const struct sunspec_point *point, const uint16_t *words);

#endif
