// SPDX-License-Identifier: MIT
// What a device said, as a values file that `simulate --values` replays (docs/simulation.md):
// the words of every register that was read, and which were refused. Main thread.
#ifndef CLI_RECORDING_H
#define CLI_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/survey.h"
#include "cli/target.h"

struct recording_word {
    int unit_id; // of an entry, or NO_INDEX: the device's
    enum table table;
    uint16_t address; // PDU address
    uint16_t word;
    const char *key; // of the entry that begins here, or NULL
};

struct recording_refusal {
    int unit_id;
    enum table table;
    uint16_t address;
    uint16_t count;
    uint8_t exception;
};

struct recording {
    struct target *target;
    struct recording_word *words;
    size_t count;
    struct recording_refusal *refusals;
    size_t refusal_count;
};

// Nothing is recorded yet; `target` must outlive it.
void recording_begin(struct recording *record, struct target *target);
void recording_done(struct recording *record);

// Takes what a survey hears; `context` is the struct recording.
void recording_hear(void *context, const struct reading *reading, uint16_t address,
                    uint16_t count);

// Reads the headers of the SunSpec models, if the map has any.
void recording_chain(struct recording *record);

// Writes the file, all of it or nothing. `is_all`: every entry of the map was asked for, so
// that what is not there was refused.
int recording_write(struct recording *record, const char *path, bool is_all, int64_t wall_ms,
                    struct error *err);

#endif
