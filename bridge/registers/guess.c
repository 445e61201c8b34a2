// SPDX-License-Identifier: MIT
#include "registers/guess.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

// What devices measure and count is within these, mostly.
#define LARGEST_COUNTER     1e8
#define LARGEST_WIDE        1e12
#define LARGEST_SWAPPED     1e6
#define SMALLEST_USUAL      1e-3
#define LARGEST_USUAL       1e6
#define SMALLEST_CONCEIVED  1e-6
#define LARGEST_CONCEIVED   1e9
#define FIRST_LIKELY_SECOND 1262304000 // 2010
#define LAST_LIKELY_SECOND  2208988800 // 2040

enum { NO_VALUE_U16 = 0xFFFF, NO_VALUE_I16 = 0x8000, SHORTEST_TEXT = 4 };

// Name, type, words, word order, byte order, power of ten, time.
static const struct guess_way ways[] = {
    {"u16", TYPE_U16, 1, ORDER_BIG, ORDER_BIG, 0, false},
    {"i16", TYPE_I16, 1, ORDER_BIG, ORDER_BIG, 0, false},
    {"u16 x0.1", TYPE_U16, 1, ORDER_BIG, ORDER_BIG, -1, false},
    {"i16 x0.1", TYPE_I16, 1, ORDER_BIG, ORDER_BIG, -1, false},
    {"u16 x0.01", TYPE_U16, 1, ORDER_BIG, ORDER_BIG, -2, false},
    {"i16 x0.01", TYPE_I16, 1, ORDER_BIG, ORDER_BIG, -2, false},
    {"u16 x0.001", TYPE_U16, 1, ORDER_BIG, ORDER_BIG, -3, false},
    {"i16 x0.001", TYPE_I16, 1, ORDER_BIG, ORDER_BIG, -3, false},
    {"bcd16", TYPE_BCD16, 1, ORDER_BIG, ORDER_BIG, 0, false},
    {"u32 abcd", TYPE_U32, 2, ORDER_BIG, ORDER_BIG, 0, false},
    {"u32 cdab", TYPE_U32, 2, ORDER_LITTLE, ORDER_BIG, 0, false},
    {"u32 badc", TYPE_U32, 2, ORDER_BIG, ORDER_LITTLE, 0, false},
    {"u32 dcba", TYPE_U32, 2, ORDER_LITTLE, ORDER_LITTLE, 0, false},
    {"i32 abcd", TYPE_I32, 2, ORDER_BIG, ORDER_BIG, 0, false},
    {"i32 cdab", TYPE_I32, 2, ORDER_LITTLE, ORDER_BIG, 0, false},
    {"i32 badc", TYPE_I32, 2, ORDER_BIG, ORDER_LITTLE, 0, false},
    {"i32 dcba", TYPE_I32, 2, ORDER_LITTLE, ORDER_LITTLE, 0, false},
    {"f32 abcd", TYPE_F32, 2, ORDER_BIG, ORDER_BIG, 0, false},
    {"f32 cdab", TYPE_F32, 2, ORDER_LITTLE, ORDER_BIG, 0, false},
    {"f32 badc", TYPE_F32, 2, ORDER_BIG, ORDER_LITTLE, 0, false},
    {"f32 dcba", TYPE_F32, 2, ORDER_LITTLE, ORDER_LITTLE, 0, false},
    {"time abcd", TYPE_U32, 2, ORDER_BIG, ORDER_BIG, 0, true},
    {"time cdab", TYPE_U32, 2, ORDER_LITTLE, ORDER_BIG, 0, true},
    {"u64 abcd", TYPE_U64, 4, ORDER_BIG, ORDER_BIG, 0, false},
    {"u64 cdab", TYPE_U64, 4, ORDER_LITTLE, ORDER_BIG, 0, false},
    {"u64 badc", TYPE_U64, 4, ORDER_BIG, ORDER_LITTLE, 0, false},
    {"u64 dcba", TYPE_U64, 4, ORDER_LITTLE, ORDER_LITTLE, 0, false},
    {"i64 abcd", TYPE_I64, 4, ORDER_BIG, ORDER_BIG, 0, false},
    {"i64 cdab", TYPE_I64, 4, ORDER_LITTLE, ORDER_BIG, 0, false},
    {"i64 badc", TYPE_I64, 4, ORDER_BIG, ORDER_LITTLE, 0, false},
    {"i64 dcba", TYPE_I64, 4, ORDER_LITTLE, ORDER_LITTLE, 0, false},
    {"f64 abcd", TYPE_F64, 4, ORDER_BIG, ORDER_BIG, 0, false},
    {"f64 cdab", TYPE_F64, 4, ORDER_LITTLE, ORDER_BIG, 0, false},
    {"f64 badc", TYPE_F64, 4, ORDER_BIG, ORDER_LITTLE, 0, false},
    {"f64 dcba", TYPE_F64, 4, ORDER_LITTLE, ORDER_LITTLE, 0, false},
};

const struct guess_way *guess_ways(size_t *ret_count)
{
    *ret_count = ARRAY_LENGTH(ways);
    return ways;
}

static bool is_swapped(const struct guess_way *way)
{
    return way->byte_order == ORDER_LITTLE;
}

