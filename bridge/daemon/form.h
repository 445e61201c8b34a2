// SPDX-License-Identifier: MIT
// What a map means by its entries and commands as a number, so that what was kept before a
// start is not carried out by a map that means something else now. Pure.
//
// Functions of this kind add to a hash (base/hash.h), which begins as HASH_START.
#ifndef DAEMON_FORM_H
#define DAEMON_FORM_H

#include <stdint.h>

#include "model/command.h"
#include "model/map.h"

enum { FORM_SIZE = 17 };

// The key of an entry and what its value is made of: address, type, scale, labels.
void form_mix_point(uint64_t *hash, const struct map *map, const struct point *point);

// All entries, with the formulas of computed ones and the conditions.
void form_mix_entries(uint64_t *hash, const struct map *map);

// A command: its arguments and its steps.
void form_mix_command(uint64_t *hash, const struct map *map, const struct command *command);

// The number as a text.
void form_print(uint64_t hash, char ret_form[FORM_SIZE]);

#endif
