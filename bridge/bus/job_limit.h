// SPDX-License-Identifier: MIT
// The limits of a command's arguments, over registers just read. One thread, the job's.
//
// Arguments are checked before the first write (bus/job_check.c), rounded to the steps of their
// register. Where its steps are not known before it is written, because they are another
// register's value, or where an argument is written to a second register with other steps, what
// rounding makes of it is checked once more: it may lie beyond a limit that was kept before.
#ifndef BUS_JOB_LIMIT_H
#define BUS_JOB_LIMIT_H

#include "bus/job_state.h"

// Checks a value of an argument (its index in the command). -1: it is outside, or a limit is
// not known.
int job_limit_check(struct job *job, size_t index, const struct value *value,
                    struct error *err);

// Adds to the present round of reads what is to be known of limits before this write.
void job_limit_need(struct job *job, const struct assignment *write);

// Checks what an argument was rounded to on its way into a register, and has formulas of
// further steps use that. Does nothing while on_failure runs, and for what is no argument.
int job_limit_check_rounded(struct job *job, const struct assignment *write,
                            const struct value *value, const struct value *rounded,
                            struct error *err);

#endif
