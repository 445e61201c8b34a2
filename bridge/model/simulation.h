// SPDX-License-Identifier: MIT
// How a simulated device behaves beyond keeping what was written to it: the simulation section
// of a map (docs/simulation.md). Const after load, any thread.
#ifndef MODEL_SIMULATION_H
#define MODEL_SIMULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/command.h"
#include "model/values.h"

// Without `written` a rule begins when its condition becomes true, and is dropped when the
// condition ends before `after_ms` is over. With `written` it begins at each write of one
// of those entries for which the condition holds.
struct simulation_rule {
    struct position at;
    const int *written; // indexes of entries
    size_t written_count;
    const struct formula *when; // NULL: always (only with `written`)
    int64_t after_ms;

    uint8_t refuse;  // the write is refused with this exception code; 0: it is not
    const int *keep; // entries whose words are remembered
    size_t keep_count;
    const int *restore; // entries that get back what was remembered
    size_t restore_count;
    const int *clear; // entries that get their "no value" pattern
    size_t clear_count;
    const struct assignment *set;
    size_t set_count;
    int64_t over_ms;   // numbers of `set` are reached in a straight line; 0: at once
    int64_t silent_ms; // the device answers nothing for so long; 0: it answers
    bool close;        // its connections are closed
};

struct simulation_noise {
    int point;
    double amplitude; // around what the entry holds, in its unit
};

enum { SIMULATED_TEXT_COUNT = 7 };

// What it says of itself; its texts by the numbers that Modbus gives them (function 43).
struct simulated_identification {
    bool is_refused;
    const char *texts[SIMULATED_TEXT_COUNT]; // NULL: what the map says, or nothing
};

struct simulation {
    const struct simulated_identification *identification; // NULL: what the map says
    const struct given_value *values;
    size_t value_count;
    const struct given_chain *chain; // NULL: made from the models the map names
    const struct simulation_rule *rules;
    size_t rule_count;
    const struct simulation_noise *noise;
    size_t noise_count;
};

enum { MAX_SIMULATION_RULES = 200 };

#endif
