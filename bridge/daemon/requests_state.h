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
#include "daemon/try_note.h"

enum phase {
    PHASE_JUDGING,     // the journal looks its id up and records it
    PHASE_WAITING,     // for the command before it
    PHASE_RECORDING,   // the journal says "executing", on disk soon
    PHASE_NOTING,      // what ends its holds is on disk soon
    PHASE_RUNNING,     // the bus has it
    PHASE_INTERRUPTED, // of an earlier run of the program: waits for its device
    PHASE_FAILING,     // ... that on_failure of its open tries begins is on disk soon
    PHASE_REREADING,   // ... is being undone, and looked at
};

// What the bus wants to be noted of a running command.
enum note_state {
    NOTE_IDLE,
    NOTE_STORING, // on disk soon
    NOTE_STORED,  // or refused: the bus is to be told
};

struct open_request {
    struct open_request *next;
    enum phase phase;
    uint64_t serial;
    uint64_t ticket; // of the store's order it waits for
    uint16_t device;
    bool is_local;           // from the gateway itself, and not from the cloud
    uint64_t client;         // who asked; 0: nobody is left
    bool has_secrets;        // its values must not be shown
    bool began_executing;    // recorded as executing from the start
    char *request;           // as it came; NULL: unknown, of an earlier run
    char *refusal;           // it cannot be executed after a reload; NULL: it can
    struct job_request *job; // until the bus has it
    const struct command
        *command; // NULL: made for this, or of an earlier run and the map has it no more
    struct recent_instant received;
    uint64_t recent; // its number there; 0: not new, as far as is known
    // Open tries.
    bool has_note;
    enum note_state note;
    struct job_noted noted; // the bus is to be told
    uint64_t note_ticket;
    char form[FORM_SIZE]; // "" until it is needed
    // Of an earlier run of the program.
    struct interrupted *interrupted;
    struct open_tries left;     // open when it ended
    char *undone;               // what became of them; NULL: none, or nothing yet
    bool is_online;             // the device
    int64_t until_ms;           // when to wait for it no longer
    int64_t again_ms;           // when to undo, if it is online
    char key[JOURNAL_KEY_SIZE]; // of the device
    char id[COMMAND_ID_SIZE];
    char digest[JOURNAL_DIGEST_SIZE];
};

// A command that was left unfinished, as the store keeps it.
struct left_command {
    struct left_command *next;
    char *key; // of the device
    char *id;
    char *digest;  // NULL: its record is lost, only that of its tries is there
    char *request; // as it came; NULL: unknown
    bool began_executing;
    char *tries; // those that are open, as daemon/try_note.h writes them; NULL: none
};

// ---- requests_list.c ----

// A new one, behind the others.
struct open_request *requests_add(struct requests *requests, uint16_t device, bool is_local,
                                  const char *id);
void requests_drop(struct requests *requests, struct open_request *open);

// The first of a device; NULL: none.
struct open_request *requests_first_of(const struct requests *requests, uint16_t device);

// How many of a device are in a phase.
size_t requests_count_of(const struct requests *requests, uint16_t device, enum phase phase);

// The one with this serial, or the first of a phase whose ticket is in first..last; NULL: none.
struct open_request *requests_find_serial(const struct requests *requests, uint64_t serial);
struct open_request *requests_find_ticket(const struct requests *requests, enum phase phase,
                                          uint64_t first, uint64_t last);

// The device in this place of the site; borrowed until the next reload.
const struct device *requests_device(const struct requests *requests, uint16_t device);

// On both clocks.
struct recent_instant requests_now(void);

// ---- requests.c ----

// Has a request that was understood judged by the journal, and executed. Takes its job;
// `client` is of a local one.
void requests_begin(struct requests *requests, uint16_t device, uint64_t client,
                    struct command_request *request, const char *payload, size_t length);

// Goes on with what would wait for the journal, when there is none.
void requests_start_unrecorded(struct requests *requests);

