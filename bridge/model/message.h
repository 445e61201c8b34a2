// SPDX-License-Identifier: MIT
// What crosses threads. Fixed size, copied through mailboxes; a job and its result are pointers
// whose ownership goes with the message.
#ifndef MODEL_MESSAGE_H
#define MODEL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/command.h"
#include "model/map.h"
#include "model/point.h"
#include "model/sunspec.h"

struct block;      // registers/block.h
struct bus_status; // model/status.h

enum {
    MAX_READ_REGISTERS = 125,            // Modbus Application Protocol V1.1b3, section 6.3
    MAX_READ_BITS = 2000,                // section 6.1
    MAX_WRITE_REGISTERS = 123,           // section 6.12
    MAX_WRITE_BITS = 1968,               // section 6.11
    MAX_HOLD_ENTRIES = 16,               // that `then` of one hold writes
    MAX_OPEN_TRIES = MAX_STEP_DEPTH + 1, // each inside the one before
};

// What can go wrong with one request, for machines: counted and sent as data. A refusal
// (exception) is about registers, silence about the unit, garbage about the line.
enum fault {
    FAULT_NONE,
    FAULT_TIMEOUT,   // no answer within the time allowed
    FAULT_GARBLED,   // bytes came, but no frame that answers the request
    FAULT_EXCEPTION, // the equipment answered with an exception code
    FAULT_LINK,      // the port or connection could not be opened, or broke
    FAULT_STOPPED,   // the wait was ended because the program stops
    FAULT_IDENTITY,  // it answers, but is not the device the map is for
    FAULT_COUNT,
};

// "timeout", "garbled", ...: the words of `read --json` and of the logs.
extern const char *const fault_names[FAULT_COUNT];

// What an exception code means, for people ("illegal data address"). Never NULL.
// Modbus Application Protocol V1.1b3, section 7.
const char *exception_name(uint8_t exception);

// What an exception is about: the registers, the moment, the unit behind a gateway, or the
// equipment itself. Same source.
enum exception_kind {
    EXCEPTION_REFUSAL, // 1, 2, 3: it will say so again
    EXCEPTION_LATER,   // 5, 6: it is busy
    EXCEPTION_SILENCE, // 10, 11: a gateway's word for a unit that does not answer
    EXCEPTION_FAILURE, // 4 and all others
};
enum exception_kind exception_kind(uint8_t exception);

// What an exception says of a write. Same source; what it does not list (codes of vendors) and
// what it calls a failure while the request was carried out leave open how far that had come.
enum exception_on_write {
    WRITE_REFUSED,   // it was not carried out, nor will it be
    WRITE_BUSY,      // it was not carried out; it may be sent again
    WRITE_ACCEPTED,  // it is being carried out
    WRITE_UNHEARD,   // a gateway's word: as good as no answer
    WRITE_UNCERTAIN, // it may have been carried out, wholly or in part
};
enum exception_on_write exception_on_write(uint8_t exception);

// What one polled request brought.
struct reading {
    uint16_t device;           // index in the site
    const struct block *block; // const; lives until the bus is joined
    enum fault fault;          // FAULT_NONE: words are valid
    uint8_t exception;         // with FAULT_EXCEPTION
    uint16_t word_count;
    int64_t monotonic_ms; // when the answer came
    int64_t wall_ms;
    uint16_t words[MAX_READ_REGISTERS]; // registers; bits packed 16 a word, lowest first
};

enum { READING_GRACE_MS = 20 }; // for what was read at the end of a second to be told

// When the second of a reading is over and what else was read in it has been told, on the
// monotonic clock: nobody waits for the reading before that.
int64_t reading_due_ms(const struct reading *reading);

enum unit_health { HEALTH_UNKNOWN, HEALTH_ONLINE, HEALTH_OFFLINE };

struct health_change {
    uint16_t device;
    enum unit_health health;
    enum fault fault; // what took it offline
    char text[200];   // more about it, or ""
};

// The tries of a command that a crash would leave open, those with on_failure, outermost first.
struct open_tries {
    size_t count;
    struct open_try {
        unsigned ordinal; // of the command's tries in the order of its map, from 1 on
        bool has_failed;  // its on_failure has begun
    } tries[MAX_OPEN_TRIES];
};

// What came of noting them.
struct job_noted {
    uint64_t serial; // of the job
    uint16_t device;
    uint32_t number; // of the note
    bool is_kept;    // it is on disk
};

// A command on its way to a bus. Heap; owned by whoever holds the pointer (job_request_free).
struct job_request {
    uint64_t serial; // names the job in messages
    uint16_t device;
    const struct command *command;         // of the device's map
    size_t argument_count;                 // as the command's
    struct value arguments[MAX_ARGUMENTS]; // VALUE_UNKNOWN: not given, no default
    char *text;                            // storage of text arguments
    bool ends_hold;                        // not from the cloud: writes `then` of a hold
    bool undoes; // not from the cloud: of the command's own steps, which are tries, on_failure
                 // is run, all of them whatever fails
    struct arena *arena; // ... of which `command` is made; else NULL
};

