// SPDX-License-Identifier: MIT
// What a running job knows, shared by the files bus/job*.c and by nobody else. A step is run by
// its function again and again, each time the bus comes back with an event, until it is done or
// has failed; what it has to remember meanwhile is here. One thread owns a job.
#ifndef BUS_JOB_STATE_H
#define BUS_JOB_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "bus/job.h"
#include "bus/job_frame.h"
#include "registers/needs.h"

enum {
    JOB_MAX_DEPTH = MAX_STEP_DEPTH + 2, // frames: the command, try in try, and one to spare
    JOB_ROLLBACK_MS = 10 * 1000,        // all on_failure steps of a command together
    JOB_ROLLBACK_STOP_MS = 1000,        // the same while the program stops
    JOB_BUSY_MS = 500,                  // pause after exception 6 (server device busy)
    JOB_BUSY_TRIES = 3,
    JOB_NOTE_MS = 1000,       // how long a step that goes on anyway waits for a note
    JOB_NOTE_STOP_MS = 300,   // the same while the program stops
    JOB_RESULT_MS = 5 * 1000, // for reading the result of a command that used up its time
    JOB_NAME_SIZE = 96,       // of "entry (table address)" in a message
    JOB_TEXT_SIZE = 240,
};

// How far a step, or a part of one, has come.
enum progress {
    PROGRESS_ACT,    // job->action says what it needs from outside
    PROGRESS_AGAIN,  // call it again at once
    PROGRESS_DONE,   //
    PROGRESS_FAILED, // job->failure says why
};

enum job_phase { PHASE_CHECK, PHASE_STEPS, PHASE_RESULT, PHASE_DONE };

// Stages every step goes through; its own follow from STAGE_FIRST on.
enum job_stage { STAGE_BEGIN, STAGE_WHEN, STAGE_FIRST };

// Why a step failed, and what came of on_failure since.
struct failure {
    struct error error;
    enum fault fault; // FAULT_NONE when the equipment answered
    bool mismatch;
    bool is_unknown; // whether a write was executed could not be found out
    bool rolled_back;
    char rollback[JOB_TEXT_SIZE]; // what went wrong in on_failure first; "" nothing
    enum fault rollback_fault;
};

// A list of steps in progress: the command's own, or those of a try.
struct job_frame {
    const struct step *steps;
    size_t count;
    size_t index;
    const struct step *trying; // NULL: the command's own
    bool in_failure;           // these are the steps of its on_failure
    struct failure cause;      // ... and this is why they run
};

// Why the tries that are open are to be noted before the next step.
enum job_note_reason {
    NOTE_NOTHING,
    NOTE_ENTERED, // a try was: unless that is kept, none of its steps is begun
    NOTE_LEFT,    // one was
    NOTE_FAILED,  // its on_failure begins
};

struct job_note {
    enum job_note_reason reason;
    uint32_t number; // of the last one
    bool is_asked;
    bool is_answered;
    bool is_kept;
    int64_t until_ms;
    struct open_tries tries;
};

// What came of asking for an entry.
enum job_mark { MARK_READ = 1, MARK_SILENT = 2, MARK_REFUSED = 4 };

// Fresh reads in progress (bus/job_read.c).
struct job_reads {
    struct arena *arena; // of the blocks
    struct needs needs;
    struct needs scratch;
    uint8_t *marks;   // one per entry of the map: enum job_mark
    int64_t begun_ms; // what was fresh then is fresh until all is read, which may take long
    bool is_forced;   // entries are read whatever their `when` says
    bool is_closed;   // what the needs need is among them
    const struct block **blocks;
    size_t block_count;
    size_t index;
    bool is_sent;
    int tries; // of the present block
    int64_t retry_ms;
};

// What was written to an entry last, to be read back.
struct job_written {
    struct job_written *next;
    int point;
    bool is_secret;             // made of a sensitive argument: no message shows it
    char wanted[JOB_NAME_SIZE]; // the value for people
    uint16_t words[MAX_POINT_WORDS];
};

// Why the answer to a write does not say whether it was executed; reading back does then.
struct doubt {
    enum fault fault;  // FAULT_NONE: there is no doubt
    uint8_t exception; // with FAULT_EXCEPTION
};

// A step whose entries' conditions are checked before anything is written (bus/job_when.c).
struct early_step {
    struct early_step *next;
    const struct step *step;
};

// The read-back of some entries in progress (bus/job_verify.c).
struct job_verify {
    const struct assignment *writes;
    size_t write_count;
    struct doubt doubt; // whether the write was executed
    bool is_reading;
    int64_t until_ms;
    int64_t next_ms;
    int64_t pause_ms;
};

// What came of the last request.
struct job_outcome_of_send {
    enum fault fault;
    bool is_unsent;
    const struct answer *answer; // valid during one job_step
};

struct job {
    const struct plan_request *planning;
    const struct map *map;                // the planning's
    const struct modbus_settings *modbus; // the planning's
    struct image *image;
    struct job_request *request;
    struct job_result *result;
    struct arena *arena;

    int64_t now_ms;
    int64_t wall_ms;
    int64_t until_ms;          // the command's time
    int64_t rollback_until_ms; // of on_failure

    int unit_id;
    enum job_phase phase;
    int stage; // of the step in progress
    bool is_stopping;
    bool is_rolling_back; // an on_failure has begun: nothing but on_failure is run any more
    bool is_sent;         // a request is on its way
    bool was_away;        // reconnect: the device was seen not to answer

    struct job_action action;
    struct job_outcome_of_send outcome;
    size_t writes_sent;
    struct failure failure;
    struct job_frame frames[JOB_MAX_DEPTH];
    size_t depth;
    struct job_note note;

    struct job_reads reads;
    struct early_step *early_steps; // in the order of the command
    bool are_early_checked;
    struct job_written *written;
    struct job_verify verify;
    struct write_frame frame; // write: what is sent
    int64_t wait_ms;          // the next moment something of the step is due
    int64_t step_ms;          // expect, reconnect: when it began
    int64_t closed_ms;        // reconnect: when the link was closed last
    int probe;                // reconnect: the entry that is read to see the device
    int busy_tries;
    enum fault last_fault; // of the last request
    char log_text[JOB_TEXT_SIZE];
};

// Asks for a request to be sent; its address counts from `model`, as a point's does. Fails
// instead when the time is over or the program stops.
enum progress job_send(struct job *job, const struct request *request, uint8_t model,
                       bool is_write);

// Asks to be called again at `until_ms`, or before when the time is over then.
enum progress job_wait(struct job *job, int64_t until_ms);

// Notes why the step fails. Always PROGRESS_FAILED.
enum progress job_fail(struct job *job, enum fault fault, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// The next step begins, or on_failure does.
void job_begin_step(struct job *job);

// Whether nothing more may be begun: the program stops or the time is over; then the failure
// says so.
bool job_must_end(struct job *job);

// The value of a formula over what was just read and the arguments; unknown when something it
// needs was not answered.
struct value job_evaluate(struct job *job, const struct formula *formula,
                          struct image_space *space);

// The parts of a command beside its steps: the checks before the first write frame, and the
// reading of its result. Run like steps; job_run_result never fails.
enum progress job_run_check(struct job *job);
enum progress job_run_result(struct job *job);

#endif