// One that was over as soon as it came.
void requests_note_refused(struct requests *requests, uint16_t device, bool is_local,
                           const struct command_request *request);

// The last word on a command, an error: recorded under its id and sent; `open` is gone. The
// next one of the device may go.
void requests_fail(struct requests *requests, struct open_request *open, const char *text);

// An answer that no record stands behind: the command is refused, its id is not used up; `open`
// is gone.
void requests_refuse(struct requests *requests, struct open_request *open, const char *text);

// Hands a job to the bus of its device, under the serial of `open`. Ownership moves on true;
// false when the bus takes no more.
bool requests_post(struct requests *requests, const struct open_request *open,
                   struct job_request *job);

// Lets the first command of a device go on, if it only waited for its turn.
void requests_advance(struct requests *requests, uint16_t device);

// ---- requests_local.c ----

// A local command is over: tells who asked for it and, in the device's log, the cloud.
// `response` is as the cloud would get it; `text` says what went wrong (NULL: nothing);
// `result` is NULL when no bus had it.
void requests_answer_local(struct requests *requests, const struct open_request *open,
                           const char *response, const char *text,
                           const struct job_result *result);

// ---- requests_reload.c ----

// Whether the device is being exchanged: its commands wait.
bool requests_is_held(const struct requests *requests, uint16_t device);

// ---- requests_tries.c ----

// The kind of its notes in the store.
extern const char requests_note_kind[];

// Keeps the open tries of a command in place of what was kept before; none: forgets it. Returns
// the store's ticket.
uint64_t requests_keep_tries(struct requests *requests, struct open_request *open,
                             const struct open_tries *tries);

// What the store says of the tickets first..last.
void requests_settle_tries(struct requests *requests, uint64_t first, uint64_t last,
                           bool is_saved);

// Tells the buses what they could not be told yet. Returns when to be called again.
int64_t requests_tell_noted(struct requests *requests, int64_t now_ms);

// ---- requests_finals.c ----

// Records the final response of a command and sends it. Its open tries are forgotten.
void requests_respond_finally(struct requests *requests, const struct open_request *open,
                              char *response);

// What the store says of the tickets first..last.
void requests_settle_finals(struct requests *requests, uint64_t first, uint64_t last,
                            bool is_saved, int64_t now_ms);

// The final response to the same command, by the journal's key, id and digest, that is not on
// disk yet; NULL: none. An id says nothing by itself: the cloud's and the gateway's own are
// counted apart, and one that was forgotten may come again with other arguments.
const char *requests_find_final(const struct requests *requests,
                                const struct open_request *open);

// When a recording is to be tried again; INT64_MAX: never.
int64_t requests_finals_next_ms(const struct requests *requests);

// Frees what was not recorded.
void requests_finals_done(struct requests *requests);

// ---- requests_left.c ----

// Loads what an earlier run of the program has left; before the store's thread starts.
void requests_load_left(struct requests *requests);

// The device is gone: what is to be undone of an unfinished command waits until it is in the
// site again; `open` is gone.
void requests_leave_behind(struct requests *requests, struct open_request *open);

// Takes *link out of its list and frees it.
void requests_left_forget(struct left_command **link);

// ---- requests_unfinished.c ----

// Takes over what was left of devices that are in the site: before their other commands.
void requests_take_up(struct requests *requests);

// The store has settled its ticket: on_failure may begin.
void requests_undo(struct requests *requests, struct open_request *open, bool is_saved);

// The bus has undone an interrupted command and looked at what it left; the result stays the
// caller's.
void requests_finish_reread(struct requests *requests, struct open_request *open,
                            const struct job_result *result);

// The device has another map: what of the command is to be undone, and read, is found anew.
void requests_renew_unfinished(struct requests *requests, struct open_request *open);

// The program stops: the ones of an earlier run are answered, or left to the next one.
void requests_stop_unfinished(struct requests *requests, struct open_request *open);

// The device is taken out of the site: they are answered, or left until it is back.
void requests_leave_unfinished(struct requests *requests, struct open_request *open);

#endif
