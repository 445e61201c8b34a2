// SPDX-License-Identifier: MIT
// Where something stands, or would stand, among sorted rows: what bsearch does not tell. Pure,
// any thread.
#ifndef BASE_SORTED_H
#define BASE_SORTED_H

#include <stddef.h>

// The first of `count` rows of `size` bytes that is not before `wanted`, which is a row too;
// `count` when all are. The rows ascend by `compare`, as of qsort.
size_t sorted_place(const void *wanted, const void *rows, size_t count, size_t size,
                    int (*compare)(const void *left, const void *right));

#endif
