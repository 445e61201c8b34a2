// SPDX-License-Identifier: MIT
// The steps that write, and that read back what was written. One thread, the job's.
//
// A write frame leaves at most once, unless the equipment refused it as busy. Without an answer
// it is not repeated: the read-back says whether it was executed. Where nothing can be read
// back the outcome is unknown and the step fails - except before `reconnect`: equipment that
// restarts at once may well not answer the write that tells it to.
#ifndef BUS_JOB_WRITE_H
#define BUS_JOB_WRITE_H

#include "bus/job_state.h"

enum progress job_run_write(struct job *job, const struct step *step);
enum progress job_run_verify(struct job *job, const struct step *step);

#endif
