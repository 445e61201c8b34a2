// SPDX-License-Identifier: MIT
// The commands on their way, shared by the files daemon/requests*.c and by nobody else. The
// main thread calls everything here.
#ifndef DAEMON_REQUESTS_STATE_H
#define DAEMON_REQUESTS_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/command.h"
#include "cloud/journal.h"
#include "daemon/interrupted.h"
#include "daemon/requests.h"

enum phase {
    PHASE_JUDGING,     // the journal looks its id up and records it
    PHASE_WAITING,     // for the command before it
    PHASE_RECORDING,   // the journal says "executing", on disk soon
    PHASE_NOTING,      // what ends its holds is on disk soon
    PHASE_RUNNING,     // the bus has it
    PHASE_INTERRUPTED, // of an earlier run of the program: waits for its device
    PHASE_REREADING,   // ... and is being looked at
};

struct open_request {
    struct open_request *next;
    enum phase phase;
    uint64_t serial;
    uint64_t ticket; // of the store's order it waits for
    uint16_t device;
    bool began_executing;    // recorded as executing from the start
    int64_t until_ms;        // interrupted: when to wait no longer
    struct job_request *job; // until the bus has it
    struct interrupted *interrupted;
    char key[JOURNAL_KEY_SIZE]; // of the device
    char id[COMMAND_ID_SIZE];
    char digest[JOURNAL_DIGEST_SIZE];
};

// ---- requests_list.c ----

// A new one, behind the others.
struct open_request *requests_add(struct requests *requests, uint16_t device, const char *id);
void requests_drop(struct requests *requests, struct open_request *open);

// The first of a device; NULL: none.
struct open_request *requests_first_of(const struct requests *requests, uint16_t device);

// How many of a device are in a phase.
size_t requests_count_of(const struct requests *requests, uint16_t device, enum phase phase);

// The one with this serial, or the first of a phase whose ticket is in first..last; NULL: none.
struct open_request *requests_find_serial(const struct requests *requests, uint64_t serial);
struct open_request *requests_find_ticket(const struct requests *requests, enum phase phase,
                                          uint64_t first, uint64_t last);

const struct device *requests_device(const struct requests *requests, uint16_t device);

// ---- requests.c ----

// The last word on a command, an error: recorded under its id and sent; `open` is gone. The
// next one of the device may go.
void requests_fail(struct requests *requests, struct open_request *open, const char *text);

// Hands a job to the bus of its device, under the serial of `open`. Ownership moves on true;
// false when the bus takes no more.
bool requests_post(struct requests *requests, const struct open_request *open,
                   struct job_request *job);

// ---- requests_unfinished.c ----

// Takes a command over that an earlier run of the program has left; `context` is the requests.
void requests_take_unfinished(void *context, const struct journal_command *command);

// The bus has looked at what an interrupted command left; the result stays the caller's.
void requests_finish_reread(struct requests *requests, struct open_request *open,
                            const struct job_result *result);

// The program stops: the ones of an earlier run are answered.
void requests_stop_unfinished(struct requests *requests, struct open_request *open);

#endif
