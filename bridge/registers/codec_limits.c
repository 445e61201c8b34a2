// SPDX-License-Identifier: MIT
// Which numbers an entry can have.
#include "registers/codec_type.h"

static bool raw_limits(const struct point *point, struct value *ret_low, struct value *ret_high)
{
    int128 min = 0;
    int128 max = UINT16_MAX; // a code of an event list
    bool is_known = point->type == TYPE_EVENT_LIST || codec_type(point->type)->is_integer;
    if (point->source == SOURCE_FORMULA || !is_known)
        return false;
    if (point->type != TYPE_EVENT_LIST)
        codec_integer_limits(point, &min, &max);
    *ret_low = value_integer(min);
    *ret_high = value_integer(max);
    return true;
}

// Of the register's number after scale and offset.
static bool scaled_limits(const struct point *point, struct value *ret_low,
                          struct value *ret_high)
{
    bool is_fixed = point->sf == NO_INDEX && !point->scale_formula && !point->formula &&
                    codec_type(point->type)->is_number;
    if (!is_fixed || !raw_limits(point, ret_low, ret_high))
        return false;
    struct value first = codec_scale_number(point, ret_low, 0);
    struct value second = codec_scale_number(point, ret_high, 0);
    if (!value_is_number(&first) || !value_is_number(&second))
        return false;
    bool is_turned = value_number(&first) > value_number(&second); // a negative scale
    *ret_low = is_turned ? second : first;
    *ret_high = is_turned ? first : second;
    return true;
}

bool codec_limits(const struct point *point, bool raw, struct value *ret_low,
                  struct value *ret_high)
{
    if (raw)
        return raw_limits(point, ret_low, ret_high);
    bool is_known = scaled_limits(point, ret_low, ret_high);
    if (!point->has_range)
        return is_known;
    if (!is_known || value_number(ret_low) < point->range_low)
        *ret_low = value_real(point->range_low, DECIMALS_SHORTEST);
    if (!is_known || value_number(ret_high) > point->range_high)
        *ret_high = value_real(point->range_high, DECIMALS_SHORTEST);
    return true;
}
