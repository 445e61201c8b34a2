// SPDX-License-Identifier: MIT
// Values as people write them, for the texts of errors. Pure, any thread.
#ifndef REGISTERS_CODEC_DESCRIBE_H
#define REGISTERS_CODEC_DESCRIBE_H

#include <stddef.h>

#include "base/error.h"
#include "model/value.h"

enum { DESCRIPTION_SIZE = 96 };

// "120 %", "\"foo\"", "true": a number without superfluous ".0" and with its unit (NULL: none),
// a text in quotes, cut when it is long.
void codec_describe(const struct value *value, const char *unit,
                    char ret_text[DESCRIPTION_SIZE]);

// "KEY: 120 % is outside 60..100 %". `max` or `min` may be NULL: "is less than", "is more
// than". Returns -1.
int codec_error_outside(const char *key, const struct value *value, const struct value *min,
                        const struct value *max, const char *unit, struct error *err);

#endif
