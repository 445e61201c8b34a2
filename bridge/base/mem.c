// SPDX-License-Identifier: MIT
#include "base/mem.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mem_exhausted(void)
{
    (void)fputs("modbridge: out of memory\n", stderr);
    abort();
}

void *mem_new(size_t count, size_t size)
{
    void *block = calloc(count ? count : 1, size ? size : 1);
    if (!block)
        mem_exhausted();
    return block;
}

void *mem_resize(void *block, size_t count, size_t size)
{
    void *larger = reallocarray(block, count ? count : 1, size ? size : 1);
    if (!larger)
        mem_exhausted();
    return larger;
}

#ifdef __GLIBC__
void mem_share_heap(void)
{
    (void)mallopt(M_ARENA_MAX, 1); // NOLINT(concurrency-mt-unsafe): there is one thread
}

void mem_give_back(void)
{
    (void)malloc_trim(0);
}
#else // musl has one heap, and gives back what is free by itself
void mem_share_heap(void)
{
}

void mem_give_back(void)
{
}
#endif

char *mem_copy_text(const char *text)
{
    size_t length = strlen(text) + 1;
    return memcpy(mem_new(length, 1), text, length);
}
