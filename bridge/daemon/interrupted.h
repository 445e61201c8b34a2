// SPDX-License-Identifier: MIT
// A command that an earlier run of the program had begun and not finished: nobody knows what it
// wrote, but what it would have set can be read, and its open tries can be undone. The main
// thread.
#ifndef DAEMON_INTERRUPTED_H
#define DAEMON_INTERRUPTED_H

#include <stdbool.h>

#include "model/message.h"
#include "model/site.h"

struct interrupted;

// From the request as it came, from the cloud or (`is_local`) the gateway itself; NULL when it
// cannot be understood any more (another map, say).
struct interrupted *interrupted_new(const struct device *device, const char *request,
                                    bool is_local);

// NULL is allowed. The jobs it gave must be over.
void interrupted_free(struct interrupted *interrupted);

// The device is at another address; its map is the same to the pointer.
void interrupted_move(struct interrupted *interrupted, const struct device *device);

// The command, as the map has it, or as it is made again; lives as long as this.
const struct command *interrupted_command(const struct interrupted *interrupted);

// As it came, with its arguments; lives as long as this.
const struct job_request *interrupted_request(const struct interrupted *interrupted);

// Has its jobs run on_failure of these tries, innermost first, of those that have not failed
// yet. Returns how many there are; 0: its jobs write nothing.
size_t interrupted_undo(struct interrupted *interrupted, const struct open_tries *tries);

// A job that undoes that and reads the results of the command, with the arguments it came with.
// The caller owns it; NULL when the request cannot be understood.
struct job_request *interrupted_job(const struct interrupted *interrupted);

// The final message: the outcome is unknown, what became of open tries (NULL: there were none),
// and what the device holds now, by the job's result; NULL or an error: it could not be read.
// Heap; the caller frees it.
char *interrupted_text(const struct job_result *result, const char *undone);

#endif
