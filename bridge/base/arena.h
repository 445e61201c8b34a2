// SPDX-License-Identifier: MIT
// A region that only grows and is freed at once: one configuration generation lives in one
// arena. One thread fills it; after that its content is const and shared. The caller of
// arena_new owns it.
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena;

// An empty arena; freed with arena_free.
struct arena *arena_new(void);

// Frees the arena and everything in it. NULL is allowed.
void arena_free(struct arena *arena);

// `count` zeroed elements of `size` bytes, aligned for any type; they live as long as the
// arena.
void *arena_new_array(struct arena *arena, size_t count, size_t size);

// A copy of `length` bytes of `text` and a terminating NUL.
char *arena_copy(struct arena *arena, const char *text, size_t length);

// A copy of a NUL-terminated text. NULL gives NULL.
char *arena_text(struct arena *arena, const char *text);

// A formatted text.
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Bytes handed out so far.
size_t arena_size(const struct arena *arena);

#define ARENA_NEW(arena, type) ((type *)arena_new_array((arena), 1, sizeof(type)))
#define ARENA_NEW_ARRAY(arena, count, type)                                                    \
    ((type *)arena_new_array((arena), (count), sizeof(type)))

#endif
