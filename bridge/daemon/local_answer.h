// SPDX-License-Identifier: MIT
// The answer to a command that came from the gateway itself: the same whether the daemon
// executed it or the command line did without one, so that both say the same. Pure.
//     {"code": 0, "response": {"id": ..., "state": "completed", "payload": {...}}, "values":
//     {"limit": "75.0"}}
//     {"code": 1, "refused": "unknown command 'stat'"}
#ifndef DAEMON_LOCAL_ANSWER_H
#define DAEMON_LOCAL_ANSWER_H

#include "base/error.h"
#include "model/message.h"

// `response` is as the cloud would get it, JSON; `result` is what it was made of, NULL: no bus
// had the command. JSON in one line; heap, the caller frees it.
char *local_answer(const char *response, const struct job_result *result);

// Refused before anything was asked of the equipment.
char *local_answer_refused(const char *text);

// The program's exit code that a result stands for.
enum error_code local_answer_code(const struct job_result *result);

#endif
