// SPDX-License-Identifier: MIT
// The open tries of a command as a text that survives the process, with the form of its map and
// of the command: what was left open is undone by the same steps on the same registers, or not
// at all. Pure.
#ifndef DAEMON_TRY_NOTE_H
#define DAEMON_TRY_NOTE_H

#include "base/error.h"
#include "daemon/form.h"
#include "model/message.h"

// What undoing the command depends on: all entries of the map, arguments and steps of the
// command. Takes about a millisecond for a map of thousands of entries.
void try_note_form(const struct map *map, const struct command *command,
                   char ret_form[FORM_SIZE]);

// Heap; the caller frees it.
char *try_note_text(const char *form, const struct open_tries *tries);

// Reads a text back. -1 with err when it is damaged, or was written with another form.
int try_note_read(const char *text, const char *form, struct open_tries *ret_tries,
                  struct error *err);

#endif
