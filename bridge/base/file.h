// SPDX-License-Identifier: MIT
// Whole files of limited size. Any thread.
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>

// The bytes of a file and a NUL behind them, at most `limit` + 1 of them: a `ret_length` beyond
// `limit` says that there is more. Heap, the caller frees it. NULL with errno when it cannot be
// read.
char *file_read(const char *path, size_t limit, size_t *ret_length);

#endif
