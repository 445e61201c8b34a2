// SPDX-License-Identifier: MIT
// Doing what a job asks for: one move at a time, over a line. Used by the bus's thread and by
// the command line. The owner of the line calls it.
#ifndef BUS_EXECUTE_H
#define BUS_EXECUTE_H

#include <stdbool.h>

#include "bus/jobs.h"

// Who hears the log steps of a command, of every write frame that may have been executed, and
// what is to be noted (JOB_NOTE), to be answered with jobs_take_noted. `note` may be NULL:
// nothing survives a crash then, and counts as noted.
struct execute_report {
    void *context;
    void (*log)(void *context, const struct job_request *request, const char *text);
    void (*wrote)(void *context, struct unit *unit, const struct job_request *request,
                  const struct job_action *action);
    void (*note)(void *context, const struct job_request *request,
                 const struct job_action *action);
};

// Steps the job once and does what it wants: sends a request, notes when to be stepped next, or
// reports. True when it is done. *ret_fault is written when a transaction was made.
bool execute_step(struct line *line, struct unit *unit, struct running_job *running,
                  const struct execute_report *report, enum fault *ret_fault);

// Runs a job to its end, sleeping where it waits; for use without a daemon. The line's stop
// descriptor must come from stop_signals_open: the first signal stops the job in order, the
// second ends every wait. The caller owns the result. Takes ownership of `request`.
struct job_result *execute_job(struct line *line, struct unit *unit,
                               struct job_request *request,
                               const struct execute_report *report);

#endif
