// SPDX-License-Identifier: MIT
// A step that is a list of steps with an on_failure, and what becomes of a command when a step
// has failed or a list is at its end. Which tries are open is noted outside the process before
// the next step begins, so that what a crash leaves can be undone, once. See bus/job_state.h.
#ifndef BUS_JOB_TRY_H
#define BUS_JOB_TRY_H

#include "bus/job_state.h"

// Enters a try; of a job that undoes, its on_failure.
enum progress job_run_try(struct job *job, const struct step *step);

// The steps of the innermost list are done: PROGRESS_DONE when they were the command's own,
// PROGRESS_FAILED when they were an on_failure.
enum progress job_end_steps(struct job *job);

// A step has failed with job->failure: goes on with an on_failure. PROGRESS_FAILED: there is
// none.
enum progress job_fail_step(struct job *job);

// Has noted what is to be, before the next step. PROGRESS_DONE: go on.
enum progress job_run_note(struct job *job);

// Takes what an event says of a note.
void job_take_noted(struct job *job, const struct job_event *event);

#endif
