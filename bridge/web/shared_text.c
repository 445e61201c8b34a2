// SPDX-License-Identifier: MIT
#include "web/shared_text.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"

struct shared_text {
    atomic_size_t references;
    char *bytes;
    size_t length;
};

struct shared_text *shared_text_new(char *text, size_t length)
{
    struct shared_text *shared = mem_new(1, sizeof *shared);
    atomic_init(&shared->references, 1);
    shared->bytes = text;
    shared->length = length;
    return shared;
}

struct shared_text *shared_text_ref(struct shared_text *text)
{
    (void)atomic_fetch_add(&text->references, 1);
    return text;
}

void shared_text_unref(struct shared_text *text)
{
    if (!text || atomic_fetch_sub(&text->references, 1) != 1)
        return;
    free(text->bytes);
    free(text);
}

const char *shared_text_bytes(const struct shared_text *text)
{
    return text->bytes;
}

size_t shared_text_length(const struct shared_text *text)
{
    return text->length;
}
