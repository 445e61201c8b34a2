// SPDX-License-Identifier: MIT
// The commands of one bus: one running per device, the others wait in order. Pure bookkeeping;
// the bus's thread owns it.
#ifndef BUS_JOBS_H
#define BUS_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/job.h"
#include "bus/line.h"

// What a running job waits for.
struct running_job {
    struct job *job; // NULL: none runs for this device
    bool has_begun;  // the device\'s identity was looked at
    int64_t started_ms;
    int64_t ready_ms; // when to step it next
    bool is_waiting;  // it waits by itself: the device may be polled meanwhile
    uint32_t note;    // what it wants to be noted; 0: nothing
    bool has_pending; // `pending` is to be sent then: a late answer, or a link that rests
    struct job_action pending;
    struct job_event event; // what to tell it then
    struct answer answer;   // storage of event.answer
};

struct job_queue {
    struct job_request *waiting[16];
    size_t count;
    struct running_job running;
};

// What it wanted is noted, or cannot be: it is to be stepped. Ignores what it does not wait
// for.
void running_take_noted(struct running_job *running, uint32_t note, bool is_noted,
                        int64_t now_ms);

// What comes before the commands that wait, when a device's running job has ended.
struct job_source {
    void *context;
    // A request for the unit, or NULL; ownership moves.
    struct job_request *(*take)(void *context, struct unit *unit, int64_t now_ms);
};

struct jobs {
    struct line *line;
    struct job_source first;  // take: NULL: nothing
    struct job_queue *queues; // one per unit of the line
};

// Nothing comes before the commands that wait, unless `first` is set afterwards.
void jobs_init(struct jobs *jobs, struct line *line);
// Frees what is left without a result.
void jobs_done(struct jobs *jobs);

// Takes a request for its device's queue; ownership moves on true. False when the queue is
// full.
bool jobs_add(struct jobs *jobs, struct job_request *request, int64_t now_ms);

// The queue whose running job is to be stepped now (earliest first), with its unit; NULL if
// none.
struct job_queue *jobs_ready(struct jobs *jobs, int64_t now_ms, struct unit **ret_unit);

// The queue whose running job is the next to be stepped, at its ready_ms; NULL if none is.
const struct job_queue *jobs_first(const struct jobs *jobs);

// Ends the running job and starts the next one that waits.
void jobs_finish(struct jobs *jobs, struct job_queue *queue, int64_t now_ms);

// Starts what comes first for a unit, if none of its jobs is running.
void jobs_wake(struct jobs *jobs, const struct unit *unit, int64_t now_ms);

// The same for the job of a device with this serial, if it runs.
void jobs_take_noted(struct jobs *jobs, const struct job_noted *noted, int64_t now_ms);

// Tells every running job to stop, at once; one that ends a hold goes on for `rest_ms`.
void jobs_stop(struct jobs *jobs, int64_t now_ms, int64_t rest_ms);

// Takes one waiting (never started) request out of any queue; NULL when there is none.
struct job_request *jobs_take_waiting(struct jobs *jobs);

// Whether a job of the unit is running.
bool jobs_is_running(const struct jobs *jobs, const struct unit *unit);

// Whether it is, and waits by itself: the device may be asked something else meanwhile.
bool jobs_is_waiting(const struct jobs *jobs, const struct unit *unit);

// Whether any job is running.
bool jobs_any(const struct jobs *jobs);

#endif
