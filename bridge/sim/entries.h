// SPDX-License-Identifier: MIT
// What the words of a bank mean: the values of its entries as the bridge would read them, and
// the way back from values to words. One owner, one thread.
#ifndef SIM_ENTRIES_H
#define SIM_ENTRIES_H

#include <stdbool.h>

#include "base/error.h"
#include "registers/image.h"
#include "sim/bank.h"

struct entries;

// `bank` and `modbus` must outlive it; the caller owns it.
struct entries *entries_new(struct bank *bank, const struct modbus_settings *modbus);
void entries_free(struct entries *entries);

// The bank it was made for; borrowed.
struct bank *entries_bank(const struct entries *entries);

// The entry's value as it would be published now. Texts live in `space`.
struct value entries_value(struct entries *entries, int point, struct image_space *space);

// A formula over the entries as they are now.
struct value entries_evaluate(struct entries *entries, const struct formula *formula,
                              struct image_space *space);

// Whether a condition is known to be true.
bool entries_holds(struct entries *entries, const struct formula *condition);

// Puts a value into the entry's words, against scale, offset, power of ten and labels; an
// absent value is the entry's "no value" pattern, or NaN. Fails when it does not fit, and for
// entries whose value a formula makes (the text says what to give instead).
int entries_set(struct entries *entries, int point, const struct value *value,
                struct error *err);

// The same for the number before scaling.
int entries_set_raw(struct entries *entries, int point, const struct value *raw,
                    struct error *err);

#endif
