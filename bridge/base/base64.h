// SPDX-License-Identifier: MIT
// Base64 (RFC 4648, section 4) back to bytes. Pure, any thread.
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>

#include "base/error.h"

// The bytes that a text stands for, followed by a NUL, and how many they are. White space is
// skipped and the '=' at the end may be missing. Heap; the caller frees it, with secret_free
// when it is a secret. NULL with ERROR_CONFIG, which says what is wrong without repeating any
// of the text.
char *base64_decode(const char *text, size_t *ret_length, struct error *err);

#endif
