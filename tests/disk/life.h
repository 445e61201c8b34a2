// SPDX-License-Identifier: MIT
// A life of the store: orders from a seed in virtual time, and what may be relied on after what
// the store said of them. The store is the program's, without its thread. One thread.
#ifndef TESTS_DISK_LIFE_H
#define TESTS_DISK_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/store_writer.h"
#include "model/site.h"

enum {
    LIFE_ROWS = 1500,
    LIFE_COMMANDS = 250,
    LIFE_NOTES = 24,
    LIFE_CONNECTIONS = 2,
    LIFE_OPEN = 4000, // orders asked for and not yet settled
    LIFE_FOLDER_SIZE = 80,
};

enum command_fact { COMMAND_UNKNOWN, COMMAND_RECEIVED, COMMAND_EXECUTING, COMMAND_DONE };

// What is kept. Bytes, to be compared as a whole.
struct facts {
    uint8_t rows[LIFE_ROWS]; // by id: kind + 1, 0: not kept
    uint8_t commands[LIFE_COMMANDS];
    uint8_t notes[LIFE_NOTES]; // its text; 0: not kept
};

// The facts after a commit.
struct snapshot {
    struct facts facts;
    size_t began; // on the disk's history: nothing of the commit was there before
    size_t told;  // all of it is from here on
};

// An order, until it is settled.
struct change {
    uint64_t ticket;
    enum store_order_kind kind;
    enum outbox_kind row_kind;
    int number; // of the row, command or note; drop backlog: up to which row
    int row;    // finish: of the response
    int value;  // note: its text; begin: command_fact; drop backlog: connection
    int64_t asked_ms;
};

struct life {
    uint64_t random;
    char folder[LIFE_FOLDER_SIZE];
    struct site site;
    struct store_writer writer;
    int64_t now_ms;
    uint64_t ticket;
    int row_count; // ids up to here were given
    int command_count;
    struct facts facts; // as told
    struct facts left;  // in memory: those in the folder, meanwhile
    struct change open[LIFE_OPEN];
    size_t open_count;
    struct snapshot *snapshots;
    size_t snapshot_count;
    bool is_told;      // something was told at all
    bool is_exact;     // facts are all that is kept
    unsigned troubles; // lines of trouble, and of being well again
    unsigned recoveries;
    unsigned openings;
    char trouble[400];   // the last one
    uint64_t unsaved;    // orders that the store said it has not kept
    struct facts *found; // while it is read: verdicts are taken down, not judged
};

// Complaints so far, and the words to repeat what is being done with, printed with each.
extern unsigned life_complaints;
extern char life_story[160];
void life_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

// A folder of its own, in memory if the system has one there; life_done removes it.
void life_init(struct life *life, uint64_t seed);
void life_done(struct life *life);

// Another life that knows what this one did up to `at` of the disk's history, with a folder and
// chance of its own, and no store.
void life_branch(const struct life *life, struct life *ret_branch, uint64_t seed, size_t at);

// Opens the store in the folder, or closes it in good order.
void life_open(struct life *life);
void life_close(struct life *life);

// Ends the store as a power cut does: nothing more is carried out.
void life_break(struct life *life);

// Some orders, some time, and a turn of the store.
void life_turn(struct life *life);

// Lets time pass, with one note at the end.
void life_wait(struct life *life, int64_t wait_ms);

// What the store holds, by its own answers. Commands that the store does not know are known to
// it from then on.
void life_read(struct life *life, struct facts *ret_facts);

// Asks the store whether it knows a command; one that it does not is recorded so.
void life_begin(struct life *life, int number, enum command_fact as);

// Has everything that was asked settled.
void life_settle(struct life *life);

// Complains unless what the store holds is what was told, to the last word.
void life_judge_told(struct life *life);

// Complains unless what the store holds is what was told up to `at` of the disk's history, or
// that and the commit that was under way. The life goes on from there.
void life_judge(struct life *life, size_t at);

#endif
