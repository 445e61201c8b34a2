// SPDX-License-Identifier: MIT
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

// Chunks grow with their arena: there is one for each of hundreds of buses, and one for maps of
// ten thousand entries.
#define FIRST_CHUNK_SIZE   ((size_t)1024)
#define LARGEST_CHUNK_SIZE ((size_t)32 * 1024)

struct chunk {
    struct chunk *next;
    size_t used;
    size_t size;
    alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    struct chunk *chunks; // the first is the one that is filled
    size_t total;
};

struct arena *arena_new(void)
{
    return mem_new(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    while (arena->chunks) {
        struct chunk *next = arena->chunks->next;
        explicit_bzero(arena->chunks->bytes, arena->chunks->used); // it may hold secrets
        free(arena->chunks);
        arena->chunks = next;
    }
    free(arena);
}

static size_t next_chunk_size(const struct arena *arena)
{
    if (arena->total < FIRST_CHUNK_SIZE)
        return FIRST_CHUNK_SIZE;
    return arena->total < LARGEST_CHUNK_SIZE ? arena->total : LARGEST_CHUNK_SIZE;
}

// A chunk with room for `size` bytes. One that is made for a large block alone goes behind the
// one that is filled, whose room is not lost.
static struct chunk *add_chunk(struct arena *arena, size_t size)
{
    size_t room = next_chunk_size(arena);
    bool is_alone = size > room / 4;
    struct chunk *chunk = mem_new(1, sizeof *chunk + (is_alone ? size : room));
    struct chunk **place = is_alone && arena->chunks ? &arena->chunks->next : &arena->chunks;
    chunk->size = is_alone ? size : room;
    chunk->next = *place;
    *place = chunk;
    return chunk;
}

static void *take(struct arena *arena, size_t size)
{
    size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct chunk *chunk = arena->chunks;
    if (!chunk || chunk->size - chunk->used < rounded)
        chunk = add_chunk(arena, rounded);
    void *block = chunk->bytes + chunk->used;
    chunk->used += rounded;
    arena->total += rounded;
    return block;
}

void *arena_new_array(struct arena *arena, size_t count, size_t size)
{
    size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total) || total > SIZE_MAX / 2)
        abort();
    return take(arena, total ? total : 1);
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
    char *copy = take(arena, length + 1);
    memcpy(copy, text, length);
    return copy;
}

char *arena_text(struct arena *arena, const char *text)
{
    return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = take(arena, (length < 0 ? 0 : (size_t)length) + 1);
    if (length > 0)
        (void)vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

size_t arena_size(const struct arena *arena)
{
    return arena->total;
}
