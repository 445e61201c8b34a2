// SPDX-License-Identifier: MIT
// Names for people, made from keys. Pure.
#ifndef CONFIG_TITLE_H
#define CONFIG_TITLE_H

#include "base/arena.h"

// "ac_l1_power" is "AC L1 Power". A text that is no key (it has capitals, spaces, ...) stays as
// it is.
const char *title_of(struct arena *arena, const char *key);

// A text as a key: "Time of use" is "time_of_use". It begins with a letter.
const char *key_of(struct arena *arena, const char *text);

#endif
