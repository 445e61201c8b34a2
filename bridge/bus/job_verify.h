// SPDX-License-Identifier: MIT
// The read-back: what a write left in the equipment, compared word for word with what was sent,
// until it matches or the time is over. One thread, the job's.
#ifndef BUS_JOB_VERIFY_H
#define BUS_JOB_VERIFY_H

#include "bus/job_state.h"

// Remembers the words sent to an entry; `value` is what they mean, NULL when no message may
// show it.
void job_note_written(struct job *job, int point, const uint16_t *words,
                      const struct value *value);

// Begins the read-back of a step's entries; with a doubt it says whether the write was
// executed. False when none of them can be read, or was written.
bool job_verify_begin(struct job *job, const struct step *step, const struct doubt *doubt);

// "no answer to the write" or "server device failure (exception 4) at the write".
void job_name_doubt(const struct doubt *doubt, char *ret_text, size_t size);

// PROGRESS_DONE when every entry holds what was written to it.
enum progress job_verify_run(struct job *job);

#endif
