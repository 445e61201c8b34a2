// SPDX-License-Identifier: MIT
// What a bus's thread owns, shared by the files bus/bus*.c and by nobody else. Its thread calls
// everything here.
#ifndef BUS_BUS_STATE_H
#define BUS_BUS_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/mailbox.h"
#include "bus/agenda.h"
#include "bus/bus.h"
#include "bus/busy.h"
#include "bus/guests.h"
#include "bus/jobs.h"
#include "bus/keep.h"
#include "bus/line.h"
#include "bus/turn.h"

struct bus {
    uint16_t index;
    pthread_t thread;
    int interrupt; // eventfd: ends every wait
    struct mailbox *inbox;
    struct mailbox *to_main;
    struct arena *arena;
    struct line line;
    struct agenda agenda;
    struct jobs jobs;
    struct keep keep;
    struct guests guests;
    struct busy guest_time; // how much of its time the link is used by guests
    struct turn turn;
    bool stopping;
    bool link_known; // whether main was told of the link's state
    bool link_open;
    int64_t link_since_ms; // when that changed
    bool breaks_told;      // main knows that the connection breaks again and again
};

// ---- bus_units.c ----

// Sends main a message that must arrive.
void bus_post(struct bus *bus, struct message *message);

// After each transaction with a unit: its health, and whether it was met over a new connection.
// `text` says more about the fault, or is "".
void bus_settle(struct bus *bus, struct unit *unit, enum fault fault, const char *text);

// Settles who the unit is, once per connection. False when it is silent or another device; then
// `ret_text` says which other, or is "".
bool bus_identify(struct bus *bus, struct unit *unit, char *ret_text, size_t size);

// Begins to open the link, or goes on with it, without waiting; notes for all units when it
// cannot be opened. False while that is not decided.
bool bus_open(struct bus *bus);

// Asks a block that is due.
void bus_poll(struct bus *bus, struct agenda_entry *entry);

// Asks a dead unit for a sign of life.
void bus_probe(struct bus *bus, struct unit *unit);

// ---- bus_search.c ----

// Gives the units what is known of them, and the plans that follow.
void bus_know(struct bus *bus, const struct learned_refusal *known, size_t count);

// Whether a block was asked for only to see whether a length is granted again, or a border
// gone.
bool bus_is_trial(const struct unit *unit, const struct block *block);

// A block was refused: begins a search for what is to blame, or of an optional block for what
// of it is fitted. False when that makes no sense.
bool bus_begin_search(struct unit *unit, const struct block *block, uint8_t exception);

// The next question of a unit's search, or its conclusion.
void bus_search(struct bus *bus, struct unit *unit);

// A block was granted: if it was known to be refused, that is over, and the unit has a new
// plan, unless that changes all the time.
void bus_take_granted(struct bus *bus, struct unit *unit, const struct block *block);

// All that was learned of the unit is void. It has a new plan.
void bus_forget_refused(struct bus *bus, struct unit *unit);

// ---- bus_commands.c ----

// Takes a command into its device's queue, or turns it away.
void bus_take_job(struct bus *bus, struct job_request *request);

// The next move of the command that is ready.
void bus_advance_job(struct bus *bus);

// No new step of a command starts from here on; what waits is turned away, holds end.
void bus_stop_jobs(struct bus *bus);

// Somebody else has written registers of a unit, at an address that counts from `model` (as of
// a point): holds lose them, and what wears out has worn.
void bus_note_write(struct bus *bus, struct unit *unit, const struct request *request,
                    uint8_t model);

// Begins to keep holds.
void bus_keep_holds(struct bus *bus);

// ---- bus_guests.c ----

// Takes a guest among those that wait, or turns it away.
void bus_take_guest(struct bus *bus, struct guest *guest);

// Nobody waits for it any more: it is given back unless it is being asked.
void bus_withdraw_guest(struct bus *bus, const struct mailbox *answers, uint64_t ticket);

// Answers the guests that need no line and shows the decision the one that is next.
void bus_look_at_guests(struct bus *bus);

// Asks what the guest that is ready wants to know, once.
void bus_serve_guest(struct bus *bus);

// Writes what became of guests into the status.
void bus_describe_guests(const struct bus *bus, struct bus_status *ret_status);

#endif
