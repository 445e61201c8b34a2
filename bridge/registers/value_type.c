// SPDX-License-Identifier: MIT
#include "registers/value_type.h"

#include "registers/codec.h"

// No digit comes in by scale or offset.
static bool is_whole(const struct point *point)
{
    bool by_formula = point->scale_formula && !formula_is_integer(point->scale_formula);
    return codec_type(point->type)->is_integer && point->scale.exponent >= 0 &&
           point->offset.exponent >= 0 && point->sf == NO_INDEX && !by_formula;
}

struct value_type value_type_of_words(const struct point *point)
{
    if (point->type == TYPE_BOOL)
        return (struct value_type){FORMULA_BOOLEAN, false};
    if (point->type == TYPE_EVENT_LIST)
        return (struct value_type){FORMULA_EVENTS, false};
    if (codec_type(point->type)->is_number)
        return (struct value_type){FORMULA_NUMBER, is_whole(point)};
    return (struct value_type){FORMULA_TEXT, false};
}

struct value_type value_type_of(const struct point *point)
{
    if (point->labels)
        return (struct value_type){point->labels->is_boolean ? FORMULA_BOOLEAN : FORMULA_TEXT,
                                   false};
    if (point->formula)
        return (struct value_type){formula_result(point->formula),
                                   formula_is_integer(point->formula)};
    return value_type_of_words(point);
}
