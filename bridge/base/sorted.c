// SPDX-License-Identifier: MIT
#include "base/sorted.h"

size_t sorted_place(const void *wanted, const void *rows, size_t count, size_t size,
                    int (*compare)(const void *left, const void *right))
{
    const char *first = rows;
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(first + middle * size, wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
