// SPDX-License-Identifier: MIT
// What the registers of a simulated device hold at first: words by address and values by entry,
// from a values file or a map's simulation section. Const after load, any thread.
#ifndef MODEL_VALUES_H
#define MODEL_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/point.h"

struct given_word {
    struct position at;
    int unit_id; // 1 .. 255, or 0: the device's own
    enum table table;
    uint16_t address;
    uint16_t word; // a bit of a coil or discrete input: 0 or 1
};

struct given_value {
    struct position at;
    int point; // index of the entry
    struct value value;
};

struct given_model {
    uint16_t id;
    uint16_t length; // 0: as long as the map needs it
};

// A chain of SunSpec models other than the one made from the map.
struct given_chain {
    bool has_base;
    uint16_t base;                    // of the marker
    const struct given_model *models; // in the order of the chain
    size_t model_count;               // 0: those the map names
};

struct device_values {
    const struct given_chain *chain; // NULL: made from the map
    bool only; // addresses that no word or value is given for do not exist
    const struct given_word *words;
    size_t word_count;
    const struct given_value *values; // win over words
    size_t value_count;
};

// The values of a whole site: one element a device, in the site's order.
struct site_values {
    const struct device_values *devices;
    size_t device_count;
};

#endif
