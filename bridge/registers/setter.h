// SPDX-License-Identifier: MIT
// Writing one entry by itself: what `set:` of a map stands for, and what a person at the
// gateway may ask for although the map has no command for it. Pure, any thread.
#ifndef REGISTERS_SETTER_H
#define REGISTERS_SETTER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "model/map.h"

// Why a command cannot write this entry: computed, read-only, a list of events. -1 with err;
// its code is ERROR_FAILED.
int setter_check(const struct point *point, struct error *err);

// The one argument of a command that sets the entry, which is map entry number `index`: of its
// name, type and labels. Without limits. Lives in `arena`, and borrows the entry's texts.
struct argument *setter_argument(struct arena *arena, const struct point *point, int index);

// The step that writes the entry and reads it back, without its assignment.
struct step setter_step(const struct modbus_settings *modbus, const struct position *at);

// The command that writes an entry: the map's own with `set:` of it, if there is one, else one
// made in `arena`, with the limits of the first command of the map that has an argument for the
// entry. NULL with err (ERROR_FAILED) when there is no such entry, or it cannot be written.
const struct command *setter_find(struct arena *arena, const struct map *map, const char *key,
                                  struct error *err);

// The name of commands that are made, and whether one is.
extern const char setter_name[];
bool setter_is_made(const struct command *command);

#endif
