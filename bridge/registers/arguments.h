// SPDX-License-Identifier: MIT
// Checking the arguments of a command before anything is written. Pure, any thread; the texts
// of errors are for the person who sent the command.
#ifndef REGISTERS_ARGUMENTS_H
#define REGISTERS_ARGUMENTS_H

#include "base/error.h"
#include "model/map.h"
#include "model/message.h"

enum { MAX_ARGUMENT_TEXT = 256 }; // bytes of UTF-8 without control characters

// One argument as it was given: integer, real, boolean or text; unknown or absent (null) is as
// if it was not given. A duration is a number of seconds.
struct given_argument {
    const char *key;
    struct value value;
};

// Checks `given` against the command: unknown names, missing ones, types (an integer
// accepts 5.0 and refuses 5.5), choices, constant limits, and whether the target register can
// hold it. Fills in defaults and rounds to what the register can hold. Limits that are formulas
// over registers are checked by arguments_check_limits with fresh readings. On success the
// caller owns *ret_request and it owns its texts (device and serial are left 0). ERROR_FAILED
// otherwise; the text names the argument and never repeats a sensitive one's
// value.
int arguments_check(const struct map *map, const struct command *command,
                    const struct given_argument *given, size_t given_count,
                    struct job_request **ret_request, struct error *err);

// The limit of an argument as evaluated now; `min` and `max` are VALUE_UNKNOWN when there is
// none or when it could not be read (then *err says so and -1 is returned).
int arguments_check_limit(const struct argument *argument, const struct value *value,
                          const struct value *min, const struct value *max, struct error *err);

#endif
