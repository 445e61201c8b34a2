// SPDX-License-Identifier: MIT
// The end of a hold as a text that survives the process: entries, values, and the form of the
// entries, so that nothing is written when the map means something else by them now. Pure.
#ifndef DAEMON_HOLD_NOTE_H
#define DAEMON_HOLD_NOTE_H

#include "base/error.h"
#include "model/map.h"
#include "model/message.h"

// Heap; the caller frees it.
char *hold_note_text(const struct map *map, const struct hold_end *end);

// The text of what is left of an end when only these entries are still to be written. NULL when
// `text` is none of this map. Heap; the caller frees it.
char *hold_note_narrow(const struct map *map, const char *text, const int *points,
                       size_t count);

// Reads a text back, against the map as it is now. NULL with err when it is damaged, or when an
// entry is gone or has another form: address, type, scale, labels. The caller owns it; serial
// and step are 0.
struct hold_end *hold_note_read(const struct map *map, uint16_t device, const char *text,
                                struct error *err);

#endif
