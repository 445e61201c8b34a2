// SPDX-License-Identifier: MIT
// How many threads the test's process has. Include it after cmocka.h.
#ifndef SUPPORT_THREAD_COUNT_H
#define SUPPORT_THREAD_COUNT_H

#include <dirent.h>
#include <stddef.h>

static inline size_t count_threads(void)
{
    size_t count = 0;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    while (readdir(tasks))
        count++;
    (void)closedir(tasks);
    return count - 2; // . and ..
}

#endif
