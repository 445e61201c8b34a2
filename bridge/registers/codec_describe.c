// SPDX-License-Identifier: MIT
#include "registers/codec_describe.h"

#include <math.h>
#include <stdio.h>

static void describe_number(const struct value *value, char *ret_text, size_t size)
{
    struct value plain = *value;
    if (value->kind == VALUE_REAL && value->decimals < 0 && fabs(value->real) < 1e15 &&
        value->real == trunc(value->real))
        plain = value_integer((int128)value->real);
    value_format(&plain, ret_text, size);
}

// Long texts are cut between characters, never inside one.
static int cut_length(const struct value *value, int limit)
{
    if (value->text.length <= (size_t)limit)
        return (int)value->text.length;
    while (limit > 0 && ((unsigned char)value->text.bytes[limit] & 0xC0) == 0x80)
        limit--;
    return limit;
}

void codec_describe(const struct value *value, const char *unit,
                    char ret_text[DESCRIPTION_SIZE])
{
    if (value->kind == VALUE_TEXT) {
        int length = cut_length(value, 60);
        (void)snprintf(ret_text, DESCRIPTION_SIZE, "\"%.*s%s\"", length, value->text.bytes,
                       (size_t)length < value->text.length ? "..." : "");
        return;
    }
    if (!value_is_number(value)) {
        value_format(value, ret_text, DESCRIPTION_SIZE);
        return;
    }
    char number[64];
    describe_number(value, number, sizeof number);
    (void)snprintf(ret_text, DESCRIPTION_SIZE, "%s%s%.20s", number, unit ? " " : "",
                   unit ? unit : "");
}

int codec_error_outside(const char *key, const struct value *value, const struct value *min,
                        const struct value *max, const char *unit, struct error *err)
{
    char given[DESCRIPTION_SIZE];
    char low[DESCRIPTION_SIZE];
    char high[DESCRIPTION_SIZE];
    codec_describe(value, unit, given);
    if (!max) {
        codec_describe(min, unit, low);
        return error_set(err, ERROR_FAILED, "%s: %s is less than %s", key, given, low);
    }
    codec_describe(max, unit, high);
    if (!min)
        return error_set(err, ERROR_FAILED, "%s: %s is more than %s", key, given, high);
    codec_describe(min, NULL, low);
    return error_set(err, ERROR_FAILED, "%s: %s is outside %s..%s", key, given, low, high);
}
