// SPDX-License-Identifier: MIT
// SunSpec information models: equipment lists them in a chain of {id, length, that many
// registers}, which begins behind a marker and may lie elsewhere in every device (SunSpec
// Device Information Model Specification, "Device discovery"). Plain data, copied freely.
#ifndef MODEL_SUNSPEC_H
#define MODEL_SUNSPEC_H

#include <stddef.h>
#include <stdint.h>

enum {
    MAX_SUNSPEC_BASES = 8,     // candidate addresses of the marker
    MAX_SUNSPEC_MODELS = 64,   // that one map names
    SUNSPEC_NONE = 0,          // as the number of a model: a plain address
    SUNSPEC_LAST_ID = 0xFFFE,  // 0xFFFF ends the chain
    SUNSPEC_HEADER_WORDS = 2,  // id and length: what the length does not count
    MAX_SUNSPEC_INSTANCE = 64, // of one id in a chain
};

// A model that addresses of a map begin at: model(160), model(101..103), model(203, 2).
struct sunspec_model {
    uint16_t low; // ids: any of them
    uint16_t high;
    uint16_t instance; // 1: the first such model of the chain
};

// Where a model is on one device.
struct sunspec_place {
    uint16_t address; // PDU address of its id word
    uint16_t length;  // registers after the length word; 0: it is not there
};

// Where the models a map names are, in the map's order.
struct sunspec_places {
    uint16_t count;
    struct sunspec_place items[MAX_SUNSPEC_MODELS];
};

#endif
