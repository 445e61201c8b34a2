// SPDX-License-Identifier: MIT
#include "base/suggest.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int lower(char c)
{
    return tolower((unsigned char)c);
}

// Optimal string alignment: three rows of the usual table are enough.
size_t suggest_distance(const char *a, const char *b)
{
    size_t rows[3][MAX_SUGGEST_LENGTH + 1];
    size_t length_a = strlen(a);
    size_t length_b = strlen(b);
    if (length_a > MAX_SUGGEST_LENGTH || length_b > MAX_SUGGEST_LENGTH)
        return SIZE_MAX;
    for (size_t j = 0; j <= length_b; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= length_a; i++) {
        size_t *now = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3];
        const size_t *before = rows[(i + 1) % 3]; // two rows up
        now[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            size_t replace = above[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
            now[j] = smaller(replace, smaller(above[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                now[j] = smaller(now[j], before[j - 2] + 1);
        }
    }
    return rows[length_a % 3][length_b];
}

void suggest_start(struct suggestion *suggestion, const char *word)
{
    *suggestion = (struct suggestion){.word = word, .distance = SIZE_MAX};
}

void suggest_candidate(struct suggestion *suggestion, const char *candidate)
{
    size_t length = strlen(suggestion->word);
    size_t allowed = length <= 3 ? 1 : length <= 7 ? 2 : 3;
    size_t distance = suggest_distance(suggestion->word, candidate);
    if (distance <= allowed && distance < suggestion->distance && distance < length) {
        suggestion->best = candidate;
        suggestion->distance = distance;
    }
}

void suggest_append(const struct suggestion *suggestion, struct strbuf *text)
{
    if (suggestion->best)
        strbuf_printf(text, "; did you mean '%s'?", suggestion->best);
}
