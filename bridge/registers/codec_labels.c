// SPDX-License-Identifier: MIT
#include <string.h>

#include "registers/codec.h"

const char *codec_label(const struct labels *labels, int64_t code)
{
    for (size_t i = 0; i < labels->count; i++) {
        const struct label *row = &labels->rows[i];
        if (code >= row->low && code <= row->high)
            return row->text;
    }
    return labels->otherwise;
}

bool codec_code(const struct labels *labels, const char *text, size_t length, int64_t *ret_code)
{
    for (size_t i = 0; i < labels->count; i++) {
        const struct label *row = &labels->rows[i];
        if (strlen(row->text) == length && memcmp(row->text, text, length) == 0) {
            *ret_code = row->low;
            return true;
        }
    }
    return false;
}
