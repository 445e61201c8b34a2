// SPDX-License-Identifier: MIT
// Memory that is there or ends the process: with no memory a bridge can keep no promise, and
// the supervisor restarts it with its journal intact (docs/decisions/0003-die-on-no-memory.md).
// Any thread; the caller owns what is returned and frees it with free().
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

// `count` zeroed elements of `size` bytes. Never NULL.
void *mem_new(size_t count, size_t size);

// `block` enlarged or shrunk to `count` elements of `size` bytes; new bytes are not cleared.
void *mem_resize(void *block, size_t count, size_t size);

// For a process that runs for years with many threads, most of which hardly ever allocate: all
// share one heap instead of having one each. Before the first thread is started.
void mem_share_heap(void);

// Gives back what is free, as after loading files.
void mem_give_back(void);

// Ends the process: a library said that there is no memory.
void mem_exhausted(void) __attribute__((noreturn));

// A copy of `text`.
char *mem_copy_text(const char *text);

#endif
