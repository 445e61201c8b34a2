// SPDX-License-Identifier: MIT
// Walking the chain of SunSpec models of a device: says what to read next, takes the words or
// the refusal, and ends with the list of models or a text that says what is wrong. Pure; one
// owner.
//
// Source: SunSpec Device Information Model Specification 1.1, "Device discovery": the marker
// "SunS" at holding register 40000, 50000 or 0 (PDU addresses), then models, each id and length
// before that many registers, then the id 0xFFFF. A length is followed as the device says it:
// common models of 65 and of 66 registers are both in the field.
#ifndef REGISTERS_SUNSPEC_H
#define REGISTERS_SUNSPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/sunspec.h"

enum {
    MAX_SUNSPEC_CHAIN = 128,      // models of one device
    SUNSPEC_READ_COUNT = 2,       // registers of every read
    SUNSPEC_MARKER_HIGH = 0x5375, // "Su"
    SUNSPEC_MARKER_LOW = 0x6E53,  // "nS"
    SUNSPEC_END_ID = 0xFFFF,
};

struct sunspec_link {
    uint16_t id;
    struct sunspec_place place; // length never 0
};

struct sunspec_chain {
    uint16_t base; // PDU address of the marker
    size_t count;
    struct sunspec_link links[MAX_SUNSPEC_CHAIN];
};

enum sunspec_state {
    SUNSPEC_READ,   // read SUNSPEC_READ_COUNT holding registers at `address`
    SUNSPEC_DONE,   // the chain is complete
    SUNSPEC_FAILED, // no marker, or a broken chain: `text` says which
};

struct sunspec_walk {
    enum sunspec_state state;
    uint16_t address; // SUNSPEC_READ
    const uint16_t *bases;
    size_t base_count;
    size_t base;    // the candidate tried
    bool has_begun; // the marker was found
    struct sunspec_chain chain;
    char text[160]; // SUNSPEC_FAILED, for people: what was found where and what to check
};

// Begins at the first candidate. `bases` must outlive the walk.
void sunspec_begin(struct sunspec_walk *walk, const uint16_t *bases, size_t base_count);

// Takes the two words of the read asked for.
void sunspec_take(struct sunspec_walk *walk, const uint16_t *words);

// Takes a refusal: no marker there, or inside the chain a broken one. "Illegal data address"
// behind a model other than the common one is an end: SolarEdge inverters without meters answer
// so (WillCodeForCats/solaredge-modbus-multi, meter.py).
void sunspec_refuse(struct sunspec_walk *walk, uint8_t exception);

// Where each model a map names is in the chain.
void sunspec_find(const struct sunspec_chain *chain, const struct sunspec_model *models,
                  size_t count, struct sunspec_places *ret_places);

// "model(101..103, 2)", as a map writes it.
void sunspec_name(const struct sunspec_model *model, char *ret_text, size_t size);

// "1 at 40002 (66), 103 at 40070 (50)": id, address and length of each model; cut when long.
void sunspec_list(const struct sunspec_chain *chain, char *ret_text, size_t size);

#endif
