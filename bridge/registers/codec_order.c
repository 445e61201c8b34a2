// SPDX-License-Identifier: MIT
#include "registers/codec_order.h"

#include "registers/codec.h"

uint16_t order_word(const struct point *point, uint16_t word)
{
    if (point->byte_order == ORDER_BIG || table_is_bits(point->table))
        return word;
    return (uint16_t)(word << 8 | word >> 8);
}

static int pattern_words(const struct point *point)
{
    int count = codec_type(point->type)->word_count;
    if (count == 0)
        count = point->word_count;
    return count < MAX_PATTERN_WORDS ? count : MAX_PATTERN_WORDS;
}

// How far left the word at `index` stands in the pattern.
static int shift_of(const struct point *point, int index, int count)
{
    bool low_first = codec_type(point->type)->is_number && point->word_order == ORDER_LITTLE;
    return 16 * (low_first ? index : count - 1 - index);
}

uint64_t order_pattern(const struct point *point, const uint16_t *words)
{
    int count = pattern_words(point);
    uint64_t pattern = 0;
    for (int i = 0; i < count; i++)
        pattern |= (uint64_t)order_word(point, words[i]) << shift_of(point, i, count);
    return pattern;
}

void order_words(const struct point *point, uint64_t pattern, uint16_t *ret_words)
{
    int count = pattern_words(point);
    for (int i = 0; i < count; i++)
        ret_words[i] = order_word(point, (uint16_t)(pattern >> shift_of(point, i, count)));
}

bool order_has_bits(const struct point *point)
{
    return point->bit_low >= 0 &&
           (codec_type(point->type)->is_integer || point->type == TYPE_BOOL);
}

uint64_t order_mask(const struct point *point)
{
    if (!order_has_bits(point))
        return UINT64_MAX;
    int width = point->bit_high - point->bit_low + 1;
    uint64_t ones = width >= 64 ? UINT64_MAX : ((uint64_t)1 << width) - 1;
    return ones << point->bit_low;
}

bool order_is_invalid(const struct point *point, const uint16_t *words)
{
    if (point->invalid_count == 0 || point->word_count > MAX_PATTERN_WORDS)
        return false;
    uint64_t pattern = order_pattern(point, words);
    for (int i = 0; i < point->invalid_count; i++) {
        if (point->invalid[i] == pattern)
            return true;
    }
    return false;
}
