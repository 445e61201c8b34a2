// SPDX-License-Identifier: MIT
// What the files that load one command share. Internal to config; one thread.
#ifndef CONFIG_LOAD_COMMAND_H
#define CONFIG_LOAD_COMMAND_H

#include "config/load.h"

// The keys of a command as written.
struct command_fields {
    const char *display_name;
    const char *description;
    const char *group;
    const struct node *confirmation;
    const struct node *arguments;
    const struct node *steps;
    const struct node *set;
    const struct node *min;
    const struct node *max;
    const struct node *wrap;
    const struct node *result;
    int64_t timeout_ms;
    const struct node *repeat;
};

// Steps while they are being collected.
struct step_list {
    struct step *items;
    size_t count;
    size_t capacity;
};

// A command while it is being read.
struct draft_command {
    struct loader *loader;
    const struct spot *spot;
    struct command_fields fields;
    struct scope scope; // of its formulas
    struct argument *arguments;
    size_t argument_count;
    size_t step_count; // all of them, for the limit
    size_t depth;      // try inside try

    bool in_failure;   // in an on_failure
    bool in_own_steps; // not in those of the procedure
    bool is_wrapped;   // own writes are verified after the procedure's end
    bool has_own;      // the procedure's - steps was met
    struct step_list verifies;
    int written[MAX_ARGUMENTS]; // readable entries that own steps write, for the result
    size_t written_count;
};

// Reads arguments: (or the one that set: makes) into the draft. -1 after a finding.
int load_arguments(struct draft_command *draft);

// Reads min and max of the arguments, once entries and arguments have names.
int load_argument_limits(struct draft_command *draft);

// Reads {entry: formula, ...}: ascending addresses of one request. -1 after a finding.
int load_assignments(struct draft_command *draft, const struct node *node, const char *name,
                     const struct assignment **ret_writes, size_t *ret_count);

// The write that set: stands for.
int load_set_step(struct draft_command *draft, struct step_list *list);

// Reads a list of steps, and the command's own steps where a procedure says - steps.
int load_steps(struct draft_command *draft, const struct node *node, const char *name,
               struct step_list *list);

// Reads hold: into a write step whose writes are read already. -1 after a finding.
int load_hold(struct draft_command *draft, const struct node *node, struct step *step);

// Appends an empty step, of which the kind and the place are set; borrowed until the next one.
struct step *add_step(struct draft_command *draft, struct step_list *list, enum step_kind kind,
                      const struct position *at);

// Adds a command that reads what each set: command sets (docs/commands.md, "Reading twins").
void load_twins(struct loader *loader);

// Notes what an own step writes: for the result, and for reading back after a procedure.
void note_writes(struct draft_command *draft, struct step *step);

#endif