enum job_outcome { JOB_COMPLETED, JOB_ERROR };

struct job_value {
    const char *key;      // of the map
    struct value value;   // texts point into the result's own storage
    enum publish publish; // the type it is told as: of an entry the type it is published as
};

// What came of it. Heap; owned by whoever holds the pointer (job_result_free).
struct job_result {
    uint64_t serial;
    uint16_t device;
    enum job_outcome outcome;
    enum fault fault;      // of an error: FAULT_NONE when the equipment answered
    bool mismatch;         // of an error: a write did not read back
    bool anything_written; // whether a write frame left
    char message[480]; // of an error, for people; of a job that undoes: what went wrong first
    size_t value_count;
    struct job_value values[MAX_ARGUMENTS];
    char *text; // storage of text values
};

// What must be written when a hold is over: entries of the device's map and their values. Lives
// in an arena of its own; owned by whoever holds the pointer (hold_end_free).
struct hold_end {
    struct arena *arena;
    uint64_t serial; // of the command that holds
    uint16_t device;
    const struct step *step; // that holds; NULL: a hold of an earlier life of the process
    bool verify;             // whether what is written is read back
    size_t count;
    struct hold_entry {
        int point;
        struct value value;
    } entries[MAX_HOLD_ENTRIES];
};

enum hold_event {
    HOLD_BEGUN,    // the frame has left and was not refused
    HOLD_LOST,     // it was written again and not taken
    HOLD_TAKEN,    // ... and is taken again
    HOLD_OVER,     // `then` was written
    HOLD_REPLACED, // something else was written to its registers: `then` is not
    HOLD_NARROWED, // ... to some of those of `then`: the others still are
    HOLD_LATE,     // `then` could not be written and is tried again
    HOLD_GIVEN_UP, // ... and is not tried any more
    HOLD_EVENT_COUNT,
};

struct hold_change {
    uint64_t serial; // of the command that holds
    const struct step *step;
    uint16_t device;
    enum hold_event event;
    size_t count; // of the entries that `then` is still to be written to
    int points[MAX_HOLD_ENTRIES];
    char text[240]; // for the operator
};

// What a device refuses, as its bus has learned, or grants again.
struct learned_refusal {
    uint16_t device; // index in the site
    struct refusal refusal;
    bool is_forgotten; // it is granted again, or another device is there
};

// An entry that wears out (wear: of the map) was written.
struct wear_note {
    uint16_t device; // index in the site
    int point;
};

// What a door has seen since the start.
enum share_count {
    SHARE_CONNECTIONS,
    SHARE_TURNED_AWAY, // connections, too many at once
    SHARE_DROPPED,     // connections: half a frame, no Modbus TCP, answers not taken, no word
    SHARE_REQUESTS,
    SHARE_REFUSED_FUNCTION, // exception 1: unknown, or a write to a unit without any
    SHARE_REFUSED_ADDRESS,  // exception 2: a write that the site does not list
    SHARE_REFUSED_OTHER,    // what makes no sense in a request
    SHARE_BUSY,             // too many under way
    SHARE_COUNTS,
};

struct share_status {
    uint16_t bus; // index in the site
    size_t callers;
    uint64_t counts[SHARE_COUNTS];
};

enum message_kind {
    MESSAGE_READING,
    MESSAGE_HEALTH,
    MESSAGE_JOB_LOG,
    MESSAGE_JOB_NOTE, // what a crash would leave open; answered with bus_post_noted
    MESSAGE_JOB_DONE,
    MESSAGE_BUS_STOPPED,
    MESSAGE_LINK,   // the bus's link opened or failed
    MESSAGE_BREAKS, // it breaks again and again, or no more
    MESSAGE_STATUS, // the answer to bus_post_status
    MESSAGE_HOLD,   // what became of a hold
    MESSAGE_LEARNED,
    MESSAGE_WEAR,
    MESSAGE_SHARE,  // what the door of a bus has seen
    MESSAGE_MODELS, // the chain of SunSpec models of a device was walked
};

struct message {
    enum message_kind kind;
    uint16_t bus;
    union {
        struct reading reading;
        struct health_change health;
        struct {
            uint64_t serial;
            uint16_t device;
            char text[240];
        } log;
        struct {
            uint64_t serial;
            uint16_t device;
            uint32_t number;
            struct open_tries tries; // none: nothing is open any more
        } note;
        struct job_result *result; // ownership moves
        struct bus_status *status; // ownership moves (model/status.h)
        struct {
            bool is_open;
            char text[200]; // why not
        } link;
        struct {
            bool are_many;
        } breaks;
        struct hold_change hold;
        struct learned_refusal learned;
        struct wear_note wear;
        struct share_status share;
        struct {
            uint16_t device;
            struct sunspec_places places;
        } models;
    };
};

// Frees what a message owns that nobody has taken.
void message_done(struct message *message);

// NULL is allowed; what nobody has taken goes with it.
void job_request_free(struct job_request *request);
void job_result_free(struct job_result *result);
void hold_end_free(struct hold_end *end);

#endif
