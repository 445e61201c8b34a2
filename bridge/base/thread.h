// SPDX-License-Identifier: MIT
// Threads with a stack of a known size: unasked, glibc gives 8 MiB and musl 128 KiB. Only what
// is touched takes memory. Any thread.
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>

enum {
    THREAD_STACK_BYTES = 256 * 1024,
    THREAD_LIBRARY_STACK_BYTES = 1024 * 1024,     // TLS or SQLite works in it
    THREAD_LOADING_STACK_BYTES = 8 * 1024 * 1024, // main's, which loads at the start
};

// Runs `run` with `context` in a thread of its own, which is to be joined or detached. 0, or
// why it cannot be, as an errno.
int thread_start(pthread_t *ret_thread, size_t stack_bytes, void *(*run)(void *),
                 void *context);

#endif
