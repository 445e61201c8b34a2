// SPDX-License-Identifier: MIT
// Any entry and any words: what was decoded encodes to the same words, and a published value
// that can be written reads back as what was promised.
// Input: the entry (type, orders, bits, scale, ...), a byte each, then words.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "registers/codec.h"
#include "registers/codec_order.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *data;
    size_t size;
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

// The next byte, 0 behind the end.
static uint8_t take(struct input *input)
{
    if (input->size == 0)
        return 0;
    input->size--;
    return *input->data++;
}

static uint16_t take_word(struct input *input)
{
    unsigned high = take(input);
    return (uint16_t)(high << 8 | take(input));
}

static const struct label state_rows[] = {{0, 0, "off"}, {1, 3, "on"}, {4, 4, "fault"}};
static const struct label switch_rows[] = {{0, 0, "false"}, {1, 1, "true"}};
static const struct labels labels[] = {
    {state_rows, ARRAY_LENGTH(state_rows), NULL, false},
    {state_rows, ARRAY_LENGTH(state_rows), "other", false},
    {switch_rows, ARRAY_LENGTH(switch_rows), NULL, true},
};

static void take_bits(struct input *input, struct point *point)
{
    int width = 16 * point->word_count;
    int low = take(input) % width;
    int high = take(input) % width;
    bool is_given = take(input) & 1;
    point->bit_low = (int8_t)(is_given ? low : NO_INDEX);
    point->bit_high = (int8_t)(is_given && high > low ? high : point->bit_low);
}

static void take_number(struct input *input, struct point *point)
{
    int64_t mantissa = (int16_t)take_word(input);
    point->scale = (struct decimal){mantissa ? mantissa : 1, take(input) % 13 - 6};
    point->offset = (struct decimal){(int16_t)take_word(input), take(input) % 7 - 3};
    uint8_t choice = take(input);
    point->has_range = choice & 1;
    point->range_low = (int16_t)take_word(input);
    point->range_high = point->range_low + take_word(input);
    if (choice & 2)
        point->decimals = choice >> 4;
    point->invalid_count = choice >> 2 & 1;
    point->invalid[0] = take_word(input);
}

static struct point take_point(struct input *input)
{
    struct point point = {
        .key = "x",
        .type = take(input) % TYPE_COUNT,
        .table = TABLE_HOLDING,
        .bit_low = NO_INDEX,
        .bit_high = NO_INDEX,
        .scale = {1, 0},
        .sf = NO_INDEX,
        .decimals = DECIMALS_SHORTEST,
    };
    uint8_t choice = take(input);
    const struct type_row *type = codec_type(point.type);
    point.word_order = choice & 1 ? ORDER_LITTLE : ORDER_BIG;
    point.byte_order = choice & 2 ? ORDER_LITTLE : ORDER_BIG;
    point.word_count = type->word_count;
    if (!point.word_count)
        point.word_count = (uint16_t)(1 + take(input) % MAX_POINT_WORDS);
    if (type->is_integer || point.type == TYPE_BOOL)
        take_bits(input, &point);
    if (type->is_number)
        take_number(input, &point);
    size_t labelling = choice >> 2 & 3;
    if ((type->is_integer || point.type == TYPE_BOOL) && labelling < ARRAY_LENGTH(labels))
        point.labels = &labels[labelling];
    return point;
}

// Whether two sets of words may differ and mean the same: a text and its fillings, -0.0 and
// 0.0, any number that is not zero for true.
static bool is_loose(const struct point *point, const struct value *raw)
{
    return point->type == TYPE_STRING || point->type == TYPE_BOOL ||
           (raw->kind == VALUE_REAL && raw->real == 0);
}

static void check_raw(const struct point *point, const uint16_t *words, const uint16_t *present)
{
    static struct codec_space space;
    struct error err;
    uint16_t encoded[MAX_POINT_WORDS];
    space.used = 0;
    struct value raw = codec_decode_raw(point, words, &space);
    require(space.used <= sizeof space.bytes);
    if (!value_is_known(&raw) || raw.kind == VALUE_EVENTS)
        return;
    memcpy(encoded, present, sizeof encoded);
    if (codec_encode_raw(point, &raw, encoded, &err) < 0) {
        require(point->type == TYPE_STRING); // U+FFFD needs more room than what it stands for
        return;
    }
    require(is_loose(point, &raw) || codec_words_equal(point, words, encoded));
    if (order_has_bits(point))
        require(((order_pattern(point, encoded) ^ order_pattern(point, present)) &
                 ~order_mask(point)) == 0);
    struct value again = codec_decode_raw(point, encoded, &space);
    bool is_hidden = again.kind == VALUE_ABSENT && order_is_invalid(point, encoded);
    require(is_hidden || again.kind == VALUE_UNKNOWN || value_equal(&raw, &again));
    require(again.kind != VALUE_UNKNOWN || point->type == TYPE_STRING); // no more space
}

// Whether a double holds every digit of the published number.
static bool is_exact(const struct point *point, const uint16_t *words)
{
    static struct codec_space space;
    space.used = 0;
    struct value raw = codec_decode_raw(point, words, &space);
    return raw.kind == VALUE_INTEGER && raw.integer < (int128)1 << 49 &&
           raw.integer > -((int128)1 << 49);
}

// Whether rounding what is published may hit a tie: an offset finer than the decimals puts
// every register half way between two numbers, and both ends of the half way round away from
// zero.
static bool can_tie(const struct point *point)
{
    return point->decimals >= 0 && point->decimals < -point->offset.exponent;
}

static void check_published(const struct point *point, const uint16_t *words,
                            const uint16_t *present)
{
    static struct codec_space space;
    struct error err = {0};
    uint16_t encoded[MAX_POINT_WORDS];
    space.used = 0;
    struct value value = codec_decode(point, words, &space);
    struct value rounded = codec_round(point, &value, 0);
    memcpy(encoded, present, sizeof encoded);
    if (codec_encode(point, &value, encoded, &err) < 0) {
        require(err.code == ERROR_FAILED && err.text[0] && !value_is_known(&rounded));
        return;
    }
    if (order_is_invalid(point, encoded)) {
        require(order_has_bits(point)); // the bits around may complete the pattern
        return;
    }
    if (point->type == TYPE_STRING)
        space.used = 0; // the text was copied into the words
    struct value again = codec_decode(point, encoded, &space);
    if (point->type == TYPE_STRING) {
        require(again.kind == VALUE_TEXT);
        return;
    }
    require(value_equal(&again, &rounded));
    // A published number is rounded by less than a step, so writing it changes nothing.
    require(!is_exact(point, words) || can_tie(point) || value_equal(&again, &value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint16_t words[MAX_POINT_WORDS];
    uint16_t present[MAX_POINT_WORDS];
    struct point point = take_point(&input);
    for (size_t i = 0; i < MAX_POINT_WORDS; i++) {
        words[i] = take_word(&input);
        present[i] = (uint16_t)(words[i] * 40503U);
    }
    check_raw(&point, words, present);
    check_published(&point, words, present);
    return 0;
}
