// SPDX-License-Identifier: MIT
#include "registers/codec.h"

#include <string.h>

#include "registers/codec_order.h"
#include "registers/codec_type.h"

static size_t used_words(const struct point *point)
{
    size_t count = codec_type(point->type)->word_count;
    return count ? count : point->word_count;
}

// A view may look at fewer words than its register has, never at more.
static bool has_words(const struct point *point)
{
    return point->word_count >= codec_type(point->type)->word_count && point->word_count > 0 &&
           point->word_count <= MAX_POINT_WORDS;
}

struct value codec_decode_raw(const struct point *point, const uint16_t *words,
                              struct codec_space *space)
{
    if (!has_words(point))
        return value_unknown();
    if (order_is_invalid(point, words))
        return value_absent();
    return codec_row(point->type)->decode(point, words, space);
}

struct value codec_decode(const struct point *point, const uint16_t *words,
                          struct codec_space *space)
{
    struct value raw = codec_decode_raw(point, words, space);
    return codec_scale(point, &raw, 0);
}

int codec_encode_raw(const struct point *point, const struct value *raw, uint16_t *ret_words,
                     struct error *err)
{
    if (!has_words(point))
        return error_set(err, ERROR_FAILED, "%s: type %s does not fit %d registers", point->key,
                         codec_type(point->type)->name, point->word_count);
    return codec_row(point->type)->encode(point, raw, ret_words, err);
}

int codec_encode(const struct point *point, const struct value *value, uint16_t *ret_words,
                 struct error *err)
{
    struct value raw = {0};
    if (codec_unscale(point, value, 0, &raw, err) < 0)
        return -1;
    return codec_encode_raw(point, &raw, ret_words, err);
}

bool codec_words_equal(const struct point *point, const uint16_t *a, const uint16_t *b)
{
    if (order_has_bits(point)) {
        uint64_t difference = order_pattern(point, a) ^ order_pattern(point, b);
        return (difference & order_mask(point)) == 0;
    }
    return memcmp(a, b, used_words(point) * sizeof *a) == 0;
}
