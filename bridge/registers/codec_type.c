// SPDX-License-Identifier: MIT
#include "registers/codec_type.h"

#define INTEGER_TYPE(type_name, words, minimum, maximum)                                       \
    {                                                                                          \
        .type = {.name = (type_name),                                                          \
                 .word_count = (words),                                                        \
                 .is_number = true,                                                            \
                 .is_integer = true,                                                           \
                 .is_signed = (minimum) < 0,                                                   \
                 .integer_min = (minimum),                                                     \
                 .integer_max = (maximum)},                                                    \
        .decode = decode_integer, .encode = encode_integer, .unscale = unscale_integer,        \
    }

#define FLOAT_TYPE(type_name, words)                                                           \
    {                                                                                          \
        .type = {.name = (type_name),                                                          \
                 .word_count = (words),                                                        \
                 .is_number = true,                                                            \
                 .is_signed = true},                                                           \
        .decode = decode_float, .encode = encode_float, .unscale = unscale_float,              \
    }

#define TEXT_TYPE(type_name, words, codec)                                                     \
    {                                                                                          \
        .type = {.name = (type_name), .word_count = (words)}, .decode = decode_##codec,        \
        .encode = encode_##codec, .unscale = unscale_text,                                     \
    }

// clang-format off
static const struct codec_row rows[TYPE_COUNT] = {
    [TYPE_BOOL] = {
        .type = {.name = "bool", .word_count = 1},
        .decode = decode_bool, .encode = encode_bool, .unscale = unscale_bool,
    },
    [TYPE_U16] = INTEGER_TYPE("u16", 1, 0, UINT16_MAX),
    [TYPE_I16] = INTEGER_TYPE("i16", 1, INT16_MIN, INT16_MAX),
    [TYPE_U32] = INTEGER_TYPE("u32", 2, 0, UINT32_MAX),
    [TYPE_I32] = INTEGER_TYPE("i32", 2, INT32_MIN, INT32_MAX),
    [TYPE_U64] = INTEGER_TYPE("u64", 4, 0, UINT64_MAX),
    [TYPE_I64] = INTEGER_TYPE("i64", 4, INT64_MIN, INT64_MAX),
    [TYPE_F32] = FLOAT_TYPE("f32", 2),
    [TYPE_F64] = FLOAT_TYPE("f64", 4),
    [TYPE_BCD16] = {
        .type = {.name = "bcd16", .word_count = 1, .is_number = true, .is_integer = true,
                 .integer_max = 9999},
        .decode = decode_bcd, .encode = encode_integer, .unscale = unscale_integer,
    },
    [TYPE_STRING] = TEXT_TYPE("string", 0, string),
    [TYPE_UUID] = TEXT_TYPE("uuid", 8, uuid),
    [TYPE_IPV4] = TEXT_TYPE("ipv4", 2, ipv4),
    [TYPE_EVENT_LIST] = TEXT_TYPE("event_list", 0, events),
};
// clang-format on

const struct codec_row *codec_row(enum point_type type)
{
    return &rows[type];
}

const struct type_row *codec_type(enum point_type type)
{
    return &rows[type].type;
}
