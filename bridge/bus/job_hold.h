// SPDX-License-Identifier: MIT
// What a write step settles before it begins a hold: how long, and that its end can be written.
// One thread, the job's.
#ifndef BUS_JOB_HOLD_H
#define BUS_JOB_HOLD_H

#include "bus/job_state.h"

// Evaluates `for` of the step over what was just read and checks that `then` fits its
// registers: a setpoint whose safe value could not be written is not written either. The
// entries written, and what `for` needs, must have been read.
int job_check_hold(struct job *job, const struct step *step, int64_t *ret_for_ms,
                   struct error *err);

#endif
