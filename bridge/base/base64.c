// SPDX-License-Identifier: MIT
#include "base/base64.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static const char white_space[] = " \t\r\n";

// Six bits of a character, or -1.
static int digit_of(char c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

// Whether nothing but padding and white space follows.
static bool is_end(const char *at)
{
    return at[strspn(at, "= \t\r\n")] == '\0';
}

char *base64_decode(const char *text, size_t *ret_length, struct error *err)
{
    char *bytes = mem_new(strlen(text) / 4 * 3 + 4, 1);
    size_t length = 0;
    size_t digits = 0;
    uint32_t bits = 0;
    for (const char *at = text; *at; at++) {
        int digit = digit_of(*at);
        if (digit < 0 && strchr(white_space, *at))
            continue;
        if (digit < 0 && *at == '=' && is_end(at))
            break;
        if (digit < 0) {
            secret_free(bytes);
            (void)error_set(err, ERROR_CONFIG,
                            "it is not base64: its character %zu is none of A-Z, a-z, 0-9, "
                            "+ and /",
                            (size_t)(at - text) + 1);
            return NULL;
        }
        bits = bits << 6 | (uint32_t)digit;
        if (++digits % 4 != 1)
            bytes[length++] = (char)(bits >> (6 - 2 * ((digits - 1) % 4)) & 0xFF);
    }
    if (digits % 4 == 1 || length == 0) {
        secret_free(bytes);
        (void)error_set(err, ERROR_CONFIG, "%s",
                        digits ? "it is not base64: it ends too soon" : "it is empty");
        return NULL;
    }
    *ret_length = length;
    return bytes;
}
