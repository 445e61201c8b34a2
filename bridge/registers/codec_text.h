// SPDX-License-Identifier: MIT
// Texts in registers. Pure, any thread.
#ifndef REGISTERS_CODEC_TEXT_H
#define REGISTERS_CODEC_TEXT_H

#include <stdbool.h>
#include <stddef.h>

// Whether the bytes are UTF-8 (RFC 3629: no overlong forms, no surrogates) without control
// characters.
bool codec_text_is_clean(const char *bytes, size_t length);

// Leaves out spaces and 0xFF filler at both ends: writes where the text begins and returns how
// long it is.
size_t codec_text_trim(const char *bytes, size_t length, const char **ret_start);

#endif