// A negative number is worth a column of its own; one that is not is what the unsigned type
// says.
static enum credit judge_word(const struct guess_way *way, double number, uint16_t word)
{
    bool is_signed = way->type == TYPE_I16;
    if (is_signed && word < NO_VALUE_I16)
        return CREDIT_ABSURD;
    if (way->type == TYPE_BCD16)
        return number < 10 ? CREDIT_ABSURD : CREDIT_GOOD;
    if (way->power && word == 0)
        return CREDIT_ABSURD;
    bool is_sentinel = word == NO_VALUE_U16 || word == NO_VALUE_I16;
    return is_sentinel ? CREDIT_DOUBTFUL : CREDIT_GOOD;
}

// Bytes within registers are hardly ever swapped, and swapping makes small numbers of most
// others.
static enum credit judge_whole(const struct guess_way *way, double number)
{
    bool is_signed = way->type == TYPE_I32 || way->type == TYPE_I64;
    double largest = way->words == 4 ? LARGEST_WIDE : LARGEST_COUNTER;
    if (number == 0)
        return CREDIT_ABSURD;
    if (is_signed && number > 0)
        return CREDIT_ABSURD;
    if (is_swapped(way))
        return fabs(number) <= LARGEST_SWAPPED ? CREDIT_DOUBTFUL : CREDIT_ABSURD;
    if (fabs(number) <= largest)
        return CREDIT_GOOD;
    return is_signed || way->words == 4 ? CREDIT_ABSURD : CREDIT_DOUBTFUL;
}

static enum credit judge_real(const struct guess_way *way, double number)
{
    double size = fabs(number);
    if (number == 0)
        return CREDIT_ABSURD;
    if (size >= SMALLEST_USUAL && size <= LARGEST_USUAL)
        return CREDIT_GOOD;
    bool is_conceivable = size >= SMALLEST_CONCEIVED && size <= LARGEST_CONCEIVED;
    return is_conceivable && !is_swapped(way) ? CREDIT_DOUBTFUL : CREDIT_ABSURD;
}

static enum credit judge(const struct guess_way *way, const struct value *value,
                         const uint16_t *words)
{
    if (!value_is_number(value))
        return CREDIT_ABSURD;
    double number = value_number(value);
    if (way->is_time)
        return number >= FIRST_LIKELY_SECOND && number <= LAST_LIKELY_SECOND ? CREDIT_GOOD
                                                                             : CREDIT_ABSURD;
    if (way->words == 1)
        return judge_word(way, number, words[0]);
    if (guess_sentinel(words, way->words))
        return CREDIT_ABSURD;
    if (way->type == TYPE_F32 || way->type == TYPE_F64)
        return judge_real(way, number);
    return judge_whole(way, number);
}

struct guess guess_make(const struct guess_way *way, const uint16_t *words)
{
    struct codec_space space = {0};
    const struct point point = {
        .table = TABLE_HOLDING,
        .type = way->type,
        .word_count = way->words,
        .word_order = way->word_order,
        .byte_order = way->byte_order,
        .bit_low = NO_INDEX,
        .scale = {1, way->power},
        .decimals = DECIMALS_SHORTEST,
        .sf = NO_INDEX,
    };
    struct guess guess = {.value = codec_decode(&point, words, &space)};
    guess.credit = judge(way, &guess.value, words);
    return guess;
}

const char *guess_sentinel(const uint16_t *words, size_t count)
{
    static const struct {
        uint16_t words[4];
        size_t count;
        const char *name;
    } rows[] = {
        {{NO_VALUE_U16}, 1, "not implemented: u16"},
        {{NO_VALUE_I16}, 1, "not implemented: i16, or a scale factor"},
        {{0xFFFF, 0xFFFF}, 2, "not implemented: u32"},
        {{0x8000, 0}, 2, "not implemented: i32"},
        {{0x7FC0, 0}, 2, "not implemented: f32"},
        {{0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF}, 4, "not implemented: u64"},
        {{0x8000, 0, 0, 0}, 4, "not implemented: i64"},
        {{0x7FF8, 0, 0, 0}, 4, "not implemented: f64"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (rows[i].count == count && memcmp(rows[i].words, words, count * sizeof *words) == 0)
            return rows[i].name;
    }
    return NULL;
}

// How many bytes of the words are letters, digits and the like.
static size_t count_readable(const uint16_t *words, size_t count)
{
    size_t readable = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[] = {(uint8_t)(words[i] >> 8), (uint8_t)words[i]};
        for (size_t k = 0; k < 2; k++)
            readable += bytes[k] >= ' ' && bytes[k] < 0x7F;
    }
    return readable;
}

void guess_text(const uint16_t *words, size_t count, enum order byte_order, char *ret_text,
                size_t size)
{
    struct codec_space space = {0};
    ret_text[0] = '\0';
    if (count == 0 || count > MAX_POINT_WORDS)
        return;
    const struct point point = {.table = TABLE_HOLDING,
                                .type = TYPE_STRING,
                                .word_count = (uint16_t)count,
                                .byte_order = byte_order,
                                .bit_low = NO_INDEX};
    struct value value = codec_decode_raw(&point, words, &space);
    if (value.kind != VALUE_TEXT || value.text.length < SHORTEST_TEXT)
        return;
    // The text ends at the first NUL: most of what stands before must be readable.
    size_t used = (value.text.length + 1) / 2;
    if (used > count || 4 * count_readable(words, used) < 3 * value.text.length)
        return;
    size_t length = value.text.length < size ? value.text.length : size - 1;
    memcpy(ret_text, value.text.bytes, length);
    ret_text[length] = '\0';
    utf8_mend_end(ret_text);
}
