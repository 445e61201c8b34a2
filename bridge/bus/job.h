// SPDX-License-Identifier: MIT
// One command on its way: a resumable state machine without clock, link or thread. The bus
// feeds it events and does what it asks for; while it waits the bus polls on. One thread owns a
// job.
//
// Everything that can be refused is refused before the first write frame. A write counts as
// done when it reads back, not when it was echoed. A write whose answer is missing, or leaves
// open what was done, is never repeated: it is read back, which says whether the equipment took
// it. Before a try is entered, left or undone, that is noted where a crash does not reach.
#ifndef BUS_JOB_H
#define BUS_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "model/map.h"
#include "model/message.h"
#include "registers/image.h"
#include "wire/pdu.h"

struct job;

// What the job wants next.
enum job_action_kind {
    JOB_SEND,      // send `request`, then call job_step with the outcome
    JOB_WAIT,      // nothing until `until_ms` (the bus polls meanwhile); then call with
                   // JOB_EVENT_TIME
    JOB_RECONNECT, // close the link if it is open, the next request opens it again; then call
                   // with JOB_EVENT_TIME at once
    JOB_LOG,       // report `text`, then call with JOB_EVENT_TIME at once
    JOB_NOTE, // keep `tries` where a crash does not reach (the bus polls meanwhile), then call
              // with JOB_EVENT_NOTED; at `until_ms` with JOB_EVENT_TIME
    JOB_DONE, // take the result with job_take_result
};

struct job_action {
    enum job_action_kind kind;
    struct request request;  // JOB_SEND; unit id filled in
    uint8_t model;           // JOB_SEND: what its address counts from, as of a point
    bool is_write;           // JOB_SEND: a write frame
    const struct step *hold; // JOB_SEND: the step whose hold begins with this frame, unless it
                             // is refused; or NULL
    int64_t hold_for_ms;     // ... how long
    int64_t until_ms;        // JOB_WAIT, JOB_NOTE
    uint32_t note;           // JOB_NOTE: its number, to be named in the event
    const struct open_tries *tries; // JOB_NOTE; valid until the next step. In place of what was
                                    // kept before
    const char *text;               // JOB_LOG; valid until the next step
};

enum job_event_kind {
    JOB_EVENT_TIME,   // start, or the time asked for has come
    JOB_EVENT_ANSWER, // to JOB_SEND: fault, and the answer when it is FAULT_NONE or
                      // FAULT_EXCEPTION
    JOB_EVENT_NOTED,  // to JOB_NOTE: note and is_noted
    JOB_EVENT_STOP,   // the program stops: no new step starts, an open on_failure runs
};

struct job_event {
    enum job_event_kind kind;
    enum fault fault;
    const struct answer *answer;
    bool is_unsent; // with a fault: the frame certainly never left (the link was not open)
    uint32_t note;  // 0: none; may come with JOB_EVENT_STOP too
    bool is_noted;  // false: it could not be kept
};

// A job for a device of which `image` is the bus's picture (fresh readings are stored into it).
// `planning` says what its reads are made of and must outlive it, `unit_id` is the device's.
// Takes ownership of `request`.
struct job *job_new(const struct plan_request *planning, int unit_id, struct image *image,
                    struct job_request *request, int64_t now_ms);

// At any time; what is open is given up. NULL is allowed.
void job_free(struct job *job);

// Advances until it needs something from outside. Times are monotonic; `wall_ms` is for now.*.
// JOB_EVENT_STOP may come in place of any other event and more than once. A request on its way
// counts as unanswered then, unless the event also carries fault and answer. After it
// on_failure still wants its frames sent, for a second.
struct job_action job_step(struct job *job, int64_t now_ms, int64_t wall_ms,
                           const struct job_event *event);

// Shortens the job's time; what it has taken up by then fails.
void job_limit(struct job *job, int64_t until_ms);

// The outcome after JOB_DONE; the caller owns it.
struct job_result *job_take_result(struct job *job);

// The device it is for, and its serial.
const struct job_request *job_request_of(const struct job *job);

#endif
