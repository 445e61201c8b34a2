// SPDX-License-Identifier: MIT
// A command as it would go over the wire, without a line: its job runs against a device made
// from the map, in no time, and every frame is written down. Main thread.
//
// What the device says is what the map's simulation does (its rules apart): exact for what is
// written, an assumption where something read has a say in it, and shown as one.
#ifndef CLI_REHEARSAL_H
#define CLI_REHEARSAL_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/target.h"
#include "model/message.h"
#include "wire/frame.h"

enum { REHEARSAL_MOST = 200 }; // frames written down

struct rehearsed_frame {
    struct request request;
    struct answer answer;
    size_t length;
    uint8_t bytes[MAX_FRAME];
};

struct rehearsal {
    size_t count;
    struct rehearsed_frame *frames;
    struct job_result *result;
};

// Takes ownership of the job. -1 with err when no device can be made from the map.
int rehearsal_run(struct rehearsal *rehearsal, struct target *target, struct job_request *job,
                  struct error *err);
void rehearsal_done(struct rehearsal *rehearsal);

// Prints the frames, with what they mean, and how it would end if it does not end well. Returns
// the exit code.
int rehearsal_print(const struct rehearsal *rehearsal, const struct target *target,
                    bool as_json);

#endif
