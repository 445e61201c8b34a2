// SPDX-License-Identifier: MIT
// A command that an earlier run of the program had begun and not finished: nobody knows what it
// wrote, but what it would have set can be read. The main thread.
#ifndef DAEMON_INTERRUPTED_H
#define DAEMON_INTERRUPTED_H

#include "model/message.h"
#include "model/site.h"

struct interrupted;

// From the request as it came; NULL when it cannot be understood any more (another map, say).
struct interrupted *interrupted_new(const struct device *device, const char *request);

// NULL is allowed. The job it gave must be over.
void interrupted_free(struct interrupted *interrupted);

// A job that reads the results of the command and writes nothing; once. The caller owns it.
struct job_request *interrupted_take_job(struct interrupted *interrupted);

// The final message: the outcome is unknown, and what the device holds now, by the job's
// result; NULL or an error: it could not be read. Heap; the caller frees it.
char *interrupted_text(const struct job_result *result);

#endif
