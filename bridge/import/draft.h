// SPDX-License-Identifier: MIT
// The lines of a map that was made and not written by a person: entries, alerts and commands,
// one line each. One owner.
#ifndef IMPORT_DRAFT_H
#define IMPORT_DRAFT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "config/yaml_out.h"
#include "import/labels.h"

// An entry; members that are NULL or 0 are not written.
struct draft_entry {
    const char *key;
    const char *repeat; // "{n: 1..3}"
    const char *use;    // presets
    const char *table;  // "holding"
    const char *address;
    const char *from; // another entry, instead of table and address
    const char *type;
    int length; // registers of a text
    const char *word_order;
    const char *invalid; // "[0, 0xFFFF]"
    const char *bits;    // "8..15"
    const char *scale;   // as written
    const char *sf;
    const char *offset;
    const char *unit;
    struct import_labels labels;
    const char *access; // "rw"
    const char *display_name;
    const char *remark; // as a comment behind it
};

// One line of an open section. Texts that are NULL are left out.
void draft_entry(struct yaml_out *out, struct arena *arena, const struct draft_entry *entry);

// An alert of a bit or code of an entry.
struct draft_alert {
    const char *key;
    const char *repeat;
    const char *from;
    const char *kind; // "bit" or "code"
    const char *code;
    const char *severity;
    const char *display_name;
};

// As draft_entry.
void draft_alert(struct yaml_out *out, const struct draft_alert *alert);

// A command that sets an entry; as a comment unless it is safe to suggest.
struct draft_command {
    const char *entry;
    const char *repeat;
    const char *min; // as written; NULL: none
    const char *max;
    bool is_active;
};

// As draft_entry; as a comment unless it is active.
void draft_command(struct yaml_out *out, struct arena *arena,
                   const struct draft_command *command);

// A section of the map, begun with its first line, so that none is empty.
struct draft_section {
    struct yaml_out *out;
    const char *name;
    bool is_open;
};

// Begins the section, unless it was.
void draft_open(struct draft_section *section);

// A comment as a heading in an open section.
void draft_heading(struct draft_section *section, const char *text);

// Ends the section, if anything was written into it.
void draft_close(struct draft_section *section);

#endif
