// SPDX-License-Identifier: MIT
// The steps that only look, wait or talk: wait, require, expect, log, reconnect. One thread,
// the job's.
#ifndef BUS_JOB_WAIT_H
#define BUS_JOB_WAIT_H

#include "bus/job_state.h"

// Go on with a step until it needs something (PROGRESS_ACT) or is over.
enum progress job_run_wait(struct job *job, const struct step *step);
enum progress job_run_require(struct job *job, const struct step *step);
enum progress job_run_expect(struct job *job, const struct step *step);
enum progress job_run_log(struct job *job, const struct step *step);

// For equipment that restarts. The link is closed, then an entry that is polled anyway is read
// about once a second, until there is any answer, also a refusal. Equipment that answers at
// once may not have begun to restart: an answer counts only after the device was seen not to
// answer, or when it still answers RECONNECT_SETTLE_MS after the beginning. While nothing
// answers the link is closed again every few seconds: a connection from before the restart may
// hang.
enum progress job_run_reconnect(struct job *job, const struct step *step);

#endif
