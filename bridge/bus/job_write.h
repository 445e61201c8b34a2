// SPDX-License-Identifier: MIT
// The steps that write, and that read back what was written. One thread, the job's.
//
// A write frame leaves at most once, unless the equipment refused it as busy. Without an
// answer, or with one that leaves open what was done, it is not repeated: the read-back says
// whether it was executed. Where nothing can be read back the outcome is unknown and the step
// fails - except before `reconnect`: equipment that restarts at once may well not answer the
// write that tells it to.
#ifndef BUS_JOB_WRITE_H
#define BUS_JOB_WRITE_H

#include "bus/job_state.h"

// Go on with a step until it needs something (PROGRESS_ACT) or is over.
enum progress job_run_write(struct job *job, const struct step *step);
enum progress job_run_verify(struct job *job, const struct step *step);

// The words a value becomes in an entry: scaled, in range, encoded. `words` holds what its
// register holds now where the entry is a part of it. *ret_shown is the value as it will read
// back. What the scale depends on must have been read.
int job_encode(struct job *job, int point, const struct value *value, uint16_t *words,
               struct value *ret_shown, struct error *err);

#endif
