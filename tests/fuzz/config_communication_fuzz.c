// SPDX-License-Identifier: MIT
// Any text is a communication config, or is refused with words that repeat nothing of it: taken
// as the base64 it should be, and as the JSON inside.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "config/communication_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(const char *text)
{
    struct arena *arena = arena_new();
    struct communication_config config;
    struct error err = {0};
    if (communication_config_parse(arena, text, &config, &err) == 0) {
        if (!*config.host || config.port == 0 || !*config.hardware_id || !*config.channel_id ||
            config.has_tls != (config.private_key != NULL) ||
            config.has_tls == (config.password != NULL))
            abort();
    } else if (err.code != ERROR_CONFIG || !err.text[0] || strstr(err.text, "s3cret")) {
        abort();
    }
    arena_free(arena);
}

static char *encode(const uint8_t *data, size_t size)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = calloc(size / 3 * 4 + 5, 1);
    size_t length = 0;
    if (!text)
        abort();
    for (size_t at = 0; at < size; at += 3) {
        size_t count = size - at < 3 ? size - at : 3;
        uint32_t bits = 0;
        for (size_t i = 0; i < 3; i++)
            bits = bits << 8 | (i < count ? data[at + i] : 0);
        for (size_t i = 0; i <= count; i++)
            text[length++] = alphabet[bits >> (18 - 6 * i) & 0x3F];
    }
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = calloc(size + 1, 1);
    if (!text)
        abort();
    if (size)
        memcpy(text, data, size);
    parse(text);
    free(text);
    text = encode(data, size);
    parse(text);
    free(text);
    return 0;
}
