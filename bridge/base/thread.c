// SPDX-License-Identifier: MIT
#include "base/thread.h"

int thread_start(pthread_t *ret_thread, size_t stack_bytes, void *(*run)(void *), void *context)
{
    pthread_attr_t attributes;
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, stack_bytes);
    int failed = pthread_create(ret_thread, &attributes, run, context);
    (void)pthread_attr_destroy(&attributes);
    return failed;
}
