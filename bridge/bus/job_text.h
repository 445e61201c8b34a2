// SPDX-License-Identifier: MIT
// How a job names entries, values and faults to the person who sent the command. Pure.
#ifndef BUS_JOB_TEXT_H
#define BUS_JOB_TEXT_H

#include "bus/job_state.h"

// "production_rate (holding 1002)", the address as the map counts; a computed entry is its key.
void name_point(const struct map *map, const struct modbus_settings *modbus, int point,
                char *ret_text, size_t size);

// The same for an entry of the job's map.
void job_name_point(const struct job *job, int point, char *ret_text, size_t size);

// The entries of a write: "a (holding 1), b (holding 2)".
void job_name_writes(const struct job *job, const struct assignment *writes, size_t count,
                     char *ret_text, size_t size);

// "80 %".
void job_name_value(const struct job *job, int point, const struct value *value, char *ret_text,
                    size_t size);

// "no answer", "illegal data value (exception 3)".
void job_name_fault(enum fault fault, uint8_t exception, char *ret_text, size_t size);

// What an entry holds by what was last read: its value, or its number where it has no value.
void job_name_held(const struct job *job, int point, char *ret_text, size_t size);

// What the entries a formula names held last: "run_state is idle, rate is 5 %"; "" when it
// names none.
void job_name_seen(const struct job *job, const struct formula *formula, char *ret_text,
                   size_t size);

// Fills in a text of the map over what was just read and the arguments; what was not answered
// becomes "unknown".
void job_fill(const struct job *job, const struct text_template *text, char *ret_text,
              size_t size);

// What a step does: "writing production_rate (holding 1002)".
void job_name_step(const struct job *job, const struct step *step, char *ret_text, size_t size);

// Why a formula has no value: "run_state (holding 500) could not be read: no answer".
void job_explain_unknown(const struct job *job, const struct formula *formula, char *ret_text,
                         size_t size);

#endif
