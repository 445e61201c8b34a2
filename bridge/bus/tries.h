// SPDX-License-Identifier: MIT
// The tries of a command by number, so that an open one can be named outside the process. Pure.
#ifndef BUS_TRIES_H
#define BUS_TRIES_H

#include "model/command.h"

// Which of the command's tries it is, in the order of the map's text, from 1 on; 0: none of
// them.
unsigned tries_ordinal(const struct command *command, const struct step *trying);

// The other way round; NULL: it has not so many.
const struct step *tries_find(const struct command *command, unsigned ordinal);

#endif
